"""Transactions of PostgreSQL's that begin with their first statement, and end with their last: two round trips less.

A save in autocommit is a transaction of three statements or less, where going there and back costs as much as each of
them. psycopg sends a BEGIN of its own before the first one; here it goes with it, as text: the driver takes several
statements at once as long as it puts the parameters in by itself, which is how Django uses it by default.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from django.db import transaction

_JOINED: Final = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ")


def can_join(connection: Any) -> bool:
    """Tell whether statements of the connection can go together."""
    if connection.vendor != "postgresql":
        return False
    from django.db.backends.postgresql.psycopg_any import is_psycopg3  # noqa: PLC0415 - needs the driver

    return bool(is_psycopg3) and not connection.features.uses_server_side_binding


class Joined:
    """A transaction whose BEGIN goes with its first statement."""

    def __init__(self, connection: Any, using: str) -> None:
        self._connection = connection
        self._atomic = transaction.atomic(using=using, savepoint=False)
        self._waits = False

    def __enter__(self) -> None:
        self._atomic.__enter__()
        connection = self._connection
        raw = connection.connection
        # An isolation level of the project's own is said by psycopg's BEGIN.
        if (raw.isolation_level, raw.read_only, raw.deferrable) == (None, None, None):
            raw.autocommit = True
            connection.execute_wrappers.insert(0, self)
            self._waits = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._begin()
        self._atomic.__exit__(kind, error, traceback)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run the first statement."""
        self._begin()
        connection = self._connection
        cursor = context["cursor"]
        # Cursors of the server's have names, and take one statement.
        if many or not sql.startswith(_JOINED) or getattr(cursor.cursor, "name", None):
            with connection.wrap_database_errors:
                connection.connection.execute("BEGIN")
            return execute(sql, params, many, context)
        result = execute(f"BEGIN; {sql}", params, many, context)
        cursor.nextset()
        return result

    def _begin(self) -> None:
        if self._waits:
            self._waits = False
            self._connection.execute_wrappers.remove(self)
