"""What a database connection has committed, and what it took back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from revy.contrib.django.patching import replace
from revy.frame import RevisionKey

if TYPE_CHECKING:
    from revy.contrib.django.abstract import AbstractRevision


@dataclass(slots=True)
class Entry:
    """A revision that was written on a connection, and how many savepoints there were then.

    `description` is what the row says for sure: None after a rollback, which may have taken it back.
    """

    revision: AbstractRevision
    savepoints: int
    description: str | None
    is_committed: bool = False


@dataclass(slots=True)
class Ledger:
    """The revisions that scopes have led to on one connection; what was rolled back is never in it."""

    entries: WeakKeyDictionary[RevisionKey, Entry] = field(default_factory=WeakKeyDictionary)

    def add(self, key: RevisionKey, revision: AbstractRevision, connection: BaseDatabaseWrapper) -> Entry:
        entry = Entry(revision, connection.savepoint_state, revision.description)
        self.entries[key] = entry
        return entry

    def commit(self) -> None:
        for entry in self.entries.values():
            entry.is_committed = True

    def roll_back(self, savepoint: int = 0) -> None:
        """Forget what was written since the savepoint of that number was made."""
        for key, entry in list(self.entries.items()):
            entry.description = None
            if not entry.is_committed and entry.savepoints >= savepoint:
                del self.entries[key]


def ledger_of(connection: BaseDatabaseWrapper) -> Ledger:
    attributes = vars(connection)
    ledger = attributes.get("_revy_ledger")
    if ledger is None:
        ledger = attributes["_revy_ledger"] = Ledger()
    return cast(Ledger, ledger)


@contextmanager
def write_transaction(using: str, *, savepoint: bool = False) -> Iterator[None]:
    """Run the block in the running transaction, behind a savepoint if asked, or in one of its own.

    On SQLite a transaction that reads before it writes fails if another writer comes in between, at once and without
    waiting: ours asks for the write lock at its start.
    """
    connection: Any = connections[using]
    if connection.vendor != "sqlite" or connection.in_atomic_block or _chooses_mode(connection):
        with transaction.atomic(using=using, savepoint=savepoint):
            yield
        return
    connection.transaction_mode = "IMMEDIATE"
    try:
        with transaction.atomic(using=using, savepoint=savepoint):
            yield
    finally:
        connection.transaction_mode = None


def reads_are_stale(using: str) -> bool:
    """Tell whether a plain read may see the snapshot of the transaction's start rather than what is committed."""
    connection: Any = connections[using]
    levels = ("read committed", "read uncommitted")
    return connection.vendor == "mysql" and connection.in_atomic_block and connection.isolation_level not in levels


def _chooses_mode(connection: Any) -> bool:
    connection.ensure_connection()  # which reads the option
    return connection.transaction_mode is not None


def _make_commit(original: Callable[..., Any]) -> Any:
    def commit(self: BaseDatabaseWrapper) -> None:
        original(self)
        ledger_of(self).commit()

    return commit


def _make_rollback(original: Callable[..., Any]) -> Any:
    def rollback(self: BaseDatabaseWrapper) -> None:
        try:
            original(self)
        finally:
            ledger_of(self).roll_back()

    return rollback


def _make_savepoint_rollback(original: Callable[..., Any]) -> Any:
    def savepoint_rollback(self: BaseDatabaseWrapper, sid: str) -> None:
        try:
            original(self, sid)
        finally:
            # A savepoint is called s<thread>_x<number>, counted up by the connection.
            number = sid.rpartition("x")[2] if sid else ""
            ledger_of(self).roll_back(int(number) if number.isdigit() else 0)

    return savepoint_rollback


def _make_close(original: Callable[..., Any]) -> Any:
    def close(self: BaseDatabaseWrapper) -> None:
        try:
            original(self)
        finally:
            ledger_of(self).roll_back()

    return close


def install() -> None:
    replace(BaseDatabaseWrapper, "commit", _make_commit)
    replace(BaseDatabaseWrapper, "rollback", _make_rollback)
    replace(BaseDatabaseWrapper, "savepoint_rollback", _make_savepoint_rollback)
    replace(BaseDatabaseWrapper, "close", _make_close)
