"""What is wanted of an object: where it is to be, and with which values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.db import models

from revy.contrib.django.restore.plan import Address
from revy.contrib.django.restore.problems import Problem
from revy.contrib.django.snapshot import State
from revy.contrib.django.values import Json


class Deed(Enum):
    """What to do with an object that is missing, or that is there."""

    CREATE = "create"
    WRITE = "write"
    DELETE = "delete"
    # It was to be otherwise: somebody has changed that since.
    CONFLICT = "conflict"
    LEAVE = "leave"


@dataclass(slots=True)
class Goal:
    """What is wanted of an object. Values are encoded, by attname or name of a many-to-many field of today.

    `base` is what the change to be undone has left: an attribute that is different by now is a conflict, which stands
    in the way if the goal `is_strict`. `additions` are keys to be put back into lists, whatever else these hold by now.
    """

    model: type[models.Model]
    address: Address
    state: State
    missing: Deed
    there: Deed
    base: State | None = None
    is_strict: bool = False
    additions: dict[str, list[Json]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    pk: Any = None


@dataclass(frozen=True, slots=True)
class Lost:
    """An object of which nothing can be wanted: its model is gone or not tracked, or its history incomplete."""

    model: type[models.Model] | None
    address: Address
    problem: Problem
