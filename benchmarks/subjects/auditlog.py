"""django-auditlog: registered models, and `set_actor`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from auditlog.context import set_actor
from auditlog.models import LogEntry
from auditlog.registry import auditlog
from django.db.models import Model

from benchmarks.subjects import base
from benchmarks.subjects.base import CREATE, DELETE, UPDATE, Absent, Change, M

ACTIONS = {
    CREATE: LogEntry.Action.CREATE,
    UPDATE: LogEntry.Action.UPDATE,
    DELETE: LogEntry.Action.DELETE,
}
NAMES = {action: name for name, action in ACTIONS.items()}


class Subject(base.Subject):
    def track(self, model: type[M]) -> type[M]:
        auditlog.register(model)
        return model

    def acting(self, user: Any, reason: str) -> AbstractContextManager[Any]:
        return set_actor(user)

    def count(self, model: type[Model], action: str) -> int:
        return LogEntry.objects.get_for_model(model).filter(action=ACTIONS[action]).count()

    def page(self, instance: Model, length: int) -> Sequence[Change]:
        return [
            Change(
                NAMES[entry.action],
                entry.actor and entry.actor.username,
                {name: tuple(values) for name, values in entry.changes_dict.items()},
            )
            for entry in LogEntry.objects.get_for_object(instance).select_related("actor")[:length]
        ]

    def rebuild(self, model: type[M], pk: int, version: int) -> M:
        raise Absent("keeps changes, and cannot rebuild an object from them")

    def tables(self) -> list[type[Model]]:
        return [LogEntry]
