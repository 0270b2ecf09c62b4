"""What the running write belongs to: a save of an instance, a deletion with all that falls, or nothing more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from revy.contrib.django.recorder import RowChange, record

Receiver = Callable[[str, list[RowChange]], object]

_receiver: ContextVar[Receiver] = ContextVar("revy_receiver", default=record)


def emit(using: str, rows: list[RowChange]) -> None:
    """Hand over rows that a statement has changed."""
    if rows:
        _receiver.get()(using, rows)


@contextmanager
def receiving(receiver: Receiver) -> Iterator[None]:
    """Let the receiver have what the statements of the block change."""
    token = _receiver.set(receiver)
    try:
        yield
    finally:
        _receiver.reset(token)
