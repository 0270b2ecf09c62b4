"""Writing rows of history: statements that are composed once a table, and send nobody's signals."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from django.db import connections, models

from revy.contrib.django.batches import BATCH, in_batches

_NOTHING = object()

# Values by attname. What is not given gets the field's default.
NewRow = dict[str, Any]


def insert_rows(
    model: type[models.Model], using: str, rows: Sequence[NewRow], *, returning: str | None = None
) -> list[tuple[Any, ...]]:
    """Insert rows of a model of the history, and return what the database gives each: its key, and one more column.

    All rows give the same columns. A value may be an expression that needs nothing but the connection. The column of
    the field `returning` comes as the database has it, from those that return columns at all.
    """
    if not rows:
        return []
    connection: Any = connections[using]
    insert = _insert_into(model, using, tuple(rows[0]))
    returned: list[tuple[Any, ...]] = []
    for some in in_batches(rows, _rows_a_statement(connection, len(insert.fields))):
        sql, params = insert.compose([insert.column_of(field, some, connection) for field in insert.fields], connection)
        with connection.cursor() as cursor:
            if connection.features.can_return_columns_from_insert:
                cursor.execute(f"{sql} RETURNING {insert.columns(insert.key.name, returning)}", params)
                returned += cursor.fetchall()
            else:
                cursor.execute(sql, params)
                returned.append((connection.ops.last_insert_id(cursor, insert.table, insert.key.column),))
    return returned


class _Insert:
    """The INSERT into a table of history of the columns that are given, and of those that have defaults in Python."""

    def __init__(self, model: type[models.Model], using: str, given: Sequence[str]) -> None:
        connection = connections[using]
        meta = model._meta
        self._quote = connection.ops.quote_name
        self._columns: dict[str, Any] = {field.name: field.column for field in meta.concrete_fields}
        self.key: Any = meta.pk
        self.table = meta.db_table
        self.fields: list[Any] = [
            field
            for field in meta.concrete_fields
            if field is not self.key and (field.attname in given or not field.has_db_default())
        ]
        self._head = f"INSERT INTO {self._quote(self.table)} ({self.columns(*(field.name for field in self.fields))}) "
        # One array a column, where there are arrays: PostgreSQL plans that faster than a value each.
        self._arrays = None
        if connection.vendor == "postgresql":
            types = ", ".join(f"(%s)::{field.db_type(connection)}[]" for field in self.fields)
            self._arrays = f"{self._head}SELECT * FROM UNNEST({types})"

    def columns(self, *names: str | None) -> str:
        return ", ".join(self._quote(self._columns[name]) for name in names if name)

    def column_of(self, field: Any, rows: Sequence[NewRow], connection: Any) -> list[Any]:
        """Return what the database is given for a field of each row."""
        name = field.attname
        if name in rows[0]:
            values = [row[name] for row in rows]
        else:
            values = [field.pre_save(SimpleNamespace(**{name: field.get_default()}), True) for _ in rows]
        column: list[Any] = []
        last: Any = _NOTHING
        for value in values:
            # Most columns of a batch hold one value.
            if value is not last:
                last = value
                prepared = value if hasattr(value, "as_sql") else field.get_db_prep_save(value, connection)
            column.append(prepared)
        return column

    def compose(self, columns: Sequence[list[Any]], connection: Any) -> tuple[str, list[Any]]:
        if self._arrays is not None and len(columns[0]) > 1:
            return self._arrays, list(columns)
        lines: list[str] = []
        params: list[Any] = []
        for row in zip(*columns, strict=True):
            places = []
            for value in row:
                sql, some = value.as_sql(None, connection) if hasattr(value, "as_sql") else ("%s", (value,))
                places.append(sql)
                params += some
            lines.append(f"({', '.join(places)})")
        return f"{self._head}VALUES {', '.join(lines)}", params


@functools.cache
def _insert_into(model: type[models.Model], using: str, given: tuple[str, ...]) -> _Insert:
    return _Insert(model, using, given)


def _rows_a_statement(connection: Any, columns: int) -> int:
    """Return how many rows one INSERT can take and give the keys of."""
    if not connection.features.can_return_rows_from_bulk_insert:
        return 1
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        # Django goes by the least that any SQLite takes.
        limit: int = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        return min(limit // columns, BATCH)
    return BATCH
