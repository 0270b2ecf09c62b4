"""What each write statement of the ORM does to the rows: observed where Django runs it, in its compilers.

Whatever way leads there (a save, a queryset, a manager, a cascade), every INSERT, UPDATE and DELETE of the ORM is
executed by one of three compilers. Old values are read from the rows, under lock, in the transaction of the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import models
from django.db.models.sql.compiler import SQLDeleteCompiler, SQLInsertCompiler, SQLUpdateCompiler

from revy.contrib.django import operation
from revy.contrib.django.patching import replace
from revy.contrib.django.recorder import CREATE, DELETE, UPDATE, RowChange, Values, read_rows
from revy.contrib.django.rows import Lock, RowReader
from revy.contrib.django.tracking import Plan, is_watched, plan_for
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import UNFIT, is_same
from revy.frame import current


def _is_observed(compiler: Any) -> bool:
    frame = current.get()
    return frame is not None and frame.enabled and is_watched(compiler.query.get_meta().model)


# --- INSERT


def _make_insert(original: Callable[..., Any]) -> Any:
    def execute_sql(self: Any, returning_fields: Any = None) -> Any:
        if self.query.on_conflict is not None or not _is_observed(self):
            return original(self, returning_fields)
        with write_transaction(self.using):
            returned = original(self, returning_fields)
            operation.emit(self.using, _inserted(self.query, returning_fields or (), returned or ()))
        return returned

    return execute_sql


def _inserted(query: Any, returning: Sequence[Any], returned: Sequence[Any]) -> list[RowChange]:
    plan = plan_for(query.get_meta().concrete_model)
    changes = []
    for position, instance in enumerate(query.objs):
        values = dict(zip(returning, returned[position], strict=False)) if position < len(returned) else {}
        key = [values.get(field, instance.__dict__.get(field.attname)) for field in plan.model._meta.pk_fields]
        pk = key[0] if len(key) == 1 else tuple(key)
        changes.append(RowChange(plan.model, pk, CREATE, {}, {}, _known_row(plan, query.fields, values, instance)))
    return changes


def _known_row(plan: Plan, fields: Sequence[Any], returned: dict[Any, Any], instance: models.Model) -> Values | None:
    """Return the whole row that an INSERT made, or None if only the database knows it."""
    if plan.model._meta.parents:
        return None
    row = {}
    for field in plan.fields:
        codec = plan.codecs[field.attname]
        if field in returned:
            value = returned[field]
        elif field in fields and not codec.converts:
            value = getattr(instance, field.attname)
        else:
            return None
        if hasattr(value, "resolve_expression"):
            return None
        try:
            row[field.attname] = codec.encode(value)
        except UNFIT:
            return None
    return row


# --- UPDATE


def _make_update(original: Callable[..., Any]) -> Any:
    def execute(self: Any, *args: Any) -> Any:
        # Django 6's UPDATE … RETURNING may run the plain one.
        if vars(self).get("_revy_observed") or not self.query.values or not _is_observed(self):
            return original(self, *args)
        self._revy_observed = True
        with write_transaction(self.using):
            update = _Update(self.query, self.using)
            result = original(self, *args)
            operation.emit(self.using, update.changes())
        return result

    return execute


class _Update:
    """The rows that an UPDATE is about to change, locked, with the values that it is about to set."""

    def __init__(self, query: Any, using: str) -> None:
        self.using = using
        self.plan = plan_for(query.get_meta().concrete_model)
        self.model = self.plan.model
        self.given: dict[Any, Any] = {}
        # Only the database knows these afterwards: what expressions, generated columns and custom fields give.
        self.computed = [field for field in self.plan.local_fields if field.generated]
        for field, _model, value in query.values:
            codec = self.plan.codecs.get(field.attname)
            if codec is None:
                continue
            if codec.converts or hasattr(value, "resolve_expression"):
                self.computed.append(field)
            elif hasattr(value, "prepare_database_save") and field.remote_field:
                self.given[field] = value.prepare_database_save(field)
            else:
                self.given[field] = value
        fields = [field for field in self.plan.local_fields if field in self.given or field in self.computed]
        self.before = dict(RowReader(self.plan, fields, using, Lock.UPDATE).touched_by(query)) if fields else {}

    def changes(self) -> list[RowChange]:
        constants = self._constants()
        reader = RowReader(self.plan, self.computed, self.using, Lock.NONE)
        after = dict(reader.with_keys(list(self.before))) if self.computed else {}
        changes = []
        for pk, old in self.before.items():
            new = {**constants, **after.get(pk, {})}
            names = [name for name, value in new.items() if not is_same(old[name], value)]
            if names:
                changes.append(
                    RowChange(
                        self.model,
                        pk,
                        UPDATE,
                        {name: old[name] for name in names},
                        {name: new[name] for name in names},
                        self._whole_row(pk, new),
                    )
                )
        return changes

    def _constants(self) -> Values:
        """Return what was set, encoded now that the database has taken it; what cannot be is read back."""
        constants = {}
        for field, value in self.given.items():
            try:
                constants[field.attname] = self.plan.codecs[field.attname].encode(value)
            except UNFIT:
                self.computed.append(field)
        return constants

    def _whole_row(self, pk: Any, new: Values) -> Values | None:
        keys = self.model._meta.pk_fields
        row = dict(new)
        for field, value in zip(keys, pk if len(keys) > 1 else (pk,), strict=True):
            row[field.attname] = self.plan.codecs[field.attname].encode(value)
        return row if row.keys() == self.plan.attnames else None


# --- DELETE


def _make_delete(original: Callable[..., Any]) -> Any:
    def execute_sql(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_observed(self):
            return original(self, *args, **kwargs)
        with write_transaction(self.using):
            rows = _rows_to_delete(self.query, self.using)
            result = original(self, *args, **kwargs)
            model = plan_for(self.query.get_meta().concrete_model).model
            operation.emit(self.using, [RowChange(model, pk, DELETE, row, {}) for pk, row in rows.items()])
        return result

    return execute_sql


def _rows_to_delete(query: Any, using: str) -> dict[Any, Values]:
    plan = plan_for(query.get_meta().concrete_model)
    if not plan.model._meta.parents:
        return dict(RowReader(plan, plan.fields, using, Lock.DELETE).touched_by(query))
    pks = [pk for pk, _values in RowReader(plan, (), using, Lock.DELETE).touched_by(query)]
    return read_rows(plan.model, using, pks)


def install() -> None:
    replace(SQLInsertCompiler, "execute_sql", _make_insert)
    replace(SQLUpdateCompiler, "execute_sql", _make_update)
    if hasattr(SQLUpdateCompiler, "execute_returning_sql"):
        replace(SQLUpdateCompiler, "execute_returning_sql", _make_update)
    replace(SQLDeleteCompiler, "execute_sql", _make_delete)
