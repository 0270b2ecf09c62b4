"""Deleting objects with all that falls: who asked for it, and what only fell."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from itertools import groupby
from typing import Any

from django.db import models
from django.db.models.deletion import Collector
from django.db.models.sql import DeleteQuery, UpdateQuery
from django.db.models.sql.constants import NO_RESULTS

from revy.context import Context
from revy.contrib.django import operation, relations
from revy.contrib.django.batches import BATCH, in_batches
from revy.contrib.django.blame import DeletionBlame, Roots
from revy.contrib.django.changes import DELETE, UPDATE, RowChange
from revy.contrib.django.observation import is_recording
from revy.contrib.django.patching import replace
from revy.contrib.django.recorder import record, with_heirs
from revy.contrib.django.rows import keys_a_statement
from revy.contrib.django.tracking import key_of_instance, plan_for
from revy.contrib.django.transactions import write_transaction
from revy.frame import current


def _make_collect(original: Callable[..., Any]) -> Any:
    def collect(self: Any, objs: Any, source: Any = None, *args: Any, **kwargs: Any) -> None:
        if source is None:
            vars(self).setdefault("_revy_asked", []).append(objs)
        original(self, objs, source, *args, **kwargs)

    return collect


def _make_delete(original: Callable[..., Any]) -> Any:
    def delete(self: Any) -> Any:
        if Context.is_disabled():
            return original(self)
        with (
            write_transaction(self.using),
            nullcontext() if isinstance(self, JoiningCollector) else operation.running(_Deletion(self)),
            relations.tracking_links(is_call=False),
        ):
            relations.lock_before_deletion(self.using, self.data)
            return original(self)

    return delete


def _make_delete_batch(original: Callable[..., Any]) -> Any:
    def delete_batch(self: Any, pk_list: Any, using: str) -> int:
        if not is_recording():
            return original(self, pk_list, using)  # type: ignore[no-any-return]
        # As Django does, but not a hundred at a time: each statement is one more that reads and locks rows.
        meta = self.get_meta()
        count = 0
        for pks in in_batches(pk_list, keys_a_statement(plan_for(meta.model), using)):
            self.clear_where()
            self.add_filter(f"{meta.pk.attname}__in", pks)
            count += self.do_query(meta.db_table, self.where, using=using)
        return count

    return delete_batch


def _make_update_batch(original: Callable[..., Any]) -> Any:
    def update_batch(self: Any, pk_list: Any, values: Any, using: str) -> None:
        if not is_recording():
            original(self, pk_list, values, using)
            return
        self.add_update_values(values)
        for pks in in_batches(pk_list, keys_a_statement(plan_for(self.get_meta().model), using)):
            self.clear_where()
            self.add_filter("pk__in", pks)
            self.get_compiler(using).execute_sql(NO_RESULTS)

    return update_batch


class JoiningCollector(Collector):
    """Deletes objects as a part of the running operation, which records it: all of them were asked for."""


class _Deletion(operation.Operation):
    """Receives what the statements of a deletion change, and what receivers of its signals do besides."""

    def __init__(self, collector: Any) -> None:
        self.frame = current.get()
        self.roots = _roots(vars(collector).get("_revy_asked", ()))
        self.fallen: dict[str, list[RowChange]] = {}
        self.updated: dict[type[models.Model], set[str]] = {}
        for field, _value in collector.field_updates:
            self.updated.setdefault(field.model._meta.concrete_model, set()).add(field.attname)

    def receive(self, using: str, rows: list[RowChange]) -> None:
        for belongs, some in groupby(rows, self._belongs):
            if belongs:
                # The objects that inherit from the rows may be gone by the time this is recorded.
                self.fallen.setdefault(using, []).extend(with_heirs(using, some))
            else:
                self.flush()
                record(using, some)
        if sum(map(len, self.fallen.values())) >= BATCH:
            self.flush()

    def flush(self) -> None:
        fallen, self.fallen = self.fallen, {}
        with operation.acting_as(self.frame):
            for using, rows in fallen.items():
                record(using, rows, partial(DeletionBlame, roots=self.roots))

    def _belongs(self, row: RowChange) -> bool:
        if row.action != UPDATE:
            return row.action == DELETE
        links = {link.field.name for link in plan_for(row.model).links if link.through not in self.roots.keys}
        return row.new.keys() <= self.updated.get(row.model, set()) | links


def _roots(asked: Any) -> Roots:
    keys: dict[type[models.Model], set[Any] | None] = {}
    for objects in asked:
        if isinstance(objects, models.QuerySet) and objects._result_cache is None:
            # Deleted in one statement: nothing else of this model falls with it.
            keys[objects.model._meta.concrete_model] = None
            continue
        for instance in objects:
            model = instance._meta.concrete_model
            for kind in (model, *model._meta.get_parent_list()):
                known = keys.setdefault(kind, set())
                if known is not None:
                    known.add(key_of_instance(instance, kind))
    return Roots(keys)


def install() -> None:
    replace(Collector, "collect", _make_collect)
    replace(Collector, "delete", _make_delete)
    replace(DeleteQuery, "delete_batch", _make_delete_batch)
    replace(UpdateQuery, "update_batch", _make_update_batch)
