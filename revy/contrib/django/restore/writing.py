"""Carrying out a draft: row after row, list after list, recorded as one change of each object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connections, models
from django.db.models.query import QuerySet

from revy.contrib.django import operation
from revy.contrib.django.batches import in_batches
from revy.contrib.django.changes import CREATE, DELETE, RowChange
from revy.contrib.django.conf import get_object_delta_model
from revy.contrib.django.deleting import JoiningCollector
from revy.contrib.django.recorder import with_heirs
from revy.contrib.django.restore.dependants import relations_to
from revy.contrib.django.restore.order import Stage
from revy.contrib.django.restore.plan import Address
from revy.contrib.django.restore.steps import Step
from revy.contrib.django.saving import exactly


def write(stages: Iterable[Stage], using: str) -> None:
    """Write what the stages say, in the running transaction; receivers are called as for any save and deletion."""
    with exactly(), operation.running(_Writing(takes_saves=True)):
        for stage in stages:
            with _letting_refer(using) if stage.has_circle else nullcontext():
                _write_stage(stage, using)


class _Writing(operation.Merged):
    """Records all that is written as one change of each object; those that inherit from a row may be gone by then."""

    def receive(self, using: str, rows: list[RowChange]) -> None:
        super().receive(using, list(with_heirs(using, rows)))


def _write_stage(stage: Stage, using: str) -> None:
    deleted: list[Step] = []
    for step, is_lists in stage.acts:
        if is_lists:
            for link, keys in step.lists.items():
                getattr(step.instance, link.field.name).set([link.codec.decode(key) for key in keys])
        elif step.action == DELETE:
            deleted.append(step)
        elif step.action == CREATE:
            _create(step.instance, using)
        elif step.row:
            models.Model.save_base(step.instance, using=using)
    if deleted:
        _delete(deleted, using)


def _create(instance: Any, using: str) -> None:
    order = vars(instance).get("_order")
    models.Model.save_base(instance, using=using, force_insert=True)
    if vars(instance).get("_order") != order:
        # With `order_with_respect_to` Django puts every new row last.
        rows: QuerySet[Any] = QuerySet(model=type(instance), using=using)
        rows.filter(pk=instance.pk).update(_order=order)
        instance._order = order


def _delete(steps: Sequence[Step], using: str) -> None:
    """Delete objects together, and nothing else: whatever refers to them by now is for the database to refuse."""
    by_model: dict[type[models.Model], list[Any]] = {}
    for step in steps:
        by_model.setdefault(step.model, []).append(step.instance)
    collector: Any = JoiningCollector(using=using)
    for model, instances in by_model.items():
        collector.collect(instances, keep_parents=True, collect_related=False)
        for key in relations_to(model):
            if key.model._meta.auto_created:
                rows: QuerySet[Any] = QuerySet(model=key.model, using=using)
                collector.fast_deletes.append(rows.filter(**{f"{key.name}__in": instances}))
    collector.delete()


def _letting_refer(using: str) -> AbstractContextManager[Any]:
    """Let rows refer to others that are yet to come, where the database does not do so until the commit anyway."""
    connection = connections[using]
    if connection.features.can_defer_constraint_checks:
        return nullcontext()
    return connection.constraint_checks_disabled()


def last_delta(history: str) -> Any:
    """Return the primary key of the newest object delta, or 0."""
    deltas = get_object_delta_model()._base_manager.using(history)
    return deltas.order_by("-pk").values_list("pk", flat=True).first() or 0


def deltas_since(last: Any, addresses: Iterable[Address], history: str) -> tuple[Any, ...]:
    """Return the object deltas of these objects that are newer than that one, oldest first."""
    by_type: dict[int, list[str]] = {}
    for type_id, content_id in addresses:
        by_type.setdefault(type_id, []).append(content_id)
    deltas = get_object_delta_model()._base_manager.using(history).filter(pk__gt=last)
    found = [
        delta
        for type_id, keys in by_type.items()
        for some in in_batches(keys)
        for delta in deltas.filter(content_type_id=type_id, content_id__in=some).select_related("revision")
    ]
    return tuple(sorted(found, key=lambda delta: delta.pk))
