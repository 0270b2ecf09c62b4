"""What the history should say after each step, worked out from the rows before and after it, without revy."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db import models

from revy.contrib.django.models import ObjectSnapshot
from tests.machine import history
from tests.machine.contexts import MADE, Blame
from tests.machine.expected import Assignment, Expected, Memory
from tests.machine.history import SYSTEM, Actor, Attribute, Delta
from tests.machine.rows import Key, Rows, State, encode, read_rows

INTERVAL = 4  # of keyframes, in the machine
# The columns that only receivers of signals write.
ASIDE = {"edits"}


class Difference(AssertionError):
    """History and rows do not agree."""


class Oracle:
    """Checks one database."""

    def __init__(self, using: str, interval: int = INTERVAL) -> None:
        self.interval = interval  # of keyframes
        self.using = using
        self.history = history.History(using)
        self.memory = Memory(rows=read_rows(using), revisions=self.history.read_revisions())
        self.memory.behind = set(self.memory.rows)

    def check_silence(self) -> None:
        """Check a step of which nothing should be recorded."""
        memory, rows = self.memory, read_rows(self.using)
        self._check_kept()
        memory.behind |= _changed(memory.rows, rows)
        memory.rows = rows

    def check_nothing(self) -> None:
        """Check that the rows are what they were, and nothing was recorded."""
        rows = read_rows(self.using)
        changed = _changed(self.memory.rows, rows)
        require(not changed, "rows changed", changed)
        self._check_kept()

    def check(self, expected: Expected, blame: Blame) -> None:
        """Check a step that should be recorded."""
        memory, before, rows = self.memory, self.memory.rows, read_rows(self.using)
        revisions, deltas = self.history.read_revisions(), self.history.read_deltas()
        new = self._new(deltas)
        changed = _changed(before, rows)
        memory.rows = rows
        keys = {history.content_key(key): key for key in before.keys() | rows.keys()}
        steps: dict[Key, list[Delta]] = defaultdict(list)
        for delta in new:
            require(delta.key in keys, "a delta of nothing", delta)
            steps[keys[delta.key]].append(delta)
        require(
            changed <= steps.keys(), "changed, but not recorded:", _differences(before, rows, changed - steps.keys())
        )
        if not expected.may_return:
            require(
                steps.keys() <= changed, "recorded, but not changed:", *(steps[key] for key in steps.keys() - changed)
            )
        for key, versions in steps.items():
            aside = expected.aside.get(key, expected.aside.get(key[0]))
            if aside is not None:
                self._walk(key, before.get(key), versions, Expected(), aside)
                continue
            require(len(versions) <= expected.at_most, "more versions than expected:", *versions)
            self._walk(key, before.get(key), versions, expected, blame)
        self._check_revision(revisions, new, blame)
        memory.revisions, memory.deltas = revisions, deltas
        for key in changed:
            if memory.is_told(key):
                memory.behind.discard(key)
            require(key in memory.behind or memory.is_told(key), "the last version is not the row:", key)

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
            require(told or key in self.memory.behind, "present, but deleted in the history, or the other way:", key)
        object_delta = history.get_object_delta_model()
        for model, deltas in by_model.items():
            names = [f.attname for f in model._meta.concrete_fields]
            for delta in (
                object_delta._base_manager.using(self.using)
                .filter(pk__in=deltas)
                .annotate(snapshot=ObjectSnapshot(model))
            ):
                key, state = wanted[delta.pk]
                values = {
                    f.attname: encode(f, delta.snapshot.__dict__.get(f.attname)) for f in model._meta.concrete_fields
                }
                expected = {name: state.get(name) for name in names}
                require(values == expected, "a wrong snapshot of", key, values, expected)

    def describe(self, blame: Blame) -> None:
        """Note that a description was set, which reaches the revision that there is."""
        if blame.revision in self.memory.scopes:
            self.memory.revisions[self.memory.scopes[blame.revision]] = blame.revision_description

    def note_made(self) -> None:
        """Note a revision that a function has made, of this database, for a change of another one."""
        for revision, description in self.history.read_revisions().items():
            if description == MADE:
                self.memory.revisions.setdefault(revision, description)

    def _check_kept(self) -> None:
        revisions, deltas = self.history.read_revisions(), self.history.read_deltas()
        require(not self._new(deltas), "recorded, though nothing should be:", *self._new(deltas))
        require(revisions == self.memory.revisions, "other revisions:", revisions, self.memory.revisions)

    def _new(self, deltas: dict[int, Delta]) -> list[Delta]:
        for id_, kept in self.memory.deltas.items():
            require(deltas.get(id_) == kept, "an earlier version differs now:", deltas.get(id_), "\nit was:", kept)
        return [delta for id_, delta in deltas.items() if id_ not in self.memory.deltas]

    def _check_revision(self, revisions: dict[int, str], new: list[Delta], blame: Blame) -> None:
        memory = self.memory
        used = {delta.revision for delta in new}
        require(len(used) <= 1, "one scope, several revisions:", *new)
        expected = dict(memory.revisions)
        for revision in used:
            if blame.revision in memory.scopes:
                known = memory.scopes[blame.revision]
                require(known == revision, "another revision than the scope's before:", known, *new)
            elif blame.given in (None, MADE):
                require(revision not in memory.revisions, "a revision of another scope:", *new)
                expected[revision] = blame.revision_description if blame.given is None else MADE
            else:
                require(revision == blame.given, "another revision than was given:", blame.given, *new)
            memory.scopes[blame.revision] = revision
            if blame.is_described:
                expected[revision] = blame.revision_description
        require(revisions == expected, "other revisions:", revisions, expected)

    def _walk(self, key: Key, row: State | None, versions: list[Delta], expected: Expected, blame: Blame) -> None:
        """Follow the versions of one object from its row before the step to that after it."""
        memory = self.memory
        for delta in versions:
            number = memory.versions.get(key, 0) + 1
            require(delta.version == number, "not the next version", number, delta)
            if delta.action == "D":
                row, told = self._check_delete(key, row, delta, expected, blame)
            elif delta.action == "C":
                require(row is None, "a Create of what existed", delta)
                row = told = _state(delta.stored)
                self._check_blame(delta, (blame.actor, blame.object_description))
                self._check_attributes(key, {}, row, delta, expected, blame)
            else:
                row, told = self._check_update(key, row, delta, expected, blame)
            require(delta.rebuilt == history.state_text(told), "rebuilt otherwise than", told, delta)
            memory.versions[key] = number
            memory.last[key] = (delta.action, told)
        require(
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
        require(row is not None and delta.stored == history.state_text(row), "a Delete, but the row was", row, delta)
        asked = expected.roots is None or key in expected.roots
        actor, description = blame.actor, blame.object_description
        self._check_blame(delta, (actor, description) if asked else (SYSTEM, blame.deletion_description))
        require(not delta.attributes, "a Delete stores no attributes", delta)
        return None, row or {}

    def _check_update(
        self, key: Key, row: State | None, delta: Delta, expected: Expected, blame: Blame
    ) -> tuple[State, State]:
        require(row is not None, "an Update of nothing", delta)
        old = row or {}
        new = dict(old)
        for attribute in delta.attributes:
            require(new.get(attribute.name) == attribute.old, attribute.name, "was", new.get(attribute.name), delta)
            new[attribute.name] = attribute.new
        changes = {name: value for name, value in new.items() if old.get(name) != value}
        require({each.name for each in delta.attributes} == changes.keys() != set(), "unchanged attributes", delta)
        fell = expected.is_deletion and not changes.keys() <= ASIDE
        self._check_blame(delta, (SYSTEM, "") if fell else (blame.actor, blame.object_description))
        self._check_attributes(key, old, changes, delta, expected, blame)
        # A state does not build upon the one before a deletion, even if nobody recorded what came after it.
        last = self.memory.last.get(key, "D")[0]
        is_keyframe = last == "D" or delta.version % self.interval == 0
        require((delta.stored != "null") == is_keyframe, "a state is stored or not as it should not", delta)
        require(
            not is_keyframe or delta.stored == history.state_text(new), "the state stored is not the row", new, delta
        )
        return new, new if is_keyframe else {**self.memory.last[key][1], **changes}

    def _check_blame(self, delta: Delta, blame: tuple[Actor, str]) -> None:
        require((delta.actor, delta.description) == blame, "another actor or description than", blame, delta)

    def _check_attributes(
        self, key: Key, old: State, new: State, delta: Delta, expected: Expected, blame: Blame
    ) -> None:
        told: dict[str, list[Attribute]] = defaultdict(list)
        for attribute in delta.attributes:
            told[attribute.name].append(attribute)
        usual = (blame.actor, blame.attribute_description)
        if expected.is_deletion and delta.action == "U" and not new.keys() <= ASIDE:
            usual = (SYSTEM, blame.deletion_description)
        for name, value in new.items():
            steps = _steps(name, old.get(name, "null"), value, expected.assignments(key, name), usual)
            implied = [Attribute(name, "null", value, delta.actor, "")] if delta.action == "C" else []
            found = told.get(name) or [each for each in implied if each.old != each.new]
            require(found == steps, name, "has attribute deltas other than", steps, "namely", found, delta)
        require(told.keys() <= new.keys(), "attributes without a change", delta)


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


def require(holds: bool, *message: Any) -> None:
    if not holds:
        raise Difference(" ".join(map(str, message)))
