"""django-simple-history: `register`, the request of its middleware, and its helpers for bulk operations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import zip_longest
from types import SimpleNamespace
from typing import Any

from django.apps import apps
from django.db.models import Model, QuerySet
from simple_history import register
from simple_history.models import HistoricalRecords
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from benchmarks.subjects import base
from benchmarks.subjects.base import CREATE, DELETE, UPDATE, Change, M

ACTIONS = {CREATE: "+", UPDATE: "~", DELETE: "-"}
NAMES = {action: name for name, action in ACTIONS.items()}
REASON = "why"


class Subject(base.Subject):
    def track(self, model: type[M]) -> type[M]:
        register(model)
        return model

    @contextmanager
    def acting(self, user: Any, reason: str) -> Iterator[None]:
        # What HistoryRequestMiddleware does around a request.
        HistoricalRecords.context.request = SimpleNamespace(user=user)
        try:
            yield
        finally:
            del HistoricalRecords.context.request

    def explain(self, instance: Any, reason: str) -> None:
        instance._change_reason = reason

    def bulk_create(self, model: type[M], instances: list[M], user: Any) -> list[M]:
        return bulk_create_with_history(instances, model, default_user=user, default_change_reason=REASON)

    def update(self, rows: QuerySet[Any], user: Any, **values: Any) -> None:
        instances = list(rows)
        for instance in instances:
            for name, value in values.items():
                setattr(instance, name, value)
        bulk_update_with_history(instances, rows.model, list(values), default_user=user, default_change_reason=REASON)

    def count(self, model: Any, action: str) -> int:
        return model.history.filter(history_type=ACTIONS[action]).count()

    def page(self, instance: Any, length: int) -> Sequence[Change]:
        records = list(instance.history.select_related("history_user")[: length + 1])
        return [
            Change(
                NAMES[new.history_type],
                new.history_user and new.history_user.username,
                {each.field: (each.old, each.new) for each in new.diff_against(old).changes} if old else {},
            )
            for new, old in zip_longest(records[:length], records[1:])
        ]

    def rebuild(self, model: Any, pk: int, version: int) -> Any:
        return model.history.filter(id=pk).order_by("history_date")[version - 1].instance

    def as_of(self, model: Any, moment: datetime) -> Iterable[Any]:
        return model.history.as_of(moment)

    def tables(self) -> list[type[Model]]:
        return [apps.get_model("blog", f"Historical{name}") for name in ("Post", "Comment")]
