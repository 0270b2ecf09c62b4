"""The rows that a DELETE removes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models.sql import DeleteQuery
from django.db.models.sql.constants import ROW_COUNT

from revy.contrib.django import operation
from revy.contrib.django.batches import READ_AHEAD
from revy.contrib.django.changes import DELETE, RowChange, Values
from revy.contrib.django.observation import check_context, is_observed, is_recording
from revy.contrib.django.relations import execute_on_links, lists_before_deletion
from revy.contrib.django.rows import Lock, RowReader, has_other_writers, read_rows
from revy.contrib.django.tracking import Plan, link_of, plan_for
from revy.contrib.django.transactions import write_transaction


def make_delete(original: Callable[..., Any]) -> Any:
    def execute_sql(self: Any, *args: Any, **kwargs: Any) -> Any:
        if vars(self).get("_revy_observed"):
            return original(self, *args, **kwargs)
        if not is_recording():
            check_context(self)
            return original(self, *args, **kwargs)
        link = link_of(self.query.get_meta().concrete_model)
        if link is not None:
            return execute_on_links(self.query, self.using, link, lambda: original(self, *args, **kwargs), 0)
        if not is_observed(self):
            return original(self, *args, **kwargs)
        with write_transaction(self.using):
            return _delete(self.query, self.using, lambda: original(self, *args, **kwargs))

    return execute_sql


def _delete(query: Any, using: str, execute: Callable[[], Any]) -> Any:
    """Execute the DELETE, and hand over the rows that it removes, whole. Returns what `execute` does: their number."""
    plan = plan_for(query.get_meta().concrete_model)
    needs_more = plan.model._meta.parents or plan.links
    reader = RowReader(plan, () if needs_more else plan.fields, using, Lock.DELETE)
    count = 0
    while not needs_more and (rows := reader.delete(query)) is not None:
        count += len(rows)
        _emit(plan, using, rows)
        if len(rows) < READ_AHEAD:
            return count
    is_exact = has_other_writers(using)
    for part in reader.parts_of(query):
        _emit(plan, using, read_rows(plan.model, using, list(part)) if needs_more else part)
        if is_exact:
            count += _delete_keys(plan, using, list(part))
    return count if is_exact else execute()


def _delete_keys(plan: Plan, using: str, pks: Sequence[Any]) -> int:
    """Delete the rows that are locked by now: others may match the condition since, even one of the same key."""
    query: Any = DeleteQuery(plan.model)
    query.add_filter("pk__in", pks)
    compiler: Any = query.get_compiler(using)
    compiler._revy_observed = True
    return compiler.execute_sql(ROW_COUNT)  # type: ignore[no-any-return]


def _emit(plan: Plan, using: str, rows: dict[Any, Values]) -> None:
    for link in plan.links:
        sources = {link.source_in(plan.model, pk, row): row for pk, row in rows.items()}
        lists = lists_before_deletion(using, link, sources, is_last=plan.model is link.owner)
        for source, targets in lists.items():
            sources[source][link.field.name] = targets
    operation.emit(using, [RowChange(plan.model, pk, DELETE, row, {}) for pk, row in rows.items()])
