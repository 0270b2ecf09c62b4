"""Following the history of objects version by version, and finding where it contradicts itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.changes import CREATE, DELETE, UPDATE
from revy.contrib.django.renames import State, names_of_today, state_of_today
from revy.contrib.django.tables import TrackedTable
from revy.contrib.django.tracking import Plan, plan_for
from revy.contrib.django.values import UNFIT, Json, is_same

Change = tuple[str, Json, Json]


class Comparison:
    """Tells whether two recorded or live values of an attribute are the same for the field of today."""

    def __init__(self, plan: Plan) -> None:
        self.model = plan.model
        self.names = names_of_today(plan.model)
        self.codecs = plan.codecs

    def today(self, recorded: State) -> State:
        """Return a recorded state under the names of today."""
        return state_of_today(self.model, recorded)

    def agree(self, name: str, one: Json, other: Json) -> bool:
        return is_same(one, other) or is_same(self._normal(name, one), self._normal(name, other))

    def _normal(self, name: str, value: Json) -> Json:
        """Return the value as it would be recorded now; the JSON of PostgreSQL, say, writes 1e30 with all its zeros."""
        codec = self.codecs.get(name)
        try:
            return value if codec is None else codec.encode(codec.decode(value))
        except UNFIT:
            return value

    def differences(self, recorded: State, live: State) -> list[Change]:
        """Return what differs as (attname, recorded, live). What was never recorded is unknown, not different."""
        recorded = self.today(recorded)
        return [
            (name, recorded[name], value)
            for name, value in live.items()
            if name in recorded and not self.agree(name, recorded[name], value)
        ]


@dataclass(frozen=True, slots=True)
class Delta:
    """What following a history needs to know of one of its versions."""

    content_id: str
    version: int
    action: str
    state: State | None
    changes: Sequence[Change] = ()


@dataclass(slots=True)
class Replay:
    """An object's history up to a version: the last whole state and the changes since, None if there is none."""

    content_id: str
    version: int = 0
    action: str | None = None
    state: State | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def is_there(self) -> bool:
        return self.action not in (None, DELETE)

    def follow(self, delta: Delta, comparison: Comparison) -> None:
        self.problems.extend(self._problems_of(delta, comparison))
        if delta.state is not None:
            self.state = dict(delta.state)
        elif self.state is not None:
            self.state.update({name: new for name, _old, new in delta.changes})
        self.version, self.action = delta.version, delta.action

    def _problems_of(self, delta: Delta, comparison: Comparison) -> Iterator[str]:
        if delta.version == self.version:
            yield f"version {delta.version} is there twice"
        elif delta.version > self.version + 1:
            missing = range(self.version + 1, delta.version)
            span = f"version {missing[0]} is" if len(missing) == 1 else f"versions {missing[0]} to {missing[-1]} are"
            yield f"{span} missing"
        elif self.is_there and delta.action == CREATE:
            yield f"version {delta.version} creates what version {self.version} left there"
        elif self.action == DELETE and delta.action != CREATE:
            done = "updates" if delta.action == UPDATE else "deletes"
            yield f"version {delta.version} {done} what version {self.version} deleted"
        if delta.action == CREATE or not self.is_there or self.state is None:
            return
        now = dict(comparison.today(self.state))
        for recorded_name, old, new in delta.changes:
            name = comparison.names.get(recorded_name, recorded_name)
            if name in now and not comparison.agree(name, now[name], old):
                yield self._contradiction(delta, name, now[name], old)
            now[name] = new
        for name, value in comparison.today(delta.state or {}).items():
            if name in now and not comparison.agree(name, now[name], value):
                yield self._contradiction(delta, name, now[name], value)

    def _contradiction(self, delta: Delta, name: str, left: Json, found: Json) -> str:
        return (
            f"version {delta.version} found {name} to be {shortened(found)}, "
            f"but version {self.version} left {shortened(left)}"
        )


def replay_all(table: TrackedTable, size: int, progress: Callable[[int], object]) -> Iterator[Replay]:
    """Yield the whole history of each object, by content id, reading `size` object deltas at a time.

    `progress` is called with the number of object deltas read.
    """
    comparison = Comparison(plan_for(table.model))
    replay: Replay | None = None
    for page in _pages(table, size):
        for delta in page:
            if replay is None or replay.content_id != delta.content_id:
                if replay is not None:
                    yield replay
                replay = Replay(delta.content_id)
            replay.follow(delta, comparison)
        progress(len(page))
    if replay is not None:
        yield replay


def _pages(table: TrackedTable, size: int) -> Iterator[list[Delta]]:
    deltas = table.deltas.order_by("content_id", "version")
    rest = deltas
    while True:
        rows = list(rest.values_list("pk", "content_id", "version", "action", "state")[:size])
        if not rows:
            return
        changes = _changes(table, [pk for pk, _key, _version, action, _state in rows if action == UPDATE])
        yield [Delta(key, version, action, state, changes.get(pk, ())) for pk, key, version, action, state in rows]
        _pk, key, version, *_ = rows[-1]
        # The first condition follows from the second: it lets databases begin at the right place of the index.
        rest = deltas.filter(content_id__gte=key).filter(Q(content_id__gt=key) | Q(version__gt=version))


def _changes(table: TrackedTable, deltas: Sequence[int]) -> dict[int, list[Change]]:
    found = defaultdict(list)
    rows: QuerySet[Any] = QuerySet(model=conf.get_attribute_delta_model(), using=table.history)
    rows = rows.filter(object_delta_id__in=deltas).order_by("pk")
    for pk, *change in rows.values_list("object_delta_id", "field_name", "old_value", "new_value"):
        name, old, new = change
        found[pk].append((name, old, new))
    return found


def shortened(value: Json, length: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= length else f"{text[: length - 1]}…"
