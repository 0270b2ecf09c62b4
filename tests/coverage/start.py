"""What there is before each write."""

from __future__ import annotations

import uuid

from tests.machine.app.models import (
    FALLBACK,
    SENTINEL,
    Chapter,
    Club,
    Code,
    Entry,
    Gauge,
    Note,
    Number,
    Person,
    Pizzeria,
    Place,
    Restaurant,
    Seat,
    Shelf,
    Tag,
    Thing,
)

ENTRY_IDS = [uuid.UUID(int=number, version=4) for number in range(1, 4)]


def build() -> None:
    """Make some objects of each model, which paths find by their names."""
    Shelf.objects.create(pk=FALLBACK, name="fallback")
    Shelf.objects.create(pk=SENTINEL, name="sentinel")
    shelves = [Shelf.objects.create(name=name) for name in "ab"]
    for title in ("one", "two", "three"):
        Chapter.objects.create(shelf=shelves[0], title=title)

    for name in ("red", "green", "blue"):
        Tag.objects.create(name=name, color=name)
    things = [
        Thing.objects.create(name=name, count=count, data={"n": count}, set_null=shelf)
        for name, count, shelf in (("a", 1, shelves[0]), ("b", 2, shelves[0]), ("c", 3, None))
    ]
    things[0].tags.set(["red", "green"])
    things[1].tags.set(["red"])
    for text in ("first", "second"):
        Note.objects.create(content=things[0], text=text)

    ann = Person.objects.create(name="ann")
    bob = Person.objects.create(name="bob", boss=ann, twin=ann)
    Person.objects.create(name="cat")
    ann.friends.add(bob)
    ann.follows.add(bob)
    Club.objects.create(name="chess").members.add(ann, bob)

    Place.objects.create(name="park", owner=ann).tags.add("red")
    Restaurant.objects.create(name="grill", stars=1, cook=bob)
    Pizzeria.objects.create(name="roma", stars=2, owner=ann).regulars.add(ann)

    for number, pk in enumerate(ENTRY_IDS[:2], 1):
        Entry.objects.create(pk=pk, slug="ab"[number - 1], value=number)
    for number, name in enumerate("abc", 1):
        Gauge.objects.create(key=name, value=number)
        Code.objects.create(pk=name, label=name)
        Number.objects.create(pk=number, label=name)
    for place in (1, 2):
        Seat.objects.create(row="a", place=place, label=str(place))
