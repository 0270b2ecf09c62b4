"""Whether the history says what the rows are: found by rebuilding every object, and put right on demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from django.db import IntegrityError, connections, models
from django.db.models import Exists, OuterRef
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.batches import BATCH
from revy.contrib.django.changes import CREATE, DELETE, UPDATE, Values
from revy.contrib.django.insertion import table_of
from revy.contrib.django.replay import Change, Comparison, Replay, replay_all, shortened
from revy.contrib.django.revisions import obtain_revision
from revy.contrib.django.rows import read_rows
from revy.contrib.django.snapshot import ObjectState
from revy.contrib.django.tables import TrackedTable
from revy.contrib.django.tracking import plan_for
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import UNFIT, key_from_text, key_to_text
from revy.frame import Frame

REPAIR_DESCRIPTION: Final = "Repaired: the row was changed without being recorded."

Progress = Callable[[type[models.Model], int], object]


class Kind(StrEnum):
    """In what a history and its object may differ."""

    CHANGED = "changed"
    """The object is not what its last version says."""
    ALIVE = "alive"
    """The object is there, but its last version deletes it."""
    GONE = "gone"
    """The object is not there, but its last version does not delete it."""
    INCOMPLETE = "incomplete"
    """The last version cannot be rebuilt: the whole state that it builds upon is gone."""
    CONTRADICTORY = "contradictory"
    """The history contradicts itself. It is not rewritten, and so cannot be repaired."""
    UNRECORDED = "unrecorded"
    """The object has no history. `revy_baseline` gives it one."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which a history and its object differ; `changes` are (attname, recorded, live)."""

    kind: Kind
    model: type[models.Model]
    content_id: str
    message: str
    changes: tuple[Change, ...] = ()
    is_repaired: bool = False

    def __str__(self) -> str:
        end = " (repaired)" if self.is_repaired else ""
        return f"{self.model._meta.label} {self.content_id!r}: {self.message}{end}"


@dataclass(slots=True)
class Verification:
    """What was gone over, and what was found."""

    histories: int = 0
    without_history: int = 0
    found: Counter[Kind] = field(default_factory=Counter)
    repaired: int = 0

    @property
    def is_clean(self) -> bool:
        """Tell whether everything agrees, now that what was repaired is."""
        return self.found.total() == self.repaired


@dataclass(slots=True)
class _Finding:
    """A difference that stands, and what repairing it needs."""

    difference: Difference
    version: int
    row: Values | None
    recorded: Values | None


def verify(
    tracked_models: Iterable[type[models.Model]],
    *,
    using: str = "default",
    repair: bool = False,
    strict: bool = False,
    batch_size: int = BATCH,
    report: Callable[[Difference], object] | None = None,
    progress: Progress | None = None,
) -> Verification:
    """Rebuild every object of the models from its history, compare it with its row, and return what was found.

    `report` is called with each difference. With `repair`, what the row is becomes a new version with actor None; all
    of a run are in one revision. With `strict`, objects without history are differences too. Others may write
    meanwhile: what seems to differ is looked at again under lock before it is reported or repaired.

    `progress` is called with the model and how many object deltas and live objects were read since the last call.
    Memory and transactions are bounded by `batch_size`.
    """
    verification = Verification()

    def found(difference: Difference) -> None:
        verification.found[difference.kind] += 1
        verification.repaired += difference.is_repaired
        if report is not None:
            report(difference)

    frame = conf.context_class().via_revision_description(REPAIR_DESCRIPTION).push_on(None) if repair else None
    for model in tracked_models:

        def advance(count: int, model: type[models.Model] = model) -> None:
            if progress is not None:
                progress(model, count)

        table = TrackedTable(model, using)
        verification.histories += _ModelVerifier(table, frame, found).run(batch_size, advance)
        for pks in table.key_pages(batch_size):
            missing = table.without_history(pks)
            verification.without_history += len(missing)
            for pk in missing if strict else ():
                key = key_to_text(table.model, pk)
                found(Difference(Kind.UNRECORDED, table.model, key, "has no history"))
            advance(len(pks))
    return verification


class _ModelVerifier:
    """Compares the objects of one model with their histories; repairs what differs if there is a frame to do it in."""

    def __init__(self, table: TrackedTable, frame: Frame | None, report: Callable[[Difference], object]) -> None:
        self.table = table
        self.frame = frame
        self.report = report
        self.comparison = Comparison(plan_for(table.model))

    def run(self, size: int, progress: Callable[[int], object]) -> int:
        count = 0
        batch: list[Replay] = []
        for replay in replay_all(self.table, size, progress):
            for problem in replay.problems:
                self.report(Difference(Kind.CONTRADICTORY, self.table.model, replay.content_id, problem))
            batch.append(replay)
            count += 1
            if len(batch) == size:
                self._compare(batch)
                batch = []
        if batch:
            self._compare(batch)
        return count

    def _compare(self, replays: Sequence[Replay]) -> None:
        rows = self._rows([replay.content_id for replay in replays])
        suspects = [
            replay.content_id
            for replay in replays
            if self._difference(
                replay.content_id, replay.version, replay.action, replay.state, rows.get(replay.content_id)
            )
        ]
        if not suspects:
            return
        for key in self._settle(suspects):
            self._settle([key])

    def _settle(self, keys: Sequence[str]) -> list[str]:
        try:
            findings, busy = self._examine(keys)
        except IntegrityError:
            # An object came back while its deletion was recorded. Its writer has committed: now there is a row to lock.
            findings, busy = self._examine(keys)
        for finding in findings:
            self.report(finding.difference)
        return busy

    def _examine(self, keys: Sequence[str]) -> tuple[list[_Finding], list[str]]:
        """Compare again under lock, and repair; return what was found, and the keys of the rows that were not free."""
        table = self.table
        with write_transaction(table.using, savepoint=True), write_transaction(table.history, savepoint=True):
            pks = list(self._pks(keys))
            locked = set(table.lock(pks))
            others = [pk for pk in pks if pk not in locked]
            rest = set(table.rows.filter(pk__in=others).values_list("pk", flat=True)) if others else set()
            busy = {key_to_text(table.model, pk) for pk in rest}
            rows = self._rows([key for key in keys if key not in busy])
            findings = [
                finding
                for delta in self._last_deltas([key for key in keys if key not in busy])
                if (finding := self._find(delta, rows.get(delta.content_id)))
            ]
            if self.frame is not None and findings:
                self._repair(findings, self.frame)
        return findings, [key for key in keys if key in busy]

    def _last_deltas(self, keys: Sequence[str]) -> Iterable[Any]:
        deltas = self.table.deltas
        later = deltas.filter(content_id=OuterRef("content_id"), version__gt=OuterRef("version"))
        last = deltas.filter(~Exists(later), content_id__in=keys)
        found: QuerySet[Any] = last.annotate(recorded_state=ObjectState()).order_by("content_id")
        return found

    def _find(self, delta: Any, row: Values | None) -> _Finding | None:
        recorded = delta.recorded_state
        difference = self._difference(delta.content_id, delta.version, delta.action, recorded, row)
        return None if difference is None else _Finding(difference, delta.version, row, recorded)

    def _difference(
        self, key: str, version: int, action: str | None, recorded: Values | None, row: Values | None
    ) -> Difference | None:
        def difference(kind: Kind, message: str, changes: tuple[Change, ...] = ()) -> Difference:
            return Difference(kind, self.table.model, key, message, changes)

        if row is None:
            if action == DELETE:
                return None
            return difference(Kind.GONE, f"is gone, but its last version ({version}) does not delete it")
        if action == DELETE:
            return difference(Kind.ALIVE, f"is there, but its last version ({version}) deletes it")
        if recorded is None:
            return difference(
                Kind.INCOMPLETE, f"its last version ({version}) cannot be rebuilt: no whole state is left"
            )
        changes = tuple(self.comparison.differences(recorded, row))
        said = ", ".join(f"{name} {shortened(old)} → {shortened(new)}" for name, old, new in changes)
        return difference(Kind.CHANGED, said, changes) if changes else None

    def _repair(self, findings: Sequence[_Finding], frame: Frame) -> None:
        """Record what the rows are: each as a new version with its whole state."""
        using, type_id = self.table.history, self.table.content_type_id
        given = ("revision_id", "action", "content_type_id", "content_id", "version", "state")
        with connections[using].cursor() as cursor:
            revision = obtain_revision(frame, cursor).pk
            deltas = table_of(conf.get_object_delta_model(), using, given).insert(
                [
                    (
                        revision,
                        _ACTIONS.get(finding.difference.kind, UPDATE),
                        type_id,
                        finding.difference.content_id,
                        finding.version + 1,
                        self._state_to_write(finding),
                    )
                    for finding in findings
                ],
                cursor,
            )
            attributes = [
                (delta, *change)
                for delta, finding in zip(deltas, findings, strict=True)
                for change in finding.difference.changes
            ]
            if attributes:
                names = ("object_delta_id", "field_name", "old_value", "new_value")
                table_of(conf.get_attribute_delta_model(), using, names).insert(attributes, cursor)
        for finding in findings:
            finding.difference = replace(finding.difference, is_repaired=True)

    def _state_to_write(self, finding: _Finding) -> Values | None:
        if finding.row is not None or finding.recorded is None:
            return finding.row
        return self.comparison.today(finding.recorded)

    def _rows(self, keys: Sequence[str]) -> dict[str, Values]:
        """Return the live rows by content id."""
        model = self.table.model
        rows = read_rows(model, self.table.using, list(self._pks(keys)))
        return {key_to_text(model, pk): row for pk, row in rows.items()}

    def _pks(self, keys: Sequence[str]) -> Iterator[Any]:
        for key in keys:
            try:
                yield key_from_text(self.table.model, key)
            except UNFIT:
                continue  # no object can have such a key (any more): it is gone


_ACTIONS: Final = {Kind.ALIVE: CREATE, Kind.GONE: DELETE}
