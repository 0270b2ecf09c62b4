"""Writing rows of history: statements that are composed once a table, and send nobody's signals."""

from __future__ import annotations

import datetime
import functools
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connections, models
from django.utils import timezone

from revy.contrib.django.batches import BATCH, in_batches
from revy.contrib.django.fields import KeyField
from revy.contrib.django.values import Json

_NOTHING: Final = object()
# Fields whose columns take the values of history as they are: numbers and text.
_PLAIN: Final = frozenset(
    (
        models.AutoField, models.BigAutoField, models.BigIntegerField, models.IntegerField,
        models.PositiveIntegerField, models.CharField, models.TextField, KeyField,
    )
)  # fmt: skip


def _moment_as_text(value: Any) -> str:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is no JSON.")


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_moment_as_text)

Prepare = Callable[[Any, Any], Any]


class Value(NamedTuple):
    """A value in an INSERT: what stands for it, and the parameters that this takes."""

    sql: str
    params: Sequence[Any] = ()


class Table:
    """A table of history, and how to INSERT rows that give the columns of the attributes `given`, in this order.

    Columns that are not given, but have defaults in Python, get these.
    """

    def __init__(self, model: type[models.Model], using: str, given: tuple[str, ...]) -> None:
        connection: Any = connections[using]
        quote = connection.ops.quote_name
        meta = model._meta
        by_attname = {field.attname: field for field in meta.concrete_fields}
        self._defaults = [
            field
            for field in _fields_with_defaults(model)
            if field.attname not in given and not _is_null_by_default(field)
        ]
        fields: list[Any] = [*(by_attname[name] for name in given), *self._defaults]
        self._pk: Any = meta.pk
        self._name = meta.db_table
        self._prepare = [_prepare_for(field, connection) for field in fields]
        # Whether JSON can say all that the columns hold.
        self._documents = connection.vendor == "postgresql" and all(
            prepare in (None, _moment) or (type(field) is models.JSONField and field.encoder is None)
            for field, prepare in zip(fields, self._prepare, strict=True)
        )
        self._types = [field.db_type(connection) for field in fields]
        self._head = f"INSERT INTO {quote(meta.db_table)} ({', '.join(quote(field.column) for field in fields)})"
        self.key = quote(meta.pk.column)

    def prepared(self, row: Sequence[Any], connection: Any) -> list[Any]:
        """Return the parameters of one row."""
        values = (*row, *self._default_values()) if self._defaults else row
        return [
            value if prepare is None else prepare(value, connection)
            for prepare, value in zip(self._prepare, values, strict=True)
        ]

    def values(self, row: Sequence[Any], connection: Any) -> list[Value]:
        return [Value("%s", (param,)) for param in self.prepared(row, connection)]

    def compose(self, rows: Sequence[Sequence[Value]]) -> tuple[str, list[Any]]:
        """Return the INSERT of these rows, and its parameters."""
        lines = ", ".join([f"({', '.join([value.sql for value in row])})" for row in rows])
        return f"{self._head} VALUES {lines}", [param for row in rows for value in row for param in value.params]

    def insert(self, rows: Sequence[Sequence[Any]], cursor: Any) -> list[Any]:
        """Insert the rows, and return their keys; of databases that return no columns only that of a single row."""
        connection = cursor.db
        keys: list[Any] = []
        for some in in_batches(rows, _rows_a_statement(connection, len(self._types), len(rows))):
            sql, params = self._compose_plain(some, connection)
            if connection.features.can_return_columns_from_insert:
                cursor.execute(f"{sql} RETURNING {self.key}", params)
                keys += [key for (key,) in cursor.fetchall()]
            else:
                cursor.execute(sql, params)
                keys.append(connection.ops.last_insert_id(cursor, self._name, self._pk.column))
        return keys

    def _default_values(self) -> list[Any]:
        return [_default_of(field) for field in self._defaults]

    def _compose_plain(self, rows: Sequence[Sequence[Any]], connection: Any) -> tuple[str, list[Any]]:
        line = f"({', '.join(['%s'] * len(self._types))})"
        if len(rows) == 1:
            return f"{self._head} VALUES {line}", self.prepared(rows[0], connection)
        if self._documents:
            return self._compose_document(rows)
        columns = list(self._columns(rows, connection))
        if connection.vendor == "postgresql":
            # One array a column: PostgreSQL plans that faster than a value each.
            types = ", ".join(f"(%s)::{kind}[]" for kind in self._types)
            return f"{self._head} SELECT * FROM UNNEST({types})", columns
        params = [value for row in zip(*columns, strict=True) for value in row]
        return f"{self._head} VALUES {', '.join([line] * len(rows))}", params

    def _compose_document(self, rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
        """Compose the INSERT of rows that are one JSON document: PostgreSQL reads that faster than anything else."""
        values = ((*row, *self._default_values()) for row in rows) if self._defaults else rows
        names = [f"c{number}" for number in range(len(self._types))]
        document = _compact([dict(zip(names, row, strict=True)) for row in values])
        record = ", ".join(f"{name} {kind}" for name, kind in zip(names, self._types, strict=True))
        return f"{self._head} SELECT * FROM jsonb_to_recordset(%s::jsonb) AS revy_row ({record})", [document]

    def _columns(self, rows: Sequence[Sequence[Any]], connection: Any) -> Iterator[list[Any]]:
        """Yield the parameters of the rows, column by column."""
        given = zip(*rows, strict=True)
        defaults = zip(*(self._default_values() for _ in rows), strict=True) if self._defaults else ()
        for prepare, column in zip(self._prepare, (*given, *defaults), strict=True):
            if prepare is None:
                yield list(column)
                continue
            prepared = []
            last = _NOTHING
            for value in column:
                # Most columns of a batch hold one value.
                if value is not last:
                    last, param = value, prepare(value, connection)
                prepared.append(param)
            yield prepared


@functools.cache
def table_of(model: type[models.Model], using: str, given: tuple[str, ...]) -> Table:
    return Table(model, using, given)


def default_values(model: type[models.Model]) -> dict[str, Any]:
    """Return what a new row gets in the columns that Python has the defaults of, by attname."""
    return {field.attname: _default_of(field) for field in _fields_with_defaults(model)}


@functools.cache
def _fields_with_defaults(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if not field.primary_key and not field.has_db_default()]


def _default_of(field: Any) -> Any:
    return field.pre_save(SimpleNamespace(**{field.attname: field.get_default()}), True)


def _is_null_by_default(field: Any) -> bool:
    return field.get_default() is None and type(field).pre_save is models.Field.pre_save


def _prepare_for(field: Any, connection: Any) -> Prepare | None:
    """Return what makes a parameter of a value, or None if the value is one already."""
    target = field
    while target.remote_field is not None:
        target = target.target_field
    if type(target) in _PLAIN:
        return None
    if type(field) is models.JSONField and field.encoder is None and connection.vendor != "postgresql":
        return _compact
    if type(field) is models.DateTimeField:
        return _moment
    return field.get_db_prep_save  # type: ignore[no-any-return]


def _moment(value: Any, connection: Any) -> Any:
    if not settings.USE_TZ and timezone.is_aware(value):
        # Time zones were switched off since the change.
        value = timezone.make_naive(value)
    return connection.ops.adapt_datetimefield_value(value)


def _compact(value: Json, connection: Any = None) -> str | None:
    """Return JSON in as few bytes as there are; half a character, which JSON can escape, has none."""
    if value is None:
        return None
    text = _ENCODER.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), default=_moment_as_text)
    return text


def _rows_a_statement(connection: Any, columns: int, rows: int) -> int:
    """Return how many of the rows one INSERT can take and give the keys of."""
    if rows == 1:
        return 1
    if not connection.features.can_return_rows_from_bulk_insert:
        return 1
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        # Django goes by the least that any SQLite takes.
        limit: int = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        return min(limit // columns, BATCH)
    return BATCH
