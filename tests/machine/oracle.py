"""What the history should say after each step, worked out from the rows before and after it, without revy."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import models

from revy.contrib.django.models import ObjectSnapshot
from tests.machine import history
from tests.machine.contexts import Blame, Scope
from tests.machine.history import SYSTEM, Actor, Attribute, Delta
from tests.machine.rows import Key, Rows, State, encode, family_of, read_rows

INTERVAL = 4  # of keyframes, in the machine


class Difference(AssertionError):
    """History and rows do not agree."""


@dataclass
class Assignment:
    """An attribute that was assigned before a save."""

    actor: Actor
    description: str
    value: str


@dataclass
class Expected:
    """What a step should lead to besides what its rows tell."""

    # Of a deletion: what was asked for, None for all that is deleted.
    roots: set[Key] | None = None
    # Whether updates only fell with what was deleted.
    is_deletion: bool = False
    # How many versions of one object the step may make.
    at_most: int = 1
    # Whether objects may change and change back in the step.
    may_return: bool = False
    # Of a save: who assigned what, by attname, for the saved object.
    saved: tuple[type[models.Model], Any] | None = None
    assigned: dict[str, list[Assignment]] = field(default_factory=dict)

    def assignments(self, key: Key, name: str) -> list[Assignment]:
        if self.saved is None or key[1] != self.saved[1] or key[0] not in family_of(self.saved[0]):
            return []
        return self.assigned.get(name, [])


@dataclass
class Memory:
    """All that is known of rows and history; copied at savepoints, its values are never changed in place."""

    rows: Rows = field(default_factory=dict)
    deltas: dict[int, Delta] = field(default_factory=dict)
    revisions: dict[int, str] = field(default_factory=dict)
    versions: dict[Key, int] = field(default_factory=dict)
    # The last action of each object that has versions, and the state that its last version tells.
    last: dict[Key, tuple[str, State]] = field(default_factory=dict)
    # Objects that were changed while nothing was recorded.
    behind: set[Key] = field(default_factory=set)
    scopes: dict[Scope, int] = field(default_factory=dict)

    def copy(self) -> Memory:
        return replace(self, **{name: value.copy() for name, value in vars(self).items()})

    def is_told(self, key: Key) -> bool:
        """Tell whether the last version is what the row is."""
        row = self.rows.get(key)
        if key not in self.last:
            return row is None
        action, state = self.last[key]
        return row is None if action == "D" else row == state


class Oracle:
    def __init__(self, interval: int = INTERVAL) -> None:
        self.interval = interval  # of keyframes
        self.memory = Memory(rows=read_rows())
        self.memory.behind = set(self.memory.rows)

    def check_silence(self) -> None:
        """Check a step of which nothing should be recorded."""
        memory, rows = self.memory, read_rows()
        self._check_kept()
        memory.behind |= _changed(memory.rows, rows)
        memory.rows = rows

    def check_nothing(self) -> None:
        """Check that the rows are what they were, and nothing was recorded."""
        rows = read_rows()
        changed = _changed(self.memory.rows, rows)
        _require(not changed, "rows changed", changed)
        self._check_kept()

    def check(self, expected: Expected, blame: Blame, scope: Scope) -> None:
        """Check a step that should be recorded."""
        memory, before, rows = self.memory, self.memory.rows, read_rows()
        revisions, deltas = history.read_revisions(), history.read_deltas()
        new = self._new(deltas)
        changed = _changed(before, rows)
        memory.rows = rows
        keys = {history.content_key(key): key for key in before.keys() | rows.keys()}
        steps: dict[Key, list[Delta]] = defaultdict(list)
        for delta in new:
            _require(delta.key in keys, "a delta of nothing", delta)
            steps[keys[delta.key]].append(delta)
        _require(
            changed <= steps.keys(), "changed, but not recorded:", _differences(before, rows, changed - steps.keys())
        )
        if not expected.may_return:
            _require(
                steps.keys() <= changed, "recorded, but not changed:", *(steps[key] for key in steps.keys() - changed)
            )
        for key, versions in steps.items():
            _require(len(versions) <= expected.at_most, "more versions than expected:", *versions)
            self._walk(key, before.get(key), versions, expected, blame)
        self._check_revision(revisions, new, blame, scope)
        memory.revisions, memory.deltas = revisions, deltas
        for key in changed:
            if memory.is_told(key):
                memory.behind.discard(key)
            _require(key in memory.behind or memory.is_told(key), "the last version is not the row:", key)

    def check_snapshots(self) -> None:
        """Check the last snapshot of each object: the row, or its last action is Delete."""
        ids = {(delta.key, delta.version): delta.id for delta in self.memory.deltas.values()}
        by_model: dict[type[models.Model], list[int]] = defaultdict(list)
        wanted = {}
        for key, (action, state) in self.memory.last.items():
            delta = ids[history.content_key(key), self.memory.versions[key]]
            by_model[key[0]].append(delta)
            wanted[delta] = (key, state)
            told = (key in self.memory.rows) != (action == "D")
            _require(told or key in self.memory.behind, "present, but deleted in the history, or the other way:", key)
        object_delta = history.get_object_delta_model()
        for model, deltas in by_model.items():
            names = [f.attname for f in model._meta.concrete_fields]
            for delta in object_delta._base_manager.filter(pk__in=deltas).annotate(snapshot=ObjectSnapshot(model)):
                key, state = wanted[delta.pk]
                values = {
                    f.attname: encode(f, delta.snapshot.__dict__.get(f.attname)) for f in model._meta.concrete_fields
                }
                expected = {name: state.get(name) for name in names}
                _require(values == expected, "a wrong snapshot of", key, values, expected)

    def describe(self, scope: Scope, description: str) -> None:
        """Note that a description was set in a scope, which reaches its revision."""
        if scope in self.memory.scopes:
            self.memory.revisions[self.memory.scopes[scope]] = description

    def _check_kept(self) -> None:
        revisions, deltas = history.read_revisions(), history.read_deltas()
        _require(not self._new(deltas), "recorded, though nothing should be:", *self._new(deltas))
        _require(revisions == self.memory.revisions, "other revisions:", revisions, self.memory.revisions)

    def _new(self, deltas: dict[int, Delta]) -> list[Delta]:
        for id_, kept in self.memory.deltas.items():
            _require(deltas.get(id_) == kept, "an earlier version differs now:", deltas.get(id_), "\nit was:", kept)
        return [delta for id_, delta in deltas.items() if id_ not in self.memory.deltas]

    def _check_revision(self, revisions: dict[int, str], new: list[Delta], blame: Blame, scope: Scope) -> None:
        memory = self.memory
        used = {delta.revision for delta in new}
        _require(len(used) <= 1, "one scope, several revisions:", *new)
        expected = dict(memory.revisions)
        for revision in used:
            if scope in memory.scopes:
                _require(memory.scopes[scope] == revision, "another revision than the scope's before:", *new)
            else:
                _require(revision not in memory.revisions, "a revision of another scope:", *new)
            memory.scopes[scope] = revision
            expected[revision] = blame.revision_description
        _require(revisions == expected, "other revisions:", revisions, expected)

    def _walk(self, key: Key, row: State | None, versions: list[Delta], expected: Expected, blame: Blame) -> None:
        """Follow the versions of one object from its row before the step to that after it."""
        memory = self.memory
        for delta in versions:
            number = memory.versions.get(key, 0) + 1
            _require(delta.version == number, "not the next version", number, delta)
            if delta.action == "D":
                row, told = self._check_delete(key, row, delta, expected, blame)
            elif delta.action == "C":
                _require(row is None, "a Create of what existed", delta)
                row = told = _state(delta.stored)
                self._check_blame(delta, (blame.actor, blame.object_description))
                self._check_attributes(key, {}, row, delta, expected, blame)
            else:
                row, told = self._check_update(key, row, delta, expected, blame)
            _require(delta.rebuilt == history.state_text(told), "rebuilt otherwise than", told, delta)
            memory.versions[key] = number
            memory.last[key] = (delta.action, told)
        _require(
            row == memory.rows.get(key),
            "versions lead to\n",
            row,
            "\nbut the row is\n",
            memory.rows.get(key),
            *versions,
        )

    def _check_delete(
        self, key: Key, row: State | None, delta: Delta, expected: Expected, blame: Blame
    ) -> tuple[None, State]:
        _require(row is not None and delta.stored == history.state_text(row), "a Delete, but the row was", row, delta)
        asked = expected.roots is None or key in expected.roots
        actor, description = blame.actor, blame.object_description
        self._check_blame(delta, (actor, description) if asked else (SYSTEM, blame.deletion_description))
        _require(not delta.attributes, "a Delete stores no attributes", delta)
        return None, row or {}

    def _check_update(
        self, key: Key, row: State | None, delta: Delta, expected: Expected, blame: Blame
    ) -> tuple[State, State]:
        _require(row is not None, "an Update of nothing", delta)
        old = row or {}
        new = dict(old)
        for attribute in delta.attributes:
            _require(new.get(attribute.name) == attribute.old, attribute.name, "was", new.get(attribute.name), delta)
            new[attribute.name] = attribute.new
        changes = {name: value for name, value in new.items() if old.get(name) != value}
        _require({each.name for each in delta.attributes} == changes.keys() != set(), "unchanged attributes", delta)
        fell = expected.is_deletion
        self._check_blame(delta, (SYSTEM, "") if fell else (blame.actor, blame.object_description))
        self._check_attributes(key, old, changes, delta, expected, blame)
        came_back = key in self.memory.last and self.memory.last[key][0] == "D"
        is_keyframe = key not in self.memory.versions or came_back or delta.version % self.interval == 0
        _require((delta.stored != "null") == is_keyframe, "a state is stored or not as it should not", delta)
        _require(
            not is_keyframe or delta.stored == history.state_text(new), "the state stored is not the row", new, delta
        )
        return new, new if is_keyframe else {**self.memory.last[key][1], **changes}

    def _check_blame(self, delta: Delta, blame: tuple[Actor, str]) -> None:
        _require((delta.actor, delta.description) == blame, "another actor or description than", blame, delta)

    def _check_attributes(
        self, key: Key, old: State, new: State, delta: Delta, expected: Expected, blame: Blame
    ) -> None:
        told: dict[str, list[Attribute]] = defaultdict(list)
        for attribute in delta.attributes:
            told[attribute.name].append(attribute)
        usual = (blame.actor, blame.attribute_description)
        if expected.is_deletion and delta.action == "U":
            usual = (SYSTEM, blame.deletion_description)
        for name, value in new.items():
            steps = _steps(name, old.get(name, "null"), value, expected.assignments(key, name), usual)
            implied = [Attribute(name, "null", value, delta.actor, "")] if delta.action == "C" else []
            found = told.get(name) or [each for each in implied if each.old != each.new]
            _require(found == steps, name, "has attribute deltas other than", steps, "namely", found, delta)
        _require(told.keys() <= new.keys(), "attributes without a change", delta)


def _steps(name: str, old: str, new: str, assigned: list[Assignment], usual: tuple[Actor, str]) -> list[Attribute]:
    """Return who led an attribute from the old to the new value."""
    runs: list[Assignment] = []
    for each in [*assigned, Assignment(*usual, new)]:
        if runs and (runs[-1].actor, runs[-1].description) == (each.actor, each.description):
            runs[-1] = each
        elif each.value != (runs[-1].value if runs else old):
            runs.append(each)
    steps: list[Attribute] = []
    for run in runs:
        start = steps[-1].new if steps else old
        if run.value == start:
            continue
        if steps and (steps[-1].actor, steps[-1].description) == (run.actor, run.description):
            steps[-1] = replace(steps[-1], new=run.value)
        else:
            steps.append(Attribute(name, start, run.value, run.actor, run.description))
    return [step for step in steps if step.old != step.new] if old != new else []


def _state(text: str) -> State:
    return {name: history.text_of(value) for name, value in json.loads(text).items()}


def _changed(before: Rows, after: Rows) -> set[Key]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def _differences(before: Rows, after: Rows, keys: Iterable[Key]) -> list[str]:
    return [f"{key}: {before.get(key)} -> {after.get(key)}" for key in keys]


def _require(holds: bool, *message: Any) -> None:
    if not holds:
        raise Difference(" ".join(map(str, message)))
