"""A context as a decorator: a fresh frame for each call, for as long as the call's body runs."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING, Any

from revy.frame import Frame, current

if TYPE_CHECKING:
    from revy.context import Context


def decorate(context: Context, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` wrapped so that its body runs inside `context`, whatever kind of function it is."""
    if _is(inspect.isasyncgenfunction, function):
        return _wrap_async_generator(context, function)
    if _is(inspect.isgeneratorfunction, function):
        return _wrap_generator(context, function)
    if _is(_is_coroutine_function, function):
        return _wrap_coroutine(context, function)

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with context:
            return function(*args, **kwargs)

    return wrapper


def _is(kind: Callable[[Any], bool], function: Callable[..., Any]) -> bool:
    """Tell whether the function, what it is a partial of, or the `__call__` of its class is of that kind."""
    while isinstance(function, functools.partial):
        function = function.func
    return kind(function) or kind(type(function).__call__)


def _is_coroutine_function(function: Callable[..., Any]) -> bool:
    if inspect.iscoroutinefunction(function):
        return True
    # Python 3.11 has no inspect.markcoroutinefunction: asgiref marks async views this way.
    marker = getattr(asyncio.coroutines, "_is_coroutine", None)
    return marker is not None and getattr(function, "_is_coroutine", None) is marker


def _wrap_coroutine(context: Context, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        with context:
            return await function(*args, **kwargs)

    return wrapper


class _Suspended:
    """The frames of a generator's body, put in place while it runs and taken away while it waits."""

    def __init__(self, context: Context) -> None:
        self._frame: Frame | None = context.push_on(current.get())
        self._outer: Frame | None = None

    def __enter__(self) -> None:
        self._outer = current.get()
        current.set(self._frame)

    def __exit__(self, *exception: object) -> None:
        self._frame = current.get()
        current.set(self._outer)


def _wrap_generator(context: Context, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        frames = _Suspended(context)
        generator = function(*args, **kwargs)
        step = functools.partial(next, generator)
        while True:
            try:
                with frames:
                    value = step()
            except StopIteration as stop:
                return stop.value
            try:
                sent = yield value
            except GeneratorExit:
                with frames:
                    generator.close()
                raise
            except BaseException as error:
                step = functools.partial(generator.throw, error)
            else:
                step = functools.partial(generator.send, sent)

    return wrapper


def _wrap_async_generator(context: Context, function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        frames = _Suspended(context)
        generator = function(*args, **kwargs)
        step: Callable[[], Any] = generator.__anext__
        while True:
            try:
                with frames:
                    value = await step()
            except StopAsyncIteration:
                return
            try:
                sent = yield value
            except GeneratorExit:
                with frames:
                    await generator.aclose()
                raise
            except BaseException as error:
                step = functools.partial(generator.athrow, error)
            else:
                step = functools.partial(generator.asend, sent)

    return wrapper
