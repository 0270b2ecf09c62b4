"""What a database connection has committed, what it took back, and what it is yet to be told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, cast
from weakref import WeakKeyDictionary

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from revy.contrib.django.beginning import Immediate
from revy.contrib.django.joining import Joined, can_join_begin
from revy.contrib.django.patching import replace
from revy.frame import RevisionKey

if TYPE_CHECKING:
    from revy.contrib.django.abstract import AbstractRevision


class Entry:
    """A revision that was written on a connection, and how many savepoints there were then.

    `description` is what the row says for sure: None after a rollback, which may have taken it back.
    """

    __slots__ = ("_make", "_revision", "description", "is_committed", "pk", "savepoints")

    def __init__(self, pk: Any, make: Callable[[], AbstractRevision], description: str | None, savepoints: int) -> None:
        self.pk = pk
        self.description = description
        self.savepoints = savepoints
        self.is_committed = False
        self._make = make
        self._revision: AbstractRevision | None = None

    @property
    def revision(self) -> AbstractRevision:
        """The revision as an instance, made when it is first asked for."""
        if self._revision is None:
            self._revision = self._make()
        return self._revision


@dataclass(slots=True)
class Ledger:
    """The revisions that scopes have led to on one connection; what was rolled back is never in it."""

    entries: WeakKeyDictionary[RevisionKey, Entry] = field(default_factory=WeakKeyDictionary)

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


class Held(Protocol):
    """What is still to be written in the running transaction."""

    def flush(self, *, is_last: bool = False) -> None:
        """Write it; `is_last`: nothing follows but the COMMIT, which may go with it."""

    def drop(self) -> None:
        """Forget it: what it is about was taken back."""


def held_by(connection: BaseDatabaseWrapper) -> Held | None:
    return vars(connection).get("_revy_held")


def write_transaction(using: str, *, savepoint: bool = False) -> AbstractContextManager[None]:
    """Run the block in the running transaction, behind a savepoint if asked, or in one of its own.

    On SQLite a transaction that reads before it writes fails if another writer comes in between, at once and without
    waiting: ours asks for the write lock at its start.
    """
    connection: Any = connections[using]
    if connection.in_atomic_block:
        return transaction.atomic(using=using) if savepoint else _Part(connection)
    if connection.get_autocommit():
        if connection.vendor == "sqlite" and connection.transaction_mode is None:
            return Immediate(connection, using)
        if can_join_begin(connection):
            return Joined(connection, using)
    return transaction.atomic(using=using, savepoint=savepoint)


class _Part:
    """A part of the running transaction, which fails with it: `atomic(savepoint=False)` at less cost."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None and self._connection.in_atomic_block:
            self._connection.needs_rollback = True
            self._connection.rollback_exc = error


def reads_are_stale(using: str) -> bool:
    """Tell whether a plain read may see the snapshot of the transaction's start rather than what is committed."""
    connection: Any = connections[using]
    levels = ("read committed", "read uncommitted")
    return connection.vendor == "mysql" and connection.in_atomic_block and connection.isolation_level not in levels


def _make_commit(original: Callable[..., Any]) -> Any:
    def commit(self: BaseDatabaseWrapper) -> None:
        held = held_by(self)
        if held is not None:
            try:
                held.flush(is_last=True)
            except BaseException:
                # Django does so for errors of the database only.
                self.rollback()
                raise
        original(self)
        ledger_of(self).commit()

    return commit


def _make_savepoint(original: Callable[..., Any]) -> Any:
    def savepoint(self: BaseDatabaseWrapper) -> Any:
        held = held_by(self)
        if held is not None:
            held.flush()
        return original(self)

    return savepoint


def _make_rollback(original: Callable[..., Any]) -> Any:
    def rollback(self: BaseDatabaseWrapper) -> None:
        try:
            original(self)
        finally:
            _drop_held(self)
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
            _drop_held(self)
            ledger_of(self).roll_back()

    return close


def _drop_held(connection: BaseDatabaseWrapper) -> None:
    held = held_by(connection)
    if held is not None:
        # Before each savepoint all is written: what is not was changed since the last one.
        held.drop()


def install() -> None:
    replace(BaseDatabaseWrapper, "commit", _make_commit)
    replace(BaseDatabaseWrapper, "rollback", _make_rollback)
    replace(BaseDatabaseWrapper, "savepoint", _make_savepoint)
    replace(BaseDatabaseWrapper, "savepoint_rollback", _make_savepoint_rollback)
    replace(BaseDatabaseWrapper, "close", _make_close)
