"""The rows that an INSERT makes, and those that an upsert finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from django.db import connections, models, transaction
from django.db.models import Q
from django.db.models.constants import OnConflict
from django.db.models.expressions import DatabaseDefault

from revy.contrib.django import operation
from revy.contrib.django.batches import BATCH, in_batches
from revy.contrib.django.changes import CREATE, RowChange, Values
from revy.contrib.django.errors import UnsupportedWrite
from revy.contrib.django.observation import check_context, is_observed, is_recording
from revy.contrib.django.recorder import changed_row, told_to_be_there
from revy.contrib.django.relations import observing_links
from revy.contrib.django.returning import fetch_returned
from revy.contrib.django.rows import CONDITIONS, Lock, RowReader, has_other_writers
from revy.contrib.django.tracking import Plan, link_of, plan_for
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import UNFIT


def make_insert(original: Callable[..., Any]) -> Any:
    def execute_sql(self: Any, returning_fields: Any = None) -> Any:
        if not is_recording():
            check_context(self)
            return original(self, returning_fields)
        link = link_of(self.query.get_meta().concrete_model)
        if link is not None:
            sources = {instance.__dict__.get(link.source.attname) for instance in self.query.objs}
            with write_transaction(self.using), observing_links(self.using, link, sources):
                return original(self, returning_fields)
        if not is_observed(self):
            return original(self, returning_fields)
        with write_transaction(self.using):
            if self.query.on_conflict is not None:
                return _upsert(self, returning_fields)
            returned = original(self, returning_fields)
            for changes in _inserted(self.query, returning_fields or (), returned or ()):
                operation.emit(self.using, changes)
        return returned

    return execute_sql


def _inserted(query: Any, returning: Sequence[Any], returned: Sequence[Any]) -> Iterator[list[RowChange]]:
    """Yield what was inserted, a batch at a time: some databases are given everything in one statement."""
    created = _Created(plan_for(query.get_meta().concrete_model), query.fields, returning if returned else ())
    for some in in_batches(range(len(query.objs))):
        yield [created.change(query.objs[n], returned[n] if returned else ()) for n in some]


class _Created:
    """Tells what an INSERT made of instances, from what they gave and what the database returned."""

    def __init__(self, plan: Plan, given: Sequence[Any], returned: Sequence[Any]) -> None:
        self.plan = plan
        self.pk_fields = [field.attname for field in plan.model._meta.pk_fields]
        self.returned = [field.attname for field in returned]
        known = {field.attname for field in (*given, *returned)}
        # Only the database knows the rows that hold something else.
        self.is_known = not plan.model._meta.parents and all(
            field.attname in known and (field in returned or not plan.codecs[field.attname].converts)
            for field in plan.fields
        )

    def change(self, instance: models.Model, returned: Sequence[Any]) -> RowChange:
        plan = self.plan
        # Nothing but a deferred field is not there.
        held = instance.__dict__ | dict(zip(self.returned, returned, strict=False))
        key = [held.get(attname) for attname in self.pk_fields]
        if any(part is None for part in key):
            raise UnsupportedWrite(
                f"The database does not tell the primary keys of the {plan.model._meta.label} objects inserted. "
                "Save them one by one, set their keys, or insert them within Context.as_disabled()."
            )
        return RowChange(plan.model, plan.key_given_by(key), CREATE, {}, {}, self._row(instance, held))

    def _row(self, instance: models.Model, held: dict[str, Any]) -> Values | None:
        """Return the whole row, or None if only the database knows it."""
        if not self.is_known:
            return None
        row = self.plan.no_links()
        try:
            for attname, codec in self.plan.codecs.items():
                value = held[attname] if attname in held else getattr(instance, attname)
                row[attname] = value if value is None or type(value) is codec.exact else codec.predict(value)
        except UNFIT:
            return None
        return row


def _upsert(compiler: Any, returning_fields: Sequence[Any] | None) -> list[Any]:
    """Run INSERT … ON CONFLICT, and tell the rows that were inserted from those that were updated or left alone."""
    plan = plan_for(compiler.query.get_meta().concrete_model)
    if not connections[compiler.using].features.can_return_rows_from_bulk_insert:
        raise UnsupportedWrite(
            f"The database does not tell which {plan.model._meta.label} rows an upsert wrote. "
            "Save them one by one, or insert them within Context.as_disabled()."
        )
    fields = [*plan.model._meta.pk_fields, *plan.local_fields, *(returning_fields or ())]
    compiler.returning_fields = fields
    statements = compiler.as_sql()
    if compiler.query.on_conflict == OnConflict.IGNORE:
        returned = fetch_returned(compiler, fields, statements)
        changes = _upserted(plan, returned, {})
    else:
        returned, changes = _insert_or_update(compiler, plan, fields, statements)
    operation.emit(compiler.using, changes)
    if not returning_fields:
        return []
    return [tuple(values[-len(returning_fields) :]) for values in returned]


def _insert_or_update(compiler: Any, plan: Plan, fields: Sequence[Any], statements: Any) -> tuple[Any, list[RowChange]]:
    """Run INSERT … ON CONFLICT DO UPDATE; again if somebody else inserted a row between looking for it and that.

    Such a row seems to be new, but its history says that it is there. If it says just the same the next time, its
    deletion was never recorded.
    """
    using = compiler.using
    suspects: dict[Any, int] = {}
    while True:
        with write_transaction(using, savepoint=has_other_writers(using)):
            before = _conflicting_rows(compiler, plan)
            returned = fetch_returned(compiler, fields, statements)
            changes = _upserted(plan, returned, before)
            if not has_other_writers(using):
                return returned, changes
            created = [change.pk for change in changes if change.action == CREATE]
            told = told_to_be_there(plan.model, created, using)
            if told.items() <= suspects.items():
                return returned, changes
            transaction.set_rollback(True, using=using)
        suspects = told


def _upserted(plan: Plan, returned: Sequence[Any], before: dict[Any, Values]) -> list[RowChange]:
    width = len(plan.model._meta.pk_fields)
    changes: list[RowChange] = []
    for values in returned:
        pk = plan.key_of(values[:width])
        columns = zip(plan.local_fields, values[width:], strict=False)
        row = {field.attname: plan.codecs[field.attname].encode(value) for field, value in columns}
        if pk in before:
            changes += changed_row(plan, pk, before[pk], row)
        else:
            whole = None if plan.model._meta.parents else {**plan.no_links(), **row}
            changes.append(RowChange(plan.model, pk, CREATE, {}, {}, whole))
    return changes


def _conflicting_rows(compiler: Any, plan: Plan) -> dict[Any, Values]:
    """Return the rows that stand in the way of the objects to be inserted, locked."""
    reader = RowReader(plan, plan.local_fields, compiler.using, Lock.UPDATE)
    rows: dict[Any, Values] = {}
    for fields in _conflict_targets(compiler.query, plan.model):
        keys = dict.fromkeys(
            tuple(getattr(instance, field.attname) for field in fields) for instance in compiler.query.objs
        )
        known = [key for key in keys if not any(part is None or isinstance(part, DatabaseDefault) for part in key)]
        known.sort(key=repr)  # so that rows are locked in the same order as by others
        for some in in_batches(known, BATCH if len(fields) == 1 else CONDITIONS):
            rows.update(reader.matching(_condition(fields, some)))
    return rows


def _condition(fields: Sequence[Any], keys: Sequence[Any]) -> Q:
    """Return the condition that the fields have the values of one of the keys."""
    if len(fields) == 1:
        return Q(**{f"{fields[0].attname}__in": [key[0] for key in keys]})
    conditions: Any = [Q(**{field.attname: part for field, part in zip(fields, key, strict=True)}) for key in keys]
    return Q.create(conditions, connector=Q.OR)


def _conflict_targets(query: Any, model: type[models.Model]) -> Iterator[Sequence[Any]]:
    """Yield the sets of fields by which an object can conflict with a row."""
    if query.unique_fields:
        yield list(query.unique_fields)
        return
    meta = model._meta
    yield meta.pk_fields
    for field in meta.local_concrete_fields:
        if field.unique and not field.primary_key:
            yield [field]
    constraints = (constraint.fields for constraint in meta.total_unique_constraints)
    for names in chain(meta.unique_together, constraints):
        yield [meta.get_field(name) for name in names]
