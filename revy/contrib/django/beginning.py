"""Transactions that begin with their first statement.

Between entering a transaction and its first statement a connection does nothing, so nobody can tell when it began. A
transaction without any statement then costs none, and a transaction's BEGIN may go with what follows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, ClassVar

from django.db import transaction
from django.db.backends.utils import debug_transaction


class LateTransaction(ABC):
    """An outermost `atomic` of a connection in autocommit, of which the database hears at its first statement."""

    # The method of Django's connections that begins a transaction, and those that also end it.
    begins: ClassVar[str]
    ends: ClassVar[tuple[str, ...]]

    def __init__(self, connection: Any, using: str) -> None:
        self._connection = connection
        self._atomic = transaction.atomic(using=using, savepoint=False)
        self._waits = False

    def __enter__(self) -> None:
        attributes = vars(self._connection)
        attributes[self.begins] = self._leave_driver
        try:
            self._atomic.__enter__()
        finally:
            del attributes[self.begins]
        self._wait()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._waits:
            self._atomic.__exit__(kind, error, traceback)
            return
        self._stop_waiting()
        attributes = vars(self._connection)
        for name in self.ends:
            attributes[name] = self._leave_driver
        try:
            self._atomic.__exit__(kind, error, traceback)
        finally:
            for name in self.ends:
                del attributes[name]

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run the first statement."""
        self._stop_waiting()
        try:
            return self.execute_first(execute, sql, params, many, context)
        except BaseException:
            if not self.has_begun(self._connection.connection):
                # The caller may go on, and what follows would be outside of any transaction.
                self._wait()
            raise

    @abstractmethod
    def execute_first(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Begin the transaction and run its first statement."""

    @staticmethod
    @abstractmethod
    def has_begun(driver: Any) -> bool:
        """Tell whether the driver's connection is in a transaction."""

    @staticmethod
    @abstractmethod
    def is_in_autocommit(driver: Any) -> bool: ...

    def begin_with(self, sql: str) -> None:
        connection = self._connection
        with debug_transaction(connection, sql), connection.wrap_database_errors:
            connection.connection.execute(sql)

    def _leave_driver(self, autocommit: bool = False) -> None:
        """Do nothing, in place of a method of the connection: the driver is in autocommit, and so it stays."""
        if autocommit and not self.is_in_autocommit(self._connection.connection):
            # The connection was opened anew.
            self._connection.__class__._set_autocommit(self._connection, autocommit)

    def _wait(self) -> None:
        # First of them all, since `execute_wrapper` takes back the last one, whosever it is.
        self._connection.execute_wrappers.insert(0, self)
        self._waits = True

    def _stop_waiting(self) -> None:
        self._connection.execute_wrappers.remove(self)
        self._waits = False


class Immediate(LateTransaction):
    """A transaction of SQLite's that has the write lock from its start."""

    begins = "_start_transaction_under_autocommit"
    ends = ("_commit", "_rollback")

    def execute_first(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.begin_with("BEGIN IMMEDIATE")
        return execute(sql, params, many, context)

    @staticmethod
    def has_begun(driver: Any) -> bool:
        return bool(driver.in_transaction)

    @staticmethod
    def is_in_autocommit(driver: Any) -> bool:
        return driver.isolation_level is None
