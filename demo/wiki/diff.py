"""Unified diffs, taken apart for a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_HUNK: Final = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_KINDS: Final = {"+": "added", "-": "removed", " ": "same"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diff: `kind` is added, removed, same, hunk or note; its numbers are None where it has none."""

    kind: str
    text: str
    old_number: int | None = None
    new_number: int | None = None


def read_lines(unified_diff: str) -> list[Line]:
    """Return the lines of a unified diff, without its header."""
    return list(_read(unified_diff.split("\n")))


def _read(rows: list[str]) -> Iterator[Line]:
    old = new = None
    for row in rows:
        hunk = _HUNK.match(row)
        if hunk:
            old, new = int(hunk[1]), int(hunk[2])
            yield Line("hunk", row)
            continue
        kind = _KINDS.get(row[:1])
        if old is None or new is None:
            # Before the first hunk stand the names of the two files.
            continue
        if kind is None:
            if row:
                yield Line("note", row.removeprefix("\\ "))
            continue
        yield Line(kind, row[1:], None if kind == "added" else old, None if kind == "removed" else new)
        old += kind != "added"
        new += kind != "removed"
