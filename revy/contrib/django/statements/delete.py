"""The rows that a DELETE removes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

from revy.contrib.django import operation
from revy.contrib.django.observation import check_context, is_observed, is_recording
from revy.contrib.django.recorder import BATCH, DELETE, RowChange, Values, read_rows
from revy.contrib.django.relations import lists_before_deletion, observing_links
from revy.contrib.django.rows import Lock, RowReader
from revy.contrib.django.tracking import Plan, link_of, plan_for
from revy.contrib.django.transactions import write_transaction


def make_delete(original: Callable[..., Any]) -> Any:
    def execute_sql(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_recording():
            check_context(self)
            return original(self, *args, **kwargs)
        link = link_of(self.query.get_meta().concrete_model)
        if link is not None:
            with (
                write_transaction(self.using),
                observing_links(self.using, link, link.sources_of(self.query, self.using)),
            ):
                return original(self, *args, **kwargs)
        if not is_observed(self):
            return original(self, *args, **kwargs)
        with write_transaction(self.using):
            _emit_rows(self.query, self.using)
            return original(self, *args, **kwargs)

    return execute_sql


def _emit_rows(query: Any, using: str) -> None:
    """Hand over the rows that are about to be deleted, locked: whole, and a batch at a time."""
    plan = plan_for(query.get_meta().concrete_model)
    reader = RowReader(plan, () if plan.model._meta.parents or plan.links else plan.fields, using, Lock.DELETE)
    rows = reader.touched_by(query)
    first = dict(islice(rows, BATCH))
    more = [pk for pk, _values in rows]
    _emit(plan, using, first if reader.fields else read_rows(plan.model, using, list(first)))
    for start in range(0, len(more), BATCH):
        _emit(plan, using, read_rows(plan.model, using, more[start : start + BATCH]))


def _emit(plan: Plan, using: str, rows: dict[Any, Values]) -> None:
    for link in plan.links:
        sources = {link.source_in(plan.model, pk, row): row for pk, row in rows.items()}
        lists = lists_before_deletion(using, link, sources, is_last=plan.model is link.owner)
        for source, targets in lists.items():
            sources[source][link.field.name] = targets
    operation.emit(using, [RowChange(plan.model, pk, DELETE, row, {}) for pk, row in rows.items()])
