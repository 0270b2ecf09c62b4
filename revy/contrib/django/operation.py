"""What the running write belongs to: a save of an instance, a deletion with all that falls, or nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from revy.contrib.django.batches import BATCH
from revy.contrib.django.changes import RowChange
from revy.contrib.django.recorder import record
from revy.frame import Frame, current


class Operation:
    """Receives what statements change; this one records it at once."""

    is_save = False
    takes_saves = False

    def receive(self, using: str, rows: list[RowChange]) -> None:
        record(using, rows)

    def flush(self) -> None:
        """Record what is still held back."""

    def pause(self) -> None:
        """Another operation is about to write inside this one: what is held back comes first."""
        self.flush()


class Merged(Operation):
    """Holds back what several statements change, to record it as one change of each object.

    `takes_saves`: also what the saves of instances inside it change, which are recorded by themselves otherwise.
    """

    def __init__(self, *, takes_saves: bool = False) -> None:
        self.takes_saves = takes_saves
        self._rows: dict[str, list[RowChange]] = {}

    def receive(self, using: str, rows: list[RowChange]) -> None:
        self._rows.setdefault(using, []).extend(rows)

    def pause(self) -> None:
        if not self.takes_saves:
            self.flush()

    def flush(self) -> None:
        held, self._rows = self._rows, {}
        for using, rows in held.items():
            record(using, rows)


class Batched(Merged):
    """Holds back what statements change until there is a batch of it; no two of them change the same object."""

    def receive(self, using: str, rows: list[RowChange]) -> None:
        super().receive(using, rows)
        held = self._rows[using]
        while len(held) >= BATCH:
            # Whole batches: what is left of one costs as many statements.
            record(using, held[:BATCH])
            del held[:BATCH]


_AT_ONCE: Final = Operation()
_running: ContextVar[Operation] = ContextVar("revy_operation", default=_AT_ONCE)


def emit(using: str, rows: list[RowChange]) -> None:
    """Hand over rows that a statement has changed."""
    if rows:
        _running.get().receive(using, rows)


@contextmanager
def acting_as(frame: Frame | None) -> Iterator[None]:
    """Record what was held back as done by who acted then: a receiver of signals may act as somebody else by now."""
    token = current.set(frame)
    try:
        yield
    finally:
        current.reset(token)


def running_now() -> Operation:
    return _running.get()


def is_save() -> bool:
    return _running.get().is_save


def takes_saves() -> bool:
    return _running.get().takes_saves


@contextmanager
def running(operation: Operation) -> Iterator[None]:
    """Let the operation have what the statements of the block change; it is flushed at the end."""
    _running.get().pause()
    token = _running.set(operation)
    try:
        yield
        operation.flush()
    finally:
        _running.reset(token)
