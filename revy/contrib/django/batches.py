"""How much is done at a time, so that memory and statements are bounded whatever the number of rows."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterator, Sequence
from typing import IO, Any, Final, Generic, Self, TypeVar

T = TypeVar("T")

BATCH: Final = 2000
# Two batches are read in one go, so that a batch costs no more than one query on average.
READ_AHEAD: Final = 2 * BATCH


def in_batches(items: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """Yield the items in order, at most `size` of them at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Spool(Generic[T]):
    """Keeps batches in order: the first in memory, the others in a file without a name, until it is closed."""

    _IN_MEMORY: Final = READ_AHEAD // BATCH

    def __init__(self) -> None:
        self._first: list[T] = []
        self._file: IO[bytes] | None = None

    def append(self, batch: T) -> None:
        if len(self._first) < self._IN_MEMORY:
            self._first.append(batch)
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile()
        pickle.dump(batch, self._file, pickle.HIGHEST_PROTOCOL)

    def __iter__(self) -> Iterator[T]:
        yield from self._first
        if self._file is None:
            return
        end = self._file.tell()
        self._file.seek(0)
        while self._file.tell() < end:
            yield pickle.load(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        if self._file is not None:
            self._file.close()
