"""bulk_create and bulk_update."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection
from django.db.models import F

from tests.coverage.paths import Writing, section
from tests.coverage.start import ENTRY_IDS
from tests.machine.app.models import Code, Entry, Gauge, Restaurant, Seat, Shelf, SpecialThing, Thing
from tests.machine.world import awaited

path = section("`bulk_create()` and `bulk_update()`")

NO_TARGET = "MySQL and MariaDB take no `unique_fields`: any conflict is meant."
TARGET = "SQLite and PostgreSQL want to be told the `unique_fields`."


@path("`bulk_create()`, keys made by the database")
def create() -> Writing:
    yield
    Gauge.objects.bulk_create([Gauge(key=key, value=1) for key in "xyz"])


@path("`bulk_create()`, keys given")
def create_with_keys() -> Writing:
    yield
    Code.objects.bulk_create([Code(id=key) for key in "xyz"])


@path("`bulk_create()`, some keys given and some made by the database")
def create_with_some_keys() -> Writing:
    yield
    Gauge.objects.bulk_create([Gauge(key="x"), Gauge(pk=10**6, key="y"), Gauge(key="z")])


@path("`bulk_create()`, composite keys")
def create_with_composite_keys() -> Writing:
    yield
    Seat.objects.bulk_create([Seat(row="b", place=place) for place in (1, 2)])


@path("`bulk_create()` with a `db_default` and a generated column, through a proxy")
def create_computed() -> Writing:
    yield
    SpecialThing.objects.bulk_create([SpecialThing(name=name, count=3) for name in "xy"])


@path("`bulk_create(batch_size=2)` of 5 objects")
def create_in_batches() -> Writing:
    yield
    Code.objects.bulk_create((Code(id=key) for key in "vwxyz"), batch_size=2)


@path("`abulk_create()`")
def create_async() -> Writing:
    yield
    awaited(Gauge.objects.abulk_create)([Gauge(key=key) for key in "xyz"])


@path("`bulk_create(ignore_conflicts=True)`")
def ignore_conflicts() -> Writing:
    yield
    Gauge.objects.bulk_create([Gauge(key=key, value=10) for key in "ax"], ignore_conflicts=True)


@path("`bulk_create(update_conflicts=True)` by the primary key", MariaDB=NO_TARGET)
def upsert_by_key() -> Writing:
    yield
    Code.objects.bulk_create(
        [Code(id=key, label="new") for key in "axy"],
        update_conflicts=True,
        update_fields=["label"],
        unique_fields=["pk"],
    )


@path("`bulk_create(update_conflicts=True)` by a unique field", MariaDB=NO_TARGET)
def upsert_by_field() -> Writing:
    yield
    _upsert(unique_fields=["key"])


@path("`bulk_create(update_conflicts=True)` by whatever is unique", SQLite=TARGET, PostgreSQL=TARGET)
def upsert_by_any_key() -> Writing:
    yield
    _upsert()


@path("`bulk_create(update_conflicts=True)` by another key than the primary one, both given", MariaDB=NO_TARGET)
def upsert_with_two_keys() -> Writing:
    yield
    entries = [
        Entry(id=uuid.UUID(int=9, version=4), slug="a", value=10),
        Entry(id=ENTRY_IDS[2], slug="new", value=10),
    ]
    Entry.objects.bulk_create(entries, update_conflicts=True, update_fields=["value"], unique_fields=["slug"])


@path("`abulk_create(update_conflicts=True)`, nothing changed")
def upsert_unchanged() -> Writing:
    yield
    target = {"unique_fields": ["pk"]} if connection.features.supports_update_conflicts_with_target else {}
    awaited(Code.objects.abulk_create)(
        [Code(id="a", label="a")], update_conflicts=True, update_fields=["label"], **target
    )


@path("`bulk_update()`")
def update() -> Writing:
    gauges = list(Gauge.objects.order_by("key"))
    yield
    for number, gauge in enumerate(gauges):
        gauge.value = number
        gauge.price = 10 * number
    Gauge.objects.bulk_update(gauges, ["value", "price"])


@path("`abulk_update()`")
def update_async() -> Writing:
    gauges = list(Gauge.objects.order_by("key"))
    yield
    for gauge in gauges:
        gauge.value += 1
    awaited(Gauge.objects.abulk_update)(gauges, ["value"])


@path("`bulk_update()` with `F()`, foreign keys and JSON")
def update_expressions() -> Writing:
    things, shelf = list(Thing.objects.order_by("name")), Shelf.objects.get(name="b")
    yield
    for thing in things:
        thing.count = F("rank") + 1
        thing.set_null = shelf
        thing.data = {"name": thing.name}
    Thing.objects.bulk_update(things, ["count", "set_null", "data"])


@path("`bulk_update(batch_size=1)` of 3 objects")
def update_in_batches() -> Writing:
    codes = list(Code.objects.order_by("pk"))
    yield
    for code in codes:
        code.label = "new"
    Code.objects.bulk_update(codes, ["label"], batch_size=1)


@path("`bulk_update()` of a multi-table child's columns of two tables")
def update_child() -> Writing:
    restaurants = list(Restaurant.objects.order_by("pk"))
    yield
    for restaurant in restaurants:
        restaurant.name, restaurant.stars = f"new {restaurant.name}", 5
    Restaurant.objects.bulk_update(restaurants, ["name", "stars"])


def _upsert(**options: Any) -> None:
    gauges = [Gauge(key="a", value=10), Gauge(key="b", value=2), Gauge(key="x", value=10)]
    Gauge.objects.bulk_create(gauges, update_conflicts=True, update_fields=["value"], **options)
