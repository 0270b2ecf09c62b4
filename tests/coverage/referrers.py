"""Writing through the managers of those that refer to an object."""

from __future__ import annotations

from typing import Any

from tests.coverage.paths import Writing, section
from tests.machine.app.models import Note, Person, Shelf, Thing
from tests.machine.expected import Expected
from tests.machine.world import awaited

path = section("Reverse foreign keys and generic relations")


def _referrers() -> Any:
    return Shelf.objects.get(name="a").set_null_things


def _things(*names: str) -> list[Thing]:
    return list(Thing.objects.filter(name__in=names).order_by("name"))


@path("`add()`")
def add() -> Writing:
    manager, things = _referrers(), _things("b", "c")
    yield
    manager.add(*things)


@path("`add(bulk=False)`")
def add_one_by_one() -> Writing:
    manager, things = _referrers(), [*_things("c"), Thing(name="new")]
    yield
    manager.add(*things, bulk=False)


@path("`remove()`")
def remove() -> Writing:
    manager, things = _referrers(), _things("a")
    yield
    manager.remove(*things)


@path("`remove(bulk=False)`")
def remove_one_by_one() -> Writing:
    manager, things = _referrers(), _things("a", "b")
    yield
    manager.remove(*things, bulk=False)


@path("`set()`")
def set_() -> Writing:
    manager, things = _referrers(), _things("b", "c")
    yield
    manager.set(things)


@path("`aset()`")
def set_async() -> Writing:
    manager, things = _referrers(), _things("b", "c")
    yield
    awaited(manager.aset)(things)


@path("`set(clear=True)`: all are taken away, and some come back")
def set_clearing() -> Writing:
    manager, things = _referrers(), _things("b", "c")
    yield Expected(at_most=2, may_return=True)
    manager.set(things, clear=True)


@path("`clear()`")
def clear() -> Writing:
    manager = _referrers()
    yield
    manager.clear()


@path("`clear(bulk=False)`")
def clear_one_by_one() -> Writing:
    manager = _referrers()
    yield
    manager.clear(bulk=False)


@path("`create()`")
def create() -> Writing:
    manager = _referrers()
    yield
    manager.create(name="new")


@path("`bulk_create()`")
def bulk_create() -> Writing:
    shelf = Shelf.objects.get(name="a")
    yield
    shelf.set_null_things.bulk_create([Thing(name=name, set_null=shelf) for name in "xy"])


@path("`update_or_create()` that updates")
def update_or_create() -> Writing:
    manager = _referrers()
    yield
    manager.update_or_create(name="a", defaults={"rank": 1})


@path("`update()`")
def update() -> Writing:
    manager = _referrers()
    yield
    manager.update(rank=1)


@path("one-to-one: `save()` of what the reverse side was assigned to")
def one_to_one() -> Writing:
    cat, ann = Person.objects.get(name="cat"), Person.objects.get(name="ann")
    yield
    cat.other_twin = ann
    ann.save()


@path("generic relation: `create()`")
def generic_create() -> Writing:
    thing = Thing.objects.get(name="b")
    yield
    thing.notes.create(text="new")


@path("generic relation: `add()`")
def generic_add() -> Writing:
    thing, note = Thing.objects.get(name="b"), Note.objects.get(text="first")
    yield
    thing.notes.add(note)


@path("generic relation: `remove()`, which deletes")
def generic_remove() -> Writing:
    thing, note = Thing.objects.get(name="a"), Note.objects.get(text="first")
    yield
    thing.notes.remove(note)


@path("generic relation: `set()`")
def generic_set() -> Writing:
    thing, note = Thing.objects.get(name="a"), Note.objects.get(text="first")
    yield
    thing.notes.set([note])


@path("generic relation: `clear()`, which deletes")
def generic_clear() -> Writing:
    thing = Thing.objects.get(name="a")
    yield
    thing.notes.clear()
