"""One mutation field, one transaction."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self
from weakref import WeakKeyDictionary

from django.db import connections, transaction
from graphene_django.constants import MUTATION_ERRORS_FLAG

from revy.contrib.django.transactions import write_transaction
from revy_graphql import conf, event_loop


class FieldTransaction:
    """The transaction of one mutation field, on every database of REVY_GRAPHQL["DATABASES"].

    It is rolled back by an exception, and by the flag that graphene-django's form mutations set on the request when
    their form is not valid. The flag of one field says nothing about its siblings; the request keeps it, because
    GraphQLView reads it for ATOMIC_MUTATIONS and ATOMIC_REQUESTS.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._databases = conf.get_databases()
        self._transactions = ExitStack()
        self._had_errors = False

    def __enter__(self) -> Self:
        with ExitStack() as entered:
            for using in self._databases:
                entered.enter_context(_transaction_on(using))
            self._transactions = entered.pop_all()
        self._had_errors = self._has_errors()
        if self._had_errors:
            setattr(self._context, MUTATION_ERRORS_FLAG, False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None and self._has_errors():
            for using in self._databases:
                transaction.set_rollback(True, using=using)
        if self._had_errors:
            setattr(self._context, MUTATION_ERRORS_FLAG, True)
        self._transactions.__exit__(kind, error, traceback)

    def _has_errors(self) -> bool:
        return getattr(self._context, MUTATION_ERRORS_FLAG, False) is True


def _transaction_on(using: str) -> AbstractContextManager[None]:
    if connections[using].in_atomic_block:
        return transaction.atomic(using=using)
    return write_transaction(using)


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
