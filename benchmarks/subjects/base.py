"""What a subject does in its own way; here, in Django's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)

CREATE = "create"
UPDATE = "update"
DELETE = "delete"


class Absent(Exception):
    """The library cannot do this; the message says what is missing."""


class Change(NamedTuple):
    """One entry of a history page: old and new value by attribute, those of a create or delete left to the library."""

    action: str
    actor: str | None
    values: dict[str, tuple[Any, Any]]


class Subject:
    """A way of recording. The methods are used as the documentation of the library uses what they call."""

    records: ClassVar[bool] = True

    def track(self, model: type[M]) -> type[M]:
        """Have the model recorded: a decorator of its class."""
        return model

    def acting(self, user: Any, reason: str) -> AbstractContextManager[Any]:
        """Return a block whose changes are made by the user, for that reason."""
        return nullcontext()

    def explain(self, instance: Model, reason: str) -> None:
        """Say why the next save is made, where the library wants this said on the instance."""

    def bulk_create(self, model: type[M], instances: list[M], user: Any) -> list[M]:
        return model._default_manager.bulk_create(instances)

    def update(self, rows: QuerySet[Any], user: Any, **values: Any) -> None:
        rows.update(**values)

    def count(self, model: type[Model], action: str) -> int:
        """Return how many changes of that kind are recorded."""
        raise NotImplementedError

    def page(self, instance: Model, length: int) -> Sequence[Change]:
        """Return the newest changes of the object with their actors, newest first."""
        raise NotImplementedError

    def rebuild(self, model: type[M], pk: int, version: int) -> M:
        """Return the object as it was after that many changes."""
        raise NotImplementedError

    def as_of(self, model: type[M], moment: datetime) -> Iterable[M]:
        """Return all objects as they were at a time; here, as they are."""
        return model._default_manager.order_by("pk").iterator()

    def tables(self) -> list[type[Model]]:
        """Return the models whose tables hold the history."""
        return []


def difference(old: dict[str, Any], new: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (old.get(name), value) for name, value in new.items() if old.get(name) != value}
