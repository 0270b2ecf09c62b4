"""An object as it was at one version, or at two."""

from __future__ import annotations

from dataclasses import dataclass

from revy.contrib.django.admin.people import People
from revy.contrib.django.admin.rows import Change, RowMaker, Rows
from revy.contrib.django.admin.subject import Subject
from revy.contrib.django.admin.timeline import Head, make_head
from revy.contrib.django.conf import get_object_delta_model
from revy.contrib.django.renames import state_of_today
from revy.contrib.django.snapshot import ObjectState, State
from revy.contrib.django.values import is_same


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions and what differs between them."""

    old: Head
    new: Head
    rows: Rows


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A version and every attribute at it; at a deletion, as it was before.

    `rows` is None if the state that the version builds upon is gone.
    """

    head: Head
    rows: Rows | None


def compare(subject: Subject, old: int, new: int) -> Comparison | None:
    """Return what differs between two versions, or None if the object has no such versions.

    What may not be seen is always named: it could be told otherwise whether it changed.
    """
    found = _read(subject, {old, new})
    if not found.keys() >= {old, new}:
        return None
    (old_head, old_state), (new_head, new_state) = found[old], found[new]
    before, after = (
        {} if head.action == get_object_delta_model().ACTION_DELETE else state or {}
        for head, state in ((old_head, old_state), (new_head, new_state))
    )
    changes = [
        Change(name, before.get(name), after.get(name))
        for name in before | after
        if not is_same(before.get(name), after.get(name))
        or subject.viewer.visible_field(subject.model, name, subject.instance) is None
    ]
    return Comparison(old_head, new_head, _rows(subject, changes))


def read_snapshot(subject: Subject, version: int) -> Snapshot | None:
    """Return the object at a version, or None if it has no such version."""
    found = _read(subject, {version})
    if version not in found:
        return None
    head, state = found[version]
    rows = None if state is None else _rows(subject, [Change(name, None, value) for name, value in state.items()])
    return Snapshot(head, rows)


def _read(subject: Subject, versions: set[int]) -> dict[int, tuple[Head, State | None]]:
    rows = subject.deltas().filter(version__in=versions).select_related("revision")
    deltas = list(rows.prefetch_related("attribute_deltas").annotate(recorded_state=ObjectState()))
    changes = {delta.version: delta.get_attribute_deltas() for delta in deltas}
    people = People(subject.viewer, [one for delta in deltas for one in (delta, *changes[delta.version])])
    read = {}
    for delta in deltas:
        state = delta.get_state()
        today = None if state is None else state_of_today(subject.model, state)
        read[delta.version] = make_head(subject.viewer, delta, people, changes[delta.version]), today
    return read


def _rows(subject: Subject, changes: list[Change]) -> Rows:
    maker = RowMaker(subject.viewer, [(subject.model, subject.instance, changes)])
    return maker.rows(subject.model, subject.instance, changes)
