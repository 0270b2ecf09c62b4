"""What happened to a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models

from revy.contrib.django.abstract import AbstractObjectDelta
from revy.contrib.django.values import Json

CREATE, UPDATE, DELETE = (
    AbstractObjectDelta.ACTION_CREATE,
    AbstractObjectDelta.ACTION_UPDATE,
    AbstractObjectDelta.ACTION_DELETE,
)

# Encoded values by attname.
Values = dict[str, Json]


@dataclass(slots=True)
class RowChange:
    """A row of one table that was inserted, changed or deleted.

    `old` and `new` hold what changed; a deleted row's `old` is whole. `row` is the whole row as it is now, if known.
    """

    model: type[models.Model]
    pk: Any
    action: str
    old: Values
    new: Values
    row: Values | None = None
