"""How many statements recording adds: to a single save, and to writes of many rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import F

from revy import Context
from revy.contrib.django import get_object_delta_model
from tests.coverage.running import undone, warm
from tests.machine.app.models import Club, Gauge, Membership, Number, Person, Pizzeria, Shelf, Tag, Thing
from tests.orm import history

BATCH = 2000
FEW = (10, BATCH)
MANY = 5 * BATCH
SAVE, WRITE = "A single save", "Many rows"

Writing = Iterator[None]


@dataclass(frozen=True)
class Figure:
    """What recording adds to a write, by kind of statement.

    `rows`: how many it writes, 0 for a single save; `tables`: of how many tables.
    """

    name: str
    rows: int
    extra: dict[str, int]
    tables: int = 1

    def __str__(self) -> str:
        words = sorted(self.extra, key=lambda word: (word != "SELECT", word != "INSERT", word))
        text = ", ".join(f"{self.extra[word]} {word}" for word in words) or "none"
        return text if self.is_within_limits else f"**{text}**"

    @property
    def heading(self) -> str:
        return WRITE if self.rows else SAVE

    @property
    def title(self) -> str:
        return _title(self.name, self.rows)

    @property
    def is_within_limits(self) -> bool:
        batches = self.tables * -(-self.rows // BATCH)
        selects, inserts = (2 * batches, 3 * batches) if self.rows else (1, 3)
        return self.extra.get("SELECT", 0) <= selects and self.extra.get("INSERT", 0) <= inserts


_saves: list[tuple[str, Callable[[], Writing], int]] = []
_writes: list[tuple[str, Callable[[int], Writing], int]] = []


def run_figures(sizes: Iterable[int]) -> list[Figure]:
    """Measure each write on objects that have a history, in a transaction, outside every context and within one."""
    with undone():
        _make(1)
        found = [Figure(name, 0, _extra(write)) for name, write, _tables in _saves]
    for rows in sizes:
        with undone():
            _make(rows)
            found += [Figure(name, rows, _extra(partial(write, rows)), tables) for name, write, tables in _writes]
    return found


def titles() -> Iterator[tuple[str, str]]:
    """Yield the headings and titles of all figures."""
    yield from ((SAVE, name) for name, *_ in _saves)
    yield from ((WRITE, _title(name, rows)) for name, *_ in _writes for rows in (*FEW, MANY))


def _title(name: str, rows: int) -> str:
    return f"{name}: {rows:,} rows" if rows else name


def _make(rows: int) -> None:
    warm()
    with Context():
        Gauge.objects.bulk_create([Gauge(key=f"old {number}") for number in range(rows)])
        Number.objects.bulk_create([Number(pk=number) for number in range(rows)])
        club, person = Club.objects.create(name="full"), Person.objects.create(name="ann")
        Membership.objects.bulk_create([Membership(club=club, person=person) for _ in range(rows)])
        Tag.objects.create(name="red")
        Thing.objects.create(set_default=Shelf.objects.create(name="shelf")).tags.add("red")
        Pizzeria.objects.create(name="roma")
    Shelf.objects.create(name="older")


def _extra(write: Callable[[], Writing]) -> dict[str, int]:
    alone, recorded = _statements(write(), recorded=False), _statements(write(), recorded=True)
    return {word: recorded[word] - alone[word] for word in recorded | alone if recorded[word] != alone[word]}


def _statements(writing: Writing, *, recorded: bool) -> Counter[str]:
    with undone():
        next(writing)
        deltas = get_object_delta_model().objects.count()
        with Context.via_revision_description("why") if recorded else nullcontext(), history.statements() as statements:
            next(writing, None)
        if recorded and get_object_delta_model().objects.count() == deltas:
            raise AssertionError(f"{writing} should be recorded, but it is not.")
    return statements


def _add(figures: list[Any], name: str, tables: int = 1) -> Callable[[Any], Any]:
    def add(write: Any) -> Any:
        figures.append((name, write, tables))
        return write

    return add


@_add(_saves, "a new object")
def save_new() -> Writing:
    yield
    Gauge(key="new").save()


@_add(_saves, "a changed object")
def save_changed() -> Writing:
    gauge = Gauge.objects.get()
    yield
    gauge.value = 10
    gauge.save()


@_add(_saves, "a changed object, `update_fields`")
def save_update_fields() -> Writing:
    gauge = Gauge.objects.get()
    yield
    gauge.value = 10
    gauge.save(update_fields=["value"])


@_add(_saves, "`F()`")
def save_expression() -> Writing:
    gauge = Gauge.objects.get()
    yield
    gauge.value = F("value") + 1
    gauge.save()


@_add(_saves, "a changed object with JSON, decimals, dates and a generated column")
def save_wide() -> Writing:
    thing = Thing.objects.get()
    yield
    thing.count = 10
    thing.save()


@_add(_saves, "a changed object that is older than its history")
def save_older() -> Writing:
    shelf = Shelf.objects.get(name="older")
    yield
    shelf.name = "new"
    shelf.save()


@_add(_saves, "a changed object of three tables")
def save_child() -> Writing:
    pizzeria = Pizzeria.objects.get()
    yield
    pizzeria.ovens = 10
    pizzeria.save()


@_add(_writes, "`update()` of a constant")
def update(_rows: int) -> Writing:
    yield
    Gauge.objects.update(value=10)


@_add(_writes, "`update()` of `F()`")
def update_expression(_rows: int) -> Writing:
    yield
    Gauge.objects.update(value=F("value") + 1)


@_add(_writes, "`bulk_create()`")
def bulk_create(rows: int) -> Writing:
    yield
    Gauge.objects.bulk_create([Gauge(key=f"new {number}") for number in range(rows)])


@_add(_writes, "`bulk_create(ignore_conflicts=True)`, half of them conflicting")
def bulk_create_ignoring(rows: int) -> Writing:
    yield
    Gauge.objects.bulk_create(_half_new(rows), ignore_conflicts=True)


@_add(_writes, "`bulk_create(update_conflicts=True)`, half of them conflicting")
def bulk_create_updating(rows: int) -> Writing:
    target = {"unique_fields": ["key"]} if connection.features.supports_update_conflicts_with_target else {}
    yield
    Gauge.objects.bulk_create(_half_new(rows), update_conflicts=True, update_fields=["value"], **target)


@_add(_writes, "`bulk_update(batch_size=2000)`")
def bulk_update(_rows: int) -> Writing:
    gauges = list(Gauge.objects.all())
    yield
    for gauge in gauges:
        gauge.value = 10
    Gauge.objects.bulk_update(gauges, ["value"], batch_size=BATCH)


@_add(_writes, "`QuerySet.delete()`")
def delete(_rows: int) -> Writing:
    yield
    Number.objects.all().delete()


@_add(_writes, "`delete()` of an object with which they fall", tables=2)
def cascade(_rows: int) -> Writing:
    club = Club.objects.get()
    yield
    club.delete()


def _half_new(rows: int) -> list[Gauge]:
    return [Gauge(key=f"{'old' if number % 2 else 'new'} {number}", value=10) for number in range(rows)]
