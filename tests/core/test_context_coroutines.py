"""A decorated coroutine function is tracked while it runs, however it is written."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.http import HttpRequest
from django.views import View

from revy import Context
from tests.core.running import NOTHING, state
from tests.core.strategies import ALICE, BOB


def test_decorated_coroutine_function_is_tracked_while_it_runs() -> None:
    @Context.via_actor(ALICE)
    async def view() -> Any:
        before = state()
        await asyncio.sleep(0)
        Context.set_actor(BOB)
        return before, state()

    coroutine = view()
    assert state() == NOTHING

    async def main() -> Any:
        return await coroutine, await view(), state()

    one_call = ((True, ALICE), (True, BOB))
    assert asyncio.run(main()) == (one_call, one_call, NOTHING)


def test_decorated_coroutine_that_raises_or_is_cancelled_leaves_its_block() -> None:
    @Context.via_actor(BOB)
    async def fail() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    cleaned_up = []

    @Context.via_actor(BOB)
    async def wait(begun: asyncio.Event) -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            cleaned_up.append(state())

    async def main() -> None:
        with Context.via_actor(ALICE):
            with pytest.raises(ValueError, match="no"):
                await fail()
            assert state() == (True, ALICE)
            begun = asyncio.Event()
            task = asyncio.create_task(wait(begun))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert state() == (True, ALICE)

    asyncio.run(main())
    assert cleaned_up == [(True, BOB)]


class AsyncCallable:
    async def __call__(self) -> Any:
        return state()


class MarkedCallable:
    """What asgiref's documentation has async middleware be."""

    def __init__(self) -> None:
        markcoroutinefunction(self)

    def __call__(self) -> Coroutine[Any, Any, Any]:
        return self.respond()

    async def respond(self) -> Any:
        return state()


def marked_function() -> Callable[[], Awaitable[Any]]:
    def function() -> Coroutine[Any, Any, Any]:
        return MarkedCallable().respond()

    return markcoroutinefunction(function)


async def say_state(*_: Any) -> Any:
    return state()


class AsyncView(View):
    async def get(self, request: HttpRequest) -> Any:
        return state()


def get_request() -> HttpRequest:
    request = HttpRequest()
    request.method = "GET"
    return request


COROUTINE_FUNCTIONS = {
    "partial": lambda: functools.partial(say_state, 1),
    "partial of a partial": lambda: functools.partial(functools.partial(say_state, 1), 2),
    "partial of a method": lambda: functools.partial(MarkedCallable().respond),
    "bound method": lambda: MarkedCallable().respond,
    "callable object": AsyncCallable,
    "partial of a callable object": lambda: functools.partial(AsyncCallable()),
    "marked function": marked_function,
    "marked object": MarkedCallable,
    "class-based view": lambda: functools.partial(AsyncView.as_view(), get_request()),
    "sync_to_async": lambda: sync_to_async(state),
    "decorated": lambda: Context.via_actor(BOB)(Context.via_actor(ALICE)(say_state)),
}


@pytest.mark.parametrize("make", COROUTINE_FUNCTIONS.values(), ids=list(COROUTINE_FUNCTIONS))
def test_decorated_callable_that_is_awaited_is_tracked_while_it_runs(make: Callable[[], Callable[[], Any]]) -> None:
    decorated = Context.via_actor(ALICE)(make())

    async def main() -> Any:
        return await decorated(), state()

    assert asyncio.run(main()) == ((True, ALICE), NOTHING)
    # What Django and asgiref ask before they call it.
    assert iscoroutinefunction(decorated)
