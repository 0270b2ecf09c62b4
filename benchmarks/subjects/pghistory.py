"""django-pghistory: triggers for inserts, updates and deletes, and `pghistory.context`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import pghistory
from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import Model
from pghistory.models import Context, Events

from benchmarks.subjects import base
from benchmarks.subjects.base import CREATE, DELETE, UPDATE, Change, M

LABELS = {CREATE: "insert", UPDATE: "update", DELETE: "delete"}
NAMES = {label: name for name, label in LABELS.items()}


class Subject(base.Subject):
    def track(self, model: type[M]) -> type[M]:
        return pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())(model)

    def acting(self, user: Any, reason: str) -> AbstractContextManager[Any]:
        return pghistory.context(user=user.pk, reason=reason)

    def count(self, model: type[Model], action: str) -> int:
        return _event_model(model).objects.filter(pgh_label=LABELS[action]).count()

    def page(self, instance: Model, length: int) -> Sequence[Change]:
        events = list(Events.objects.tracks(instance).order_by("-pgh_id")[:length])
        users = User.objects.in_bulk({event.pgh_context["user"] for event in events})
        return [
            Change(
                NAMES[event.pgh_label],
                users[event.pgh_context["user"]].username,
                {name: tuple(values) for name, values in (event.pgh_diff or {}).items()},
            )
            for event in events
        ]

    def rebuild(self, model: type[M], pk: int, version: int) -> M:
        event: Any = _event_model(model).objects.filter(pgh_obj=pk).order_by("pgh_id")[version - 1]
        return model(**{field.attname: getattr(event, field.attname) for field in model._meta.concrete_fields})

    def tables(self) -> list[type[Model]]:
        return [_event_model(apps.get_model("blog", "Post")), _event_model(apps.get_model("blog", "Comment")), Context]


def _event_model(model: type[Model]) -> Any:
    return apps.get_model("blog", f"{model.__name__}Event")
