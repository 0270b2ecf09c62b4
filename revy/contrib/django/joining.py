"""Transactions of PostgreSQL's that begin with their first statement, and end with their last: two round trips less.

A save in autocommit is a transaction of three statements or less, where going there and back costs as much as each of
them. psycopg sends a BEGIN of its own before the first one; here it goes with it, as text: the driver takes several
statements at once as long as it puts the parameters in by itself, which is how Django uses it by default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from revy.contrib.django.beginning import LateTransaction

_JOINED: Final = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH ")
_IDLE: Final = 0


def can_join(connection: Any) -> bool:
    """Tell whether statements of the connection can go together."""
    if connection.vendor != "postgresql":
        return False
    from django.db.backends.postgresql.psycopg_any import is_psycopg3  # noqa: PLC0415 - needs the driver

    return bool(is_psycopg3) and not connection.features.uses_server_side_binding


def can_join_begin(connection: Any) -> bool:
    """Tell whether transactions of the open connection can begin with their first statement."""
    if not can_join(connection):
        return False
    driver = connection.connection
    # An isolation level of the project's own is said by psycopg's BEGIN.
    return (driver.isolation_level, driver.read_only, driver.deferrable) == (None, None, None)


class Joined(LateTransaction):
    """A transaction whose BEGIN goes with its first statement."""

    begins = "_set_autocommit"
    ends = ("_commit", "_rollback", "_set_autocommit")

    def execute_first(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        cursor = context["cursor"]
        # Cursors of the server's have names, and take one statement.
        if many or not sql.startswith(_JOINED) or getattr(cursor.cursor, "name", None):
            self.begin_with("BEGIN")
            return execute(sql, params, many, context)
        result = execute(f"BEGIN; {sql}", params, many, context)
        cursor.nextset()
        return result

    @staticmethod
    def has_begun(driver: Any) -> bool:
        return bool(driver.pgconn.transaction_status != _IDLE)

    @staticmethod
    def is_in_autocommit(driver: Any) -> bool:
        return bool(driver.autocommit)
