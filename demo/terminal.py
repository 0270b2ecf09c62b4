"""What the demo shows while it works."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Sized
from types import TracebackType
from typing import Final, Self

_LABEL: Final = 13
_BAR: Final = 24
_SECONDS_A_FRAME: Final = 0.1
_SECONDS_A_LINE: Final = 2.0


def counted(things: int | Sized, name: str) -> str:
    """Return "1 page" or "1,234 pages"."""
    number = things if isinstance(things, int) else len(things)
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def printable(text: str) -> str:
    """Return the text, such as a file name, so that it does nothing to a terminal."""
    return text if text.isprintable() else repr(text)


class Terminal:
    """Labelled lines; bold and coloured only where somebody looks at them."""

    def __init__(self) -> None:
        self.is_interactive = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._has_colours = self.is_interactive and "NO_COLOR" not in os.environ

    def say(self, label: str, text: str = "") -> None:
        print(f"  {self.dim(label.ljust(_LABEL))}{text}".rstrip(), flush=True)

    def write(self, text: str = "") -> None:
        print(text, flush=True)

    def show(self, label: str, bar: str, text: str) -> None:
        """Write over the line that the last `show` wrote."""
        room = shutil.get_terminal_size().columns - len("  ") - _LABEL - _BAR - len(" ") - 1
        print(f"\r\x1b[K  {self.dim(label.ljust(_LABEL))}{bar} {text[: max(room, 0)]}", end="", flush=True)

    def clear(self) -> None:
        print("\r\x1b[K", end="", flush=True)

    def bold(self, text: str) -> str:
        return self._styled(text, 1)

    def dim(self, text: str) -> str:
        return self._styled(text, 2)

    def good(self, text: str) -> str:
        return self._styled(text, 32)

    def bad(self, text: str) -> str:
        return self._styled(text, 31)

    def _styled(self, text: str, code: int) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._has_colours and text else text


class Progress:
    """How far a piece of work is: a bar that moves on a terminal, a line now and then elsewhere."""

    def __init__(self, terminal: Terminal, label: str, commits: int) -> None:
        self._terminal = terminal
        self._label = label
        self._commits = commits
        self._done = 0
        self._start = self._shown = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def __enter__(self) -> Self:
        if self._terminal.is_interactive:
            self._draw("")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._terminal.is_interactive:
            self._terminal.clear()

    def advance(self, note: str) -> None:
        """Count one more commit as done."""
        self._done += 1
        now = time.monotonic()
        if now - self._shown < (_SECONDS_A_FRAME if self._terminal.is_interactive else _SECONDS_A_LINE):
            return
        self._shown = now
        rate = self._done / self.seconds
        text = f"{self._done:,} of {self._commits:,} commits, {note}, {rate:,.{0 if rate > 1 else 2}f} commits a second"
        if self._terminal.is_interactive:
            self._draw(text)
        else:
            self._terminal.say(self._label, text)

    def _draw(self, text: str) -> None:
        filled = _BAR * self._done // self._commits
        bar = self._terminal.good("█" * filled) + self._terminal.dim("░" * (_BAR - filled))
        self._terminal.show(self._label, bar, text)
