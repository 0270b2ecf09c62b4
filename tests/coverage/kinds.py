"""Saving objects of every kind: proxies, inheriting models, keys of several columns, references of all sorts."""

from __future__ import annotations

from tests.coverage.paths import Writing, section
from tests.machine.app.models import (
    Chapter,
    Membership,
    Note,
    Person,
    Pizzeria,
    Place,
    Restaurant,
    Seat,
    Shelf,
    SpecialThing,
    Thing,
)

path = section("Kinds of models")


@path("proxy: `create()`")
def proxy_create() -> Writing:
    yield
    SpecialThing.objects.create(name="new")


@path("proxy: `save()`")
def proxy_save() -> Writing:
    thing = SpecialThing.objects.get(name="a")
    yield
    thing.rank = 1
    thing.save()


@path("multi-table child: `create()`")
def child_create() -> Writing:
    yield
    Restaurant.objects.create(name="new", stars=3)


@path("multi-table child: `save()` of its own column")
def child_save() -> Writing:
    restaurant = Restaurant.objects.get(name="grill")
    yield
    restaurant.stars = 3
    restaurant.save()


@path("multi-table grandchild: `save()` of columns of all three tables")
def grandchild_save() -> Writing:
    pizzeria = Pizzeria.objects.get(name="roma")
    yield
    pizzeria.name, pizzeria.stars, pizzeria.ovens = "napoli", 3, 4
    pizzeria.save()


@path("multi-table parent: `save()`, seen in the history of its children")
def parent_save() -> Writing:
    place = Place.objects.get(name="roma")
    yield
    place.name = "napoli"
    place.save()


@path("multi-table child made of an existing parent: `save_base(raw=True)`")
def child_of_parent() -> Writing:
    place = Place.objects.get(name="park")
    yield
    Restaurant(place_ptr=place, stars=1).save_base(raw=True)


@path("composite primary key: `create()`")
def composite_create() -> Writing:
    yield
    Seat.objects.create(row="b", place=1)


@path("composite primary key: `save()`")
def composite_save() -> Writing:
    seat = Seat.objects.get(pk=("a", 1))
    yield
    seat.label = "new"
    seat.save()


@path("one-to-one and foreign key to the model itself: `save()`")
def self_references() -> Writing:
    cat, bob = Person.objects.get(name="cat"), Person.objects.get(name="bob")
    yield
    cat.twin, cat.boss = bob, cat
    cat.save()


@path("explicit through model: `save()` of a row")
def membership_save() -> Writing:
    membership = Membership.objects.get(person__name="ann")
    yield
    membership.role = "president"
    membership.save()


@path("generic foreign key: `create()`")
def generic_create() -> Writing:
    thing = Thing.objects.get(name="b")
    yield
    Note.objects.create(content=thing, text="new")


@path("generic foreign key: `save()` with another object")
def generic_save() -> Writing:
    note, thing = Note.objects.get(text="first"), Thing.objects.get(name="b")
    yield
    note.content = thing
    note.save()


@path("`order_with_respect_to`: `create()`")
def ordered_create() -> Writing:
    shelf = Shelf.objects.get(name="a")
    yield
    Chapter.objects.create(shelf=shelf, title="four")


@path("`order_with_respect_to`: `set_…_order()`")
def set_order() -> Writing:
    shelf = Shelf.objects.get(name="a")
    order = list(shelf.get_chapter_order())
    yield
    shelf.set_chapter_order(order[::-1])
