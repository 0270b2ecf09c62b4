"""What differs between two texts, word by word, in bounded time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

SAME: Final = "same"
ADDED: Final = "added"
REMOVED: Final = "removed"
FOLDED: Final = "folded"

# What one page may spend: a fifth of a second of Python, whatever the texts are.
STEPS_OF_A_PAGE: Final = 500_000
_LETTERS_A_STEP: Final = 4

# Of what stays the same beside a change, this much is shown; nothing is folded that is hardly longer than both ends.
_LINES: Final = 2
_LETTERS: Final = 160

# A word, a letter of a script without spaces, a line break, other white space, or a sign.
_SPACELESS: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_TOKEN: Final = re.compile(rf"[{_SPACELESS}]|[^\W{_SPACELESS}]+|\n|[^\S\n]+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a diff: text that is the same, added or removed, or the same and folded away."""

    kind: str
    text: str

    @property
    def lines(self) -> int:
        return self.text.count("\n")


class Effort:
    """The steps that are left for comparing: an algorithm that runs out of them gives up."""

    def __init__(self, steps: int = STEPS_OF_A_PAGE) -> None:
        self.steps = steps


def diff_texts(old: str, new: str, effort: Effort) -> list[Part] | None:
    """Return how one text became the other, or None if they are too large to be compared.

    Lines are compared first, then the words of those that changed; where that takes too long, the lines stand whole.
    """
    # Taking texts apart takes time, too.
    effort.steps -= (len(old) + len(new)) // _LETTERS_A_STEP
    if effort.steps < 0:
        return None
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    matches = _match(before, after, effort)
    if matches is None:
        return None
    parts = [
        part
        for is_same, removed, added in _chunks(before, after, matches)
        for part in (
            [Part(SAME, "".join(removed))] if is_same else _diff_words("".join(removed), "".join(added), effort)
        )
    ]
    return list(_fold(_joined(parts)))


def _diff_words(old: str, new: str, effort: Effort) -> list[Part]:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matches = _match(before, after, effort) if old and new else []
    if matches is None:
        return [Part(REMOVED, old), Part(ADDED, new)]
    parts = []
    for is_same, removed, added in _chunks(before, after, matches):
        parts += (
            [Part(SAME, "".join(removed))]
            if is_same
            else [Part(REMOVED, "".join(removed)), Part(ADDED, "".join(added))]
        )
    return _without_crumbs(_joined(parts))


def _match(before: Sequence[str], after: Sequence[str], effort: Effort) -> list[tuple[int, int]] | None:
    """Return the places of what both have in common, in order; None if finding them takes more than the effort."""
    head = _common(before, after)
    tail = min(_common(before[::-1], after[::-1]), min(len(before), len(after)) - head)
    ends = len(before) - tail, len(after) - tail
    # What only one of them has need not be looked for: texts that have nothing in common cost nothing.
    shared = set(before[head : ends[0]]) & set(after[head : ends[1]])
    old = [place for place in range(head, ends[0]) if before[place] in shared]
    new = [place for place in range(head, ends[1]) if after[place] in shared]
    found = _longest([before[place] for place in old], [after[place] for place in new], effort)
    if found is None:
        return None
    return [
        *((place, place) for place in range(head)),
        *((old[left], new[right]) for left, right in found),
        *((ends[0] + place, ends[1] + place) for place in range(tail)),
    ]


def _longest(before: Sequence[str], after: Sequence[str], effort: Effort) -> list[tuple[int, int]] | None:
    """Return a longest common subsequence by the algorithm of Myers, which takes the longer the more differs."""
    size, other = len(before), len(after)
    # Each round takes as many steps as it has edits.
    most = min(size + other, math.isqrt(2 * max(effort.steps, 0)))
    middle = most + 1
    reached = [0] * (2 * most + 3)
    trace = []
    for edits in range(most + 1):
        trace.append(reached[middle - edits - 1 : middle + edits + 2])
        for diagonal in range(-edits, edits + 1, 2):
            at = middle + diagonal
            is_down = diagonal == -edits or (diagonal != edits and reached[at - 1] < reached[at + 1])
            left = start = reached[at + 1] if is_down else reached[at - 1] + 1
            while left < size and left - diagonal < other and before[left] == after[left - diagonal]:
                left += 1
            reached[at] = left
            effort.steps -= 1 + left - start
            if left >= size and left - diagonal >= other:
                return _walk_back(trace, size, other)
        if effort.steps < 0:
            break
    return None


def _walk_back(trace: list[list[int]], left: int, right: int) -> list[tuple[int, int]]:
    matches = []
    for edits, reached in reversed(list(enumerate(trace))):
        diagonal, middle = left - right, edits + 1
        at = middle + diagonal
        is_down = diagonal == -edits or (diagonal != edits and reached[at - 1] < reached[at + 1])
        origin = diagonal + 1 if is_down else diagonal - 1
        from_left = reached[middle + origin] if edits else 0
        from_right = from_left - origin if edits else 0
        while left > from_left and right > from_right:
            left, right = left - 1, right - 1
            matches.append((left, right))
        left, right = from_left, from_right
    return matches[::-1]


def _chunks(before: Sequence[str], after: Sequence[str], matches: list[tuple[int, int]]) -> Iterator[tuple[Any, ...]]:
    """Yield what is the same, and what stood and stands between, in order."""
    left = right = 0
    # Of a run of matches both places go up by one.
    for _, run in groupby(enumerate(matches), key=lambda item: (item[1][0] - item[0], item[1][1] - item[0])):
        pairs = [pair for _, pair in run]
        (first, other), length = pairs[0], len(pairs)
        if first > left or other > right:
            yield False, before[left:first], after[right:other]
        yield True, before[first : first + length], after[other : other + length]
        left, right = first + length, other + length
    if len(before) > left or len(after) > right:
        yield False, before[left:], after[right:]


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Return the parts with all that was removed in one place before all that was added there."""
    joined: list[Part] = []
    for is_same, run in groupby((part for part in parts if part.text), key=lambda part: part.kind == SAME):
        texts = list(run)
        for kind in (SAME,) if is_same else (REMOVED, ADDED):
            if text := "".join(part.text for part in texts if part.kind == kind):
                joined.append(Part(kind, text))
    return joined


def _without_crumbs(parts: list[Part]) -> list[Part]:
    """Return the parts without what stayed by chance, and only cuts a change into pieces that nobody can read."""
    kept = []
    for place, part in enumerate(parts):
        is_crumb = part.kind == SAME and "\n" not in part.text and 0 < place < len(parts) - 1
        sides = parts[max(place - 2, 0) : place][::-1], parts[place + 1 : place + 3]
        if is_crumb and len(part.text) <= min(map(_size, sides)):
            kept += [Part(REMOVED, part.text), Part(ADDED, part.text)]
        else:
            kept.append(part)
    return _joined(kept)


def _size(parts: Sequence[Part]) -> int:
    """Return how long the change is that the parts begin with."""
    sizes = []
    for part in parts:
        if part.kind == SAME:
            break
        sizes.append(len(part.text))
    return max(sizes, default=0)


def _fold(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the parts, long ones that stay the same folded but for the ends that touch a change."""
    for place, part in enumerate(parts):
        if part.kind != SAME:
            yield part
            continue
        begin = 0 if place == 0 else _first_cut(part.text)
        end = len(part.text) if place == len(parts) - 1 else len(part.text) - _first_cut(part.text[::-1])
        if part.text[end : end + 1] == "\n":
            # The break ends the last line that is folded.
            end += 1
        if end - begin <= _LETTERS:
            yield part
            continue
        for kind, text in ((SAME, part.text[:begin]), (FOLDED, part.text[begin:end]), (SAME, part.text[end:])):
            if text:
                yield Part(kind, text)


def _first_cut(text: str) -> int:
    """Return where to fold a text that begins beside a change: after some lines, or some words of a long one."""
    place = 0
    for _ in range(_LINES + 1):
        found = text.find("\n", place, place + _LETTERS)
        if found < 0:
            break
        place = found + 1
    if not place:
        place = text.find(" ", _LETTERS, 2 * _LETTERS)
    return place if place > 0 else _LETTERS


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    pairs = enumerate(zip(before, after, strict=False))
    return next((place for place, (old, new) in pairs if old != new), min(len(before), len(after)))
