"""Many-to-many relations."""

from __future__ import annotations

from typing import Any

from tests.coverage.paths import Writing, section
from tests.machine.app.models import Club, Person, Pizzeria, Place, SpecialThing, Tag, Thing
from tests.machine.expected import Expected
from tests.machine.world import awaited

path = section("Many-to-many")


def _tags() -> Any:
    """Return the tags of a thing that has the red and the green one."""
    return Thing.objects.get(name="a").tags


def _person(name: str) -> Any:
    return Person.objects.get(name=name)


@path("`add()` of instances")
def add() -> Writing:
    tags, blue = _tags(), Tag.objects.get(pk="blue")
    yield
    tags.add(blue)


@path("`add()` of keys, some twice, some there already")
def add_keys() -> Writing:
    tags = _tags()
    yield
    tags.add("blue", "red", "blue")


@path("`add()` of what is there already")
def add_nothing() -> Writing:
    tags = _tags()
    yield
    tags.add("red")


@path("`remove()`")
def remove() -> Writing:
    tags = _tags()
    yield
    tags.remove("red", "blue")


@path("`set()`")
def set_() -> Writing:
    tags = _tags()
    yield
    tags.set(["green", "blue"])


@path("`aset()`")
def set_async() -> Writing:
    tags = _tags()
    yield
    awaited(tags.aset)(["green", "blue"])


@path("`set(clear=True)`")
def set_clearing() -> Writing:
    tags = _tags()
    yield
    tags.set(["green", "blue"], clear=True)


@path("`clear()`")
def clear() -> Writing:
    tags = _tags()
    yield
    tags.clear()


@path("`create()`")
def create() -> Writing:
    tags = _tags()
    yield
    tags.create(name="new")


@path("`aget_or_create()` that creates")
def get_or_create() -> Writing:
    tags = _tags()
    yield
    awaited(tags.aget_or_create)(name="new")


@path("other side: `add()`")
def reverse_add() -> Writing:
    red, thing = Tag.objects.get(pk="red"), Thing.objects.get(name="c")
    yield
    red.things.add(thing)


@path("other side: `set()`")
def reverse_set() -> Writing:
    red, things = Tag.objects.get(pk="red"), list(Thing.objects.filter(name__in="bc"))
    yield
    red.things.set(things)


@path("other side: `clear()`")
def reverse_clear() -> Writing:
    red = Tag.objects.get(pk="red")
    yield
    red.things.clear()


@path("other side: `create()`")
def reverse_create() -> Writing:
    red = Tag.objects.get(pk="red")
    # A Create, and the relation.
    yield Expected(at_most=2)
    red.things.create(name="new")


@path("to itself, symmetrical: `add()`")
def symmetrical_add() -> Writing:
    ann, cat = _person("ann"), _person("cat")
    yield
    ann.friends.add(cat, ann)


@path("to itself, symmetrical: `clear()`")
def symmetrical_clear() -> Writing:
    ann = _person("ann")
    yield
    ann.friends.clear()


@path("to itself, not symmetrical: `set()`")
def directed_set() -> Writing:
    ann, cat = _person("ann"), _person("cat")
    yield
    ann.follows.set([cat, ann])


@path("of a proxy: `set()`")
def proxy_set() -> Writing:
    thing = SpecialThing.objects.get(name="a")
    yield
    thing.tags.set(["blue"])


@path("inherited by a multi-table child: `add()`")
def inherited_add() -> Writing:
    pizzeria = Pizzeria.objects.get(name="roma")
    yield
    pizzeria.tags.add("red")


@path("of a multi-table parent, seen in the history of its children: other side's `set()`")
def parent_set() -> Writing:
    blue = Tag.objects.get(pk="blue")
    yield
    blue.places.set(Place.objects.all())


@path("rows of the automatic table: `create()`")
def row_create() -> Writing:
    thing = Thing.objects.get(name="c")
    yield
    Thing.tags.through.objects.create(thing=thing, tag_id="red")


@path("rows of the automatic table: `bulk_create()`")
def row_bulk_create() -> Writing:
    rows = [Thing.tags.through(thing=thing, tag_id="blue") for thing in Thing.objects.all()]
    yield
    Thing.tags.through.objects.bulk_create(rows)


@path("rows of the automatic table: `update()`")
def row_update() -> Writing:
    yield
    Thing.tags.through.objects.filter(tag="green").update(tag="blue")


@path("rows of the automatic table: `delete()`")
def row_delete() -> Writing:
    yield
    Thing.tags.through.objects.filter(tag="red").delete()


@path("through a model of one's own: `add()` with `through_defaults`")
def through_add() -> Writing:
    club, cat = Club.objects.get(), _person("cat")
    yield
    club.members.add(cat, through_defaults={"role": "guest"})


@path("through a model of one's own: `set()`")
def through_set() -> Writing:
    club, bob, cat = Club.objects.get(), _person("bob"), _person("cat")
    yield
    club.members.set([bob, cat])


@path("through a model of one's own: other side's `create()`")
def through_create() -> Writing:
    ann = _person("ann")
    yield
    ann.clubs.create(name="go")


@path("through a model of one's own: `clear()`")
def through_clear() -> Writing:
    club = Club.objects.get()
    yield
    club.members.clear()
