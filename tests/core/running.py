"""Ways to run code at once, and what a context shows at a glance."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from revy import Context
from revy.frame import Frame, current

T = TypeVar("T")

# Waiting for each other longer than this means that the test hangs; nothing depends on how long it is.
HUNG = 30

NOTHING = (False, None)


def state() -> tuple[bool, Any]:
    return Context.is_enabled(), Context.get_actor()


def running_frame() -> Frame:
    frame = current.get()
    assert frame is not None
    return frame


def in_threads(count: int, function: Callable[[int], T]) -> list[T]:
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(function, range(count)))


def in_new_thread(function: Callable[[], T]) -> T:
    [result] = in_threads(1, lambda _: function())
    return result
