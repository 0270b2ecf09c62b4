"""Reaching the database from an event loop, where Django forbids it: in the thread that owns the connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import iscoroutinefunction, sync_to_async

P = ParamSpec("P")
T = TypeVar("T")


def is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def is_coroutine_function(function: Any) -> bool:
    return iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004


def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T]:
    return sync_to_async(function, thread_sensitive=True)(*args, **kwargs)


def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Awaitable[T] | T:
    """Call a function that uses the database; on an event loop, return an awaitable of its result."""
    return in_thread(function, *args, **kwargs) if is_running() else function(*args, **kwargs)


async def in_full(awaitable: Awaitable[T]) -> T:
    """Await to the end even if the running task is cancelled meanwhile; the cancellation is raised afterwards."""
    task: asyncio.Future[T] = asyncio.ensure_future(awaitable)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is None:
        return task.result()
    task.exception()
    raise cancellation


@asynccontextmanager
async def entered_in_thread(manager: AbstractContextManager[Any]) -> AsyncIterator[None]:
    """Enter a context manager of the database in its thread, and leave it there, even if the task is cancelled.

    The manager has to bear being left without having been entered, and suppresses no exception.
    """
    try:
        await in_thread(manager.__enter__)
        yield
    except BaseException as error:
        await in_full(in_thread(manager.__exit__, type(error), error, error.__traceback__))
        raise
    else:
        await in_full(in_thread(manager.__exit__, None, None, None))
