"""revy, as README.md has it: nothing but contexts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from benchmarks.subjects import base
from benchmarks.subjects.base import CREATE, DELETE, UPDATE, Change, M
from revy import Context
from revy.contrib.django.history import History, as_of
from revy.contrib.django.models import AttributeDelta, ObjectDelta, Revision

ACTIONS = {
    CREATE: ObjectDelta.ACTION_CREATE,
    UPDATE: ObjectDelta.ACTION_UPDATE,
    DELETE: ObjectDelta.ACTION_DELETE,
}
NAMES = {action: name for name, action in ACTIONS.items()}


class Subject(base.Subject):
    @contextmanager
    def acting(self, user: Any, reason: str) -> Iterator[None]:
        with Context.via_actor(user), Context.via_revision_description(reason):
            yield

    def count(self, model: type[Model], action: str) -> int:
        content_type = ContentType.objects.get_for_model(model)
        return ObjectDelta.objects.filter(content_type=content_type, action=ACTIONS[action]).count()

    def page(self, instance: Model, length: int) -> Sequence[Change]:
        return [
            Change(
                NAMES[delta.action],
                delta.actor and delta.actor.username,
                {each.field_name: (each.old_value, each.new_value) for each in delta.get_attribute_deltas()},
            )
            for delta in History(instance).newest(length)
        ]

    def rebuild(self, model: type[M], pk: int, version: int) -> M:
        found: Any = History(model, pk).snapshot(version)
        return found

    def as_of(self, model: type[M], moment: datetime) -> Iterable[M]:
        return as_of(model, moment)

    def tables(self) -> list[type[Model]]:
        return [AttributeDelta, ObjectDelta, Revision]
