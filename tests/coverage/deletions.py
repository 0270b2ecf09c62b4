"""Deleting objects, and all that falls with them."""

from __future__ import annotations

import contextlib
from typing import Any

from django.db.models import ProtectedError, RestrictedError

from tests.coverage.paths import Writing, deletion, section
from tests.machine.app.models import (
    Chapter,
    Club,
    Code,
    Entry,
    Number,
    Person,
    Pizzeria,
    Place,
    Restaurant,
    Seat,
    Shelf,
    SpecialThing,
    Tag,
    Thing,
)
from tests.machine.expected import Expected
from tests.machine.world import awaited

path = section("Deletes")


def _referred_to(*references: str) -> Shelf:
    """Return a new shelf, and things that refer to it by each of these fields."""
    shelf = Shelf.objects.create(name="referred to")
    for name in references:
        Thing.objects.create(name=name, **{name: shelf})
    return shelf


@path("`delete()` of an instance that nothing refers to")
def instance() -> Writing:
    number = Number.objects.get(pk=1)
    yield deletion(number)
    number.delete()


@path("`adelete()` of an instance")
def instance_async() -> Writing:
    number = Number.objects.get(pk=1)
    yield deletion(number)
    awaited(number.adelete)()


@path("`delete()` of a stale and dirty instance")
def dirty() -> Writing:
    entry = Entry.objects.get(slug="a")
    Entry.objects.filter(slug="a").update(data=5)
    yield deletion(entry)
    entry.value = 10
    entry.delete()


@path("`delete()` of an instance whose row is gone")
def gone() -> Writing:
    number = Number.objects.get(pk=1)
    Number.objects.filter(pk=1).delete()
    yield deletion(number)
    number.delete()


@path("`QuerySet.delete()` in one statement")
def rows() -> Writing:
    yield Expected(is_deletion=True)
    Entry.objects.filter(value__gt=1).delete()


@path("`QuerySet.adelete()`")
def rows_async() -> Writing:
    yield Expected(is_deletion=True)
    awaited(Entry.objects.filter(value__gt=1).adelete)()


@path("`QuerySet.delete()` of rows filtered by relations, with what falls")
def rows_by_relation() -> Writing:
    yield deletion(*Thing.objects.filter(tags__color="red"))
    Thing.objects.filter(tags__color="red").delete()


@path("`QuerySet._raw_delete()`, as Django's own code does")
def raw() -> Writing:
    yield Expected(is_deletion=True)
    Code.objects.filter(pk__in="ab")._raw_delete("default")


@path("composite primary key: `delete()`")
def composite() -> Writing:
    seat = Seat.objects.get(pk=("a", 1))
    yield deletion(seat)
    seat.delete()


@path("proxy: `delete()`")
def proxy() -> Writing:
    thing = SpecialThing.objects.get(name="a")
    yield deletion(thing)
    thing.delete()


@path("`on_delete`: `CASCADE`, revy's and Django's")
def cascade() -> Writing:
    shelf = _referred_to("cascade", "plain_cascade")
    yield deletion(shelf)
    shelf.delete()


@path("`on_delete`: `SET_NULL`, revy's and Django's")
def set_null() -> Writing:
    shelf = _referred_to("set_null", "plain_set_null")
    yield deletion(shelf)
    shelf.delete()


@path("`on_delete`: `SET_DEFAULT`, revy's and Django's")
def set_default() -> Writing:
    shelf = _referred_to("set_default", "plain_set_default")
    yield deletion(shelf)
    shelf.delete()


@path("`on_delete`: `SET()` of a callable, revy's and Django's")
def set_value() -> Writing:
    shelf = _referred_to("set_value", "plain_set_value")
    yield deletion(shelf)
    shelf.delete()


@path("`on_delete`: `DO_NOTHING`")
def do_nothing() -> Writing:
    shelf = _referred_to("do_nothing")
    yield deletion(shelf)
    shelf.delete()


@path("`on_delete`: `PROTECT`, which refuses")
def protect() -> Writing:
    shelf = _referred_to("protect", "cascade")
    yield
    with contextlib.suppress(ProtectedError):
        shelf.delete()


@path("`on_delete`: `RESTRICT`, which refuses")
def restrict() -> Writing:
    shelf = _referred_to("restrict", "cascade")
    yield
    with contextlib.suppress(RestrictedError):
        shelf.delete()


@path("`on_delete`: all kinds in one graph, two of them on one object")
def every_kind() -> Writing:
    kinds = ("cascade", "plain_cascade", "set_null", "plain_set_null", "set_default", "plain_set_default", "set_value")
    shelf = _referred_to(*kinds, "plain_set_value", "do_nothing")
    Thing.objects.create(name="two", set_null=shelf, set_default=shelf)
    Thing.objects.create(name="falls", set_null=shelf, cascade=shelf)
    yield deletion(shelf)
    shelf.delete()


@path("a diamond: what falls by two ways, `RESTRICT` being one of them")
def diamond() -> Writing:
    shelf = Shelf.objects.create(name="shelf")
    Thing.objects.create(name="thing", cascade=shelf, plain_cascade=shelf, restrict=shelf)
    yield deletion(shelf)
    shelf.delete()


@path("a cycle of cascades, and what refers to itself")
def cycle() -> Writing:
    people = [Person.objects.create(name=name) for name in "xyz"]
    for person, mentor in zip(people, [*people[1:], people[0]], strict=True):
        Person.objects.filter(pk=person.pk).update(mentor=mentor, boss=person)
    person = Person.objects.get(name="x")
    yield deletion(person)
    person.delete()


@path("a tree: descendants by `CASCADE`, referrers by `SET_NULL`")
def tree() -> Writing:
    root = Person.objects.create(name="root")
    for name in "xy":
        child = Person.objects.create(name=name, mentor=root)
        Person.objects.create(name=f"of {name}", mentor=child)
        Person.objects.create(name=f"under {name}", boss=child)
    yield deletion(root)
    root.delete()


@path("multi-table child: `delete()`")
def child() -> Writing:
    pizzeria = Pizzeria.objects.get(name="roma")
    yield deletion(pizzeria)
    pizzeria.delete()


@path("multi-table child: `delete(keep_parents=True)`")
def child_only() -> Writing:
    restaurant = Restaurant.objects.get(name="grill")
    yield Expected(roots={(Restaurant, restaurant.pk)}, is_deletion=True)
    restaurant.delete(keep_parents=True)


@path("multi-table child: `QuerySet.delete()`")
def children() -> Writing:
    yield deletion(*Restaurant.objects.all())
    Restaurant.objects.all().delete()


@path("multi-table parent: `delete()`, its children with it")
def parent() -> Writing:
    place = Place.objects.get(name="roma")
    yield deletion(place)
    place.delete()


@path("owner of a many-to-many relation and of a generic one")
def owner_of_relations() -> Writing:
    thing = Thing.objects.get(name="a")
    yield deletion(thing)
    thing.delete()


@path("target of a many-to-many relation: the lists of others change")
def target_of_links() -> Writing:
    red = Tag.objects.get(pk="red")
    yield deletion(red)
    red.delete()


@path("friends of its own model: lists on both sides")
def friend() -> Writing:
    bob = Person.objects.get(name="bob")
    yield deletion(bob)
    bob.delete()


@path("explicit through model: its rows fall")
def with_through_rows() -> Writing:
    club = Club.objects.get()
    yield deletion(club)
    club.delete()


@path("`order_with_respect_to`: one of the ordered")
def ordered() -> Writing:
    chapter = Chapter.objects.get(title="two")
    yield deletion(chapter)
    chapter.delete()


@path("reverse manager: `delete()` of its rows")
def through_manager() -> Writing:
    manager: Any = Shelf.objects.get(name="a").set_null_things
    yield deletion(*manager.all())
    manager.all().delete()
