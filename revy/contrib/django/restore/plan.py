"""What a restore is going to do, and what stands in the way."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import models

from revy.contrib.django.restore.problems import Problem
from revy.contrib.django.values import Json

if TYPE_CHECKING:
    from revy.contrib.django.abstract import AbstractObjectDelta

# What an object is, its key as text: the id of the content type, and the primary key.
Address = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute: its value now and then, as they are recorded; `name` is that of the attribute delta to come."""

    name: str
    now: Json
    then: Json


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """What becomes of one object: `action` is that of the object delta to come, "" if nothing is to be done.

    `conflicts` are the attributes that were changed again since, and so are left as they are. `model` is None where it
    exists no more.
    """

    model: type[models.Model] | None
    content_type_id: int
    content_id: str
    action: str
    changes: tuple[Change, ...] = ()
    conflicts: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def address(self) -> Address:
        return self.content_type_id, self.content_id

    def __str__(self) -> str:
        label = f"content type {self.content_type_id}" if self.model is None else self.model._meta.label
        return f"{label} {self.content_id!r}"


@dataclass(frozen=True)
class Plan:
    """What is to be written for each object, in no particular order; nothing is written before `apply`."""

    what: str
    objects: tuple[ObjectPlan, ...]
    _carry_out: Callable[[str | None], tuple[AbstractObjectDelta, ...]] = field(repr=False, compare=False)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(problem for plan in self.objects for problem in plan.problems)

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to do, and nothing in the way."""
        return not any(plan.action or plan.problems for plan in self.objects)

    @property
    def token(self) -> str:
        """A text that is the same for plans that do the same, to be handed to `apply` of a later one."""
        told = sorted(
            (*plan.address, plan.action, [(change.name, change.now, change.then) for change in plan.changes])
            for plan in self.objects
            if plan.action
        )
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def apply(self, token: str | None = None) -> tuple[AbstractObjectDelta, ...]:
        """Write the plan in one transaction and one revision, and return the new object deltas, oldest first.

        It is made again, with all rows locked, and refused as a whole if something is in the way then: raises
        RestoreError with every problem, VersionConflict if it differs from this plan, or with `token` from the one that
        the token was taken from.
        """
        return self._carry_out(self.token if token is None else token)
