"""One mutation field, one transaction."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary

from django.db import DatabaseError, connections
from django.http import HttpRequest
from graphene_django.constants import MUTATION_ERRORS_FLAG

from revy.contrib.django.transactions import write_transaction
from revy_graphql import event_loop
from revy_graphql.contention import ends_transaction, is_contention


class FieldTransaction:
    """The transaction of one mutation field, on all these databases.

    It is rolled back by an exception, by `fail`, and by the flag that graphene-django's form mutations set on the
    request when their form is not valid. The flag of one field says nothing about its siblings; the request keeps it,
    because GraphQLView reads it for ATOMIC_MUTATIONS and ATOMIC_REQUESTS.

    A deadlock or the like that was caught inside is raised at the end where it took all that was written with it: what
    the resolver returned is not true then.
    """

    def __init__(self, context: Any, databases: Iterable[str]) -> None:
        self._context = context
        self._databases = databases
        self._transactions = ExitStack()
        # The connections, of the thread that enters, and the last error of each before.
        self._entered: list[tuple[Any, BaseException | None]] = []
        self._had_flag = False
        self._has_failed = False

    def __enter__(self) -> Self:
        try:
            for using in self._databases:
                connection: Any = connections[using]
                self._transactions.enter_context(_transaction_on(connection))
                self._entered.append((connection, connection.rollback_exc))
                connection.execute_wrappers.insert(0, _mark_for_rollback)
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        self._had_flag = self._is_flagged()
        if self._had_flag:
            setattr(self._context, MUTATION_ERRORS_FLAG, False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        has_failed = self._has_failed or self._is_flagged()
        if self._had_flag or (self._has_failed and isinstance(self._context, HttpRequest)):
            setattr(self._context, MUTATION_ERRORS_FLAG, True)
        for connection, _error in self._entered:
            connection.execute_wrappers.remove(_mark_for_rollback)
        caught = None
        if kind is None:
            caught = self._caught_contention()
            if has_failed:
                for connection, _error in self._entered:
                    connection.set_rollback(True)
        self._transactions.__exit__(kind, error, traceback)
        if caught is not None:
            raise caught

    def fail(self) -> None:
        """Have all rolled back at the end, though there is no exception."""
        self._has_failed = True

    def _is_flagged(self) -> bool:
        return getattr(self._context, MUTATION_ERRORS_FLAG, False) is True

    def _caught_contention(self) -> BaseException | None:
        for connection, before in self._entered:
            error: BaseException | None = connection.rollback_exc
            if connection.needs_rollback and error is not before and is_contention(error):
                return error
        return None


def _mark_for_rollback(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    """Run a statement; if it takes the transaction down, have Django know, as it does for its own writes."""
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        connection = context["connection"]
        if ends_transaction(error, connection.vendor):
            connection.needs_rollback = True
            connection.rollback_exc = error
        raise


def _transaction_on(connection: Any) -> AbstractContextManager[None]:
    return write_transaction(connection.alias, savepoint=True)


_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, asyncio.Lock]] = WeakKeyDictionary()
_lock_within: ContextVar[asyncio.Lock | None] = ContextVar("revy_graphql_lock_within", default=None)


@asynccontextmanager
async def one_at_a_time() -> AsyncIterator[None]:
    """Keep mutations that run at once on one event loop out of each other's transaction.

    All of them use the connection of one thread, on which transactions can only be nested: the one that began last has
    to end first. A mutation within a mutation waits for its siblings alone.
    """
    lock = _lock_within.get() or _lock_of(await event_loop.in_thread(threading.get_ident))
    async with lock:
        token = _lock_within.set(asyncio.Lock())
        try:
            yield
        finally:
            _lock_within.reset(token)


def _lock_of(thread: int) -> asyncio.Lock:
    return _locks.setdefault(asyncio.get_running_loop(), {}).setdefault(thread, asyncio.Lock())
