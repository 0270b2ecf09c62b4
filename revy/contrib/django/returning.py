"""What statements return of the rows that they have written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections


def can_return_from_update(using: str) -> bool:
    """Tell whether the database has UPDATE … RETURNING: MariaDB, unlike the others, has it for INSERT only."""
    connection = connections[using]
    return connection.vendor in ("postgresql", "sqlite") and connection.features.can_return_columns_from_insert


def returning(compiler: Any, fields: Sequence[Any]) -> str:
    quote = compiler.connection.ops.quote_name
    table = quote(compiler.query.get_meta().db_table)
    return "RETURNING " + ", ".join(f"{table}.{quote(field.column)}" for field in fields)


def fetch_returned(compiler: Any, fields: Sequence[Any], statements: Iterable[tuple[str, Any]]) -> list[Any]:
    """Execute statements that return these fields, and return the rows as Django would load them."""
    rows: list[Any] = []
    with compiler.connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            rows += cursor.fetchall()
    columns = [field.get_col(compiler.query.get_meta().db_table) for field in fields]
    converters = compiler.get_converters(columns)
    return list(compiler.apply_converters(rows, converters)) if converters else rows
