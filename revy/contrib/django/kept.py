"""Saves of ordinary rows by statements that are kept, instead of being composed at each save.

Composing is most of what Django's UPDATE and INSERT of one row cost. Where a statement says nothing but which columns
get which values, it is composed once for the model, the database and the columns; on PostgreSQL the UPDATE also locks
the row and returns what it was. All else (expressions, fields that convert in their own way, managers and compilers
that somebody has changed) goes Django's way, observed as any statement.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db import connections, models
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLInsertCompiler, SQLUpdateCompiler

from revy.contrib.django import operation
from revy.contrib.django.changes import CREATE, RowChange, Values
from revy.contrib.django.patching import is_ours_alone, replace
from revy.contrib.django.recorder import changed_row
from revy.contrib.django.tracking import Plan, is_tracked, plan_for
from revy.contrib.django.values import UNFIT, Codec, encoded

# How many arguments `_do_update` has after the values before Django 6.0.
_ARGUMENTS: Final = 2


class _Update:
    """UPDATE of some columns of one row, which tells what they were."""

    def __init__(self, plan: Plan, using: str, fields: Sequence[Any]) -> None:
        connection: Any = connections[using]
        quote = connection.ops.quote_name
        meta: Any = plan.model._meta
        features = connection.features
        self.plan = plan
        self.using = using
        self.read = [field for field in fields if field.attname in plan.codecs]
        table, key = quote(meta.db_table), quote(meta.pk.column)
        columns = [quote(field.column) for field in self.read]
        sets = ", ".join(f"{quote(field.column)} = %s" for field in fields)
        lock = f" {connection.ops.for_update_sql(no_key=features.has_select_for_no_key_update)}"
        where = f"WHERE {key} = %s{lock if features.has_select_for_update else ''}"
        self.select: str | None = f"SELECT {', '.join(columns)} FROM {table} {where}" if columns else None
        self.update = f"UPDATE {table} SET {sets} WHERE {key} = %s"
        self.returns_old = connection.vendor == "postgresql" and bool(columns)
        if self.returns_old:
            self.select = None
            old = ", ".join(f"{column} AS revy_{number}" for number, column in enumerate(columns))
            returned = ", ".join(f"revy_{number}" for number in range(len(columns)))
            self.update = (
                f"UPDATE {table} SET {sets} FROM (SELECT {key} AS revy_key, {old} FROM {table} {where}) AS revy_old "
                f"WHERE {table}.{key} = revy_key RETURNING {returned}"
            )
        self.converters = _converters(plan, using, self.read)
        self.columns = [(field.attname, plan.codecs[field.attname]) for field in self.read]

    def run(self, pk: Any, values: Sequence[tuple[Any, Any, Any]]) -> bool | None:
        """Write the values, and hand over what changed; return whether there is such a row.

        None, and nothing is done, if only the database can tell what the values will be.
        """
        plan, connection = self.plan, connections[self.using]
        new: Values = {}
        params = []
        try:
            for field, _model, value in values:
                if hasattr(value, "resolve_expression") or hasattr(value, "prepare_database_save"):
                    return None
                codec = plan.codecs.get(field.attname)
                if codec is not None:
                    new[field.attname] = codec.predict(value)
                params.append(field.get_db_prep_save(value, connection))
            key = plan.model._meta.pk.get_db_prep_value(pk, connection)
        except UNFIT:
            return None
        with connection.cursor() as cursor:
            old = self._execute(cursor, params, key)
        if old is None:
            return False
        if self.read:
            before = encoded(self.columns, _converted(old, self.converters, connection))
            operation.emit(self.using, changed_row(plan, plan.key_given_by((pk,)), before, new))
        return True

    def _execute(self, cursor: Any, params: list[Any], key: Any) -> Sequence[Any] | None:
        """Return what the columns held, or None if there is no such row."""
        if self.select is not None:
            cursor.execute(self.select, (key,))
            row: Any = cursor.fetchone()
            if row is None:
                return None
        cursor.execute(self.update, (*params, key))
        if self.returns_old:
            return cursor.fetchone()  # type: ignore[no-any-return]
        if not cursor.rowcount:
            return None
        return row if self.read else ()


class _Insert:
    """INSERT of one row, which tells what the database gave it."""

    def __init__(self, plan: Plan, using: str, fields: Sequence[Any], returning: Sequence[Any]) -> None:
        connection: Any = connections[using]
        quote = connection.ops.quote_name
        self.plan = plan
        self.using = using
        self.fields = fields
        self.returning = returning
        can_return = connection.features.can_return_columns_from_insert or not returning
        self.tells_key = can_return and any(field is plan.model._meta.pk for field in (*fields, *returning))
        table = quote(plan.model._meta.db_table)
        columns = ", ".join(f"{table}.{quote(field.column)}" for field in returning)
        returned = f"RETURNING {columns}" if returning else ""
        self.insert = (
            f"{connection.ops.insert_statement()} {table} ({', '.join(quote(field.column) for field in fields)}) "
            f"VALUES ({', '.join(['%s'] * len(fields))}) {returned}".rstrip()
        )
        self.converters = _converters(plan, using, returning)

    def run(self, values: Sequence[Any]) -> list[Any]:
        """Write the values, and hand over the row; return what the database gave it, as Django does."""
        plan, connection = self.plan, connections[self.using]
        params = [field.get_db_prep_save(value, connection) for field, value in zip(self.fields, values, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(self.insert, params)
            row = cursor.fetchone() if self.returning else ()
        returned = _converted(row, self.converters, connection)
        known = dict(zip(self.fields, values, strict=True)) | dict(zip(self.returning, returned, strict=True))
        pk = plan.key_given_by((known[plan.model._meta.pk],))
        operation.emit(self.using, [RowChange(plan.model, pk, CREATE, {}, {}, self._row(known))])
        return [tuple(returned)] if self.returning else []

    def _row(self, known: dict[Any, Any]) -> Values | None:
        row: Values = self.plan.no_links()
        for field in self.plan.fields:
            if field not in known:
                return None
            codec = self.plan.codecs[field.attname]
            try:
                row[field.attname] = codec.predict(known[field])
            except UNFIT:
                return None
        return row


def _converters(plan: Plan, using: str, fields: Sequence[Any]) -> list[Any]:
    """Return what makes Python values of the columns, as (position, functions, column)."""
    columns = [field.get_col(plan.model._meta.db_table) for field in fields]
    found = Query(plan.model).get_compiler(using).get_converters(columns)
    return [(position, functions, column) for position, (functions, column) in found.items()]


def _converted(row: Sequence[Any], converters: Sequence[Any], connection: Any) -> Sequence[Any]:
    if not converters:
        return row
    values = list(row)
    for position, functions, column in converters:
        for convert in functions:
            values[position] = convert(values[position], column, connection)
    return values


def _kept(plan: Plan, using: str, kind: type[_Update] | type[_Insert], *fields: Sequence[Any]) -> Any:
    """Return the statement for these fields, or None if it has to be composed by Django."""
    name = (kind, using, *(tuple([field.attname for field in some]) for some in fields))
    try:
        return plan.kept[name]
    except KeyError:
        statement = plan.kept[name] = kind(plan, using, *fields) if _is_ordinary(plan, using) else None
        return statement


def _is_ordinary(plan: Plan, using: str) -> bool:
    """Tell whether statements on the model's rows are Django's own, and nothing but columns and values."""
    meta = plan.model._meta
    compilers = (SQLInsertCompiler, SQLUpdateCompiler)
    queryset: Any = models.QuerySet
    return (
        is_tracked(plan.model)
        and not meta.parents
        and not plan.heirs
        and plan.has_plain_key
        and all(_is_plain(field) for field in meta.local_concrete_fields)
        and all(is_ours_alone(compiler, "execute_sql") for compiler in compilers)
        and all(
            connections[using].ops.compiler(compiler.__name__).__module__.startswith("django.db.")
            for compiler in compilers
        )
        and all(_is_djangos(method) for method in (queryset._update, queryset._insert))
    )


def _is_plain(field: Any) -> bool:
    has_placeholder = hasattr(field, "get_placeholder") or hasattr(field, "get_placeholder_sql")
    return not (field.generated or has_placeholder or Codec(field).converts)


def _is_djangos(method: Any) -> bool:
    return bool(method.__module__.startswith("django.db."))


def _make_do_update(original: Callable[..., Any]) -> Any:
    def _do_update(self: Any, base_qs: Any, using: Any, pk_val: Any, values: Any, *more: Any) -> Any:
        # Since Django 6.0 there is one argument more, what to return, and what is returned are rows.
        returning = more[2] if len(more) > _ARGUMENTS else ()
        if (
            values
            and operation.is_save()
            and not returning
            and type(base_qs) is models.QuerySet
            and not base_qs.query.where
            and not self._meta.select_on_save
        ):
            update = _kept(plan_for(base_qs.model), using, _Update, [field for field, _model, _value in values])
            if update is not None:
                is_there = update.run(pk_val, values)
                if is_there is not None:
                    return is_there if len(more) == _ARGUMENTS else [()] * is_there
        return original(self, base_qs, using, pk_val, values, *more)

    return _do_update


def _make_do_insert(original: Callable[..., Any]) -> Any:
    def _do_insert(self: Any, manager: Any, using: Any, fields: Any, returning_fields: Any, raw: Any) -> Any:
        if operation.is_save() and fields and type(manager) is models.Manager:
            insert = _kept(plan_for(manager.model), using, _Insert, fields, returning_fields)
            if insert is not None and insert.tells_key:
                values = [getattr(self, field.attname) if raw else field.pre_save(self, True) for field in fields]
                if not any(hasattr(value, "resolve_expression") for value in values):
                    return insert.run(values)
        return original(self, manager, using, fields, returning_fields, raw)

    return _do_insert


def install() -> None:
    replace(models.Model, "_do_update", _make_do_update)
    replace(models.Model, "_do_insert", _make_do_insert)
