"""What differs between two versions of an object, as far as a viewer may see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff
from typing import Any, Final

from django.db.models import QuerySet

from revy.contrib.django import get_object_delta_model
from revy.contrib.django.fields import in_field_order
from revy.contrib.django.models import ObjectState
from revy_graphql.delta import ObjectDeltaRecord
from revy_graphql.errors import InvalidArgument, NotFound
from revy_graphql.history import Subject, find_subject
from revy_graphql.masking import Mask
from revy_graphql.moment import made_until
from revy_graphql.revision import read_deltas
from revy_graphql.viewer import Viewer

# The time that difflib takes grows with the cube of the lines in the worst case: these take a tenth of a second.
MAX_LINES: Final = 2_000
_CONTEXT: Final = 3
_PLACE: Final = re.compile(r"^@@ -(\d+)(.*) \+(\d+)(.*) @@")


@dataclass(frozen=True, slots=True)
class AttributeDiffRecord:
    field_name: str
    old_value: Any
    new_value: Any
    is_masked: bool
    from_version: int
    to_version: int

    @property
    def unified_diff(self) -> str | None:
        old, new = self.old_value, self.new_value
        if not isinstance(old, str | None) or not isinstance(new, str | None) or old == new:
            return None
        names = (f"{self.field_name}\tversion {version}" for version in (self.from_version, self.to_version))
        return diff_texts(old or "", new or "", *names)


@dataclass(frozen=True, slots=True)
class ObjectDiffRecord:
    """Two changes of an object, and what differs between its states after them; no change stands for no object."""

    from_: ObjectDeltaRecord | None
    to: ObjectDeltaRecord | None
    attributes: list[AttributeDiffRecord]


# A version, or the time at which it was the last one.
End = int | datetime | None


def read_diff(viewer: Viewer, content_type: str, content_id: str, from_: End, to: End) -> ObjectDiffRecord:
    """Return what differs between two versions: by default the last one and the one before it. 0 is before the first.

    Raises NotFound for versions that do not exist, and as `find_subject` does.
    """
    for name, end in (("from", from_), ("to", to)):
        if isinstance(end, int) and end < 0:
            raise InvalidArgument(f"`{name}` must be a version: 1, 2, 3 …, or 0 for what was before the first.")
    subject = find_subject(viewer, content_type, content_id)
    deltas = subject.object_deltas(viewer)
    to_version = to if isinstance(to, int) else _last_version(deltas, to)
    if from_ is None:
        from_version = max(to_version - 1, 0)
    else:
        from_version = from_ if isinstance(from_, int) else _last_version(deltas, from_)
    wanted = [version for version in (from_version, to_version) if version > 0]
    rows = list(deltas.filter(version__in=wanted).annotate(recorded_state=ObjectState()))
    records = {record.version: record for record in read_deltas(viewer, rows).records}
    if not records.keys() >= set(wanted):
        raise NotFound
    from_delta, to_delta = records.get(from_version), records.get(to_version)
    states = _state_after(from_delta), _state_after(to_delta)
    attributes = _compare(viewer, subject, *states, from_version, to_version)
    return ObjectDiffRecord(from_delta, to_delta, list(attributes))


def _last_version(deltas: QuerySet[Any], moment: datetime | None) -> int:
    """Return the version that was the last one at that time, by default now; 0 if there was none."""
    known = deltas if moment is None else deltas.filter(made_until(moment))
    return known.order_by("-version").values_list("version", flat=True).first() or 0


def _state_after(record: ObjectDeltaRecord | None) -> dict[str, Any]:
    if record is None or record.row.action == get_object_delta_model().ACTION_DELETE:
        return {}
    return record.row.get_state() or {}


def _compare(
    viewer: Viewer, subject: Subject, old: dict[str, Any], new: dict[str, Any], from_version: int, to_version: int
) -> Iterator[AttributeDiffRecord]:
    model = subject.model
    mask = Mask(viewer, ((model, name, value) for state in (old, new) for name, value in state.items()))
    for name in in_field_order(model, {*old, *new}):
        pair = old.get(name), new.get(name)
        is_masked = not all(mask.is_visible(model, name, value) for value in pair)
        # Masked ones are given even if they are the same: else it could be told whether they are.
        if is_masked:
            yield AttributeDiffRecord(name, None, None, True, from_version, to_version)
        elif pair[0] != pair[1]:
            yield AttributeDiffRecord(name, *pair, False, from_version, to_version)


def diff_texts(old: str, new: str, old_name: str, new_name: str) -> str | None:
    """Return the unified diff of two texts that differ, or None if the lines between their ends are too many."""
    before, after = _lines(old), _lines(new)
    head = _common(before, after)
    tail = min(_common(before[::-1], after[::-1]), min(len(before), len(after)) - head)
    if max(len(before), len(after)) - head - tail > MAX_LINES:
        return None
    begin, end = max(head - _CONTEXT, 0), max(tail - _CONTEXT, 0)
    before, after = before[begin : len(before) - end], after[begin : len(after) - end]
    return "".join(_moved(line, begin) for line in unified_diff(before, after, old_name, new_name, n=_CONTEXT))


def _moved(line: str, by: int) -> str:
    """Return a line of a diff whose texts begin that many lines further down."""
    place = _PLACE.match(line) if by else None
    if place is None:
        return line
    old, old_length, new, new_length = place.groups()
    return f"@@ -{int(old) + by}{old_length} +{int(new) + by}{new_length} @@\n"


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    last = lines.pop()
    # As diff and patch have it.
    return [f"{line}\n" for line in lines] + ([f"{last}\n\\ No newline at end of file\n"] if last else [])


def _common(before: list[str], after: list[str]) -> int:
    pairs = enumerate(zip(before, after, strict=False))
    return next((place for place, (old, new) in pairs if old != new), min(len(before), len(after)))
