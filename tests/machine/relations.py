"""Writing through the managers of related objects."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from tests.machine.app import models as app
from tests.machine.expected import Expected
from tests.machine.saves import NUMBERS
from tests.machine.values import counts, keys, names
from tests.machine.world import World, awaited

# The model, its manager, and the model on the other side.
MANY_TO_MANY = [
    (app.Thing, "tags", app.Tag),
    (app.SpecialThing, "tags", app.Tag),
    (app.Tag, "things", app.Thing),
    (app.Person, "friends", app.Person),
    (app.Person, "follows", app.Person),
    (app.Person, "followers", app.Person),
    (app.Place, "tags", app.Tag),
    (app.Restaurant, "tags", app.Tag),
    (app.Pizzeria, "tags", app.Tag),
    (app.Tag, "places", app.Place),
    (app.Restaurant, "regulars", app.Person),
    (app.Pizzeria, "regulars", app.Person),
    (app.Person, "haunts", app.Restaurant),
]
REVERSE = [
    (app.Shelf, "set_null_things", app.Thing),
    (app.Shelf, "plain_cascade_things", app.Thing),
    (app.Shelf, "people", app.Person),
    (app.Person, "team", app.Person),
    (app.Person, "pupils", app.Person),
    (app.Person, "places", app.Place),
    (app.Person, "kitchens", app.Restaurant),
    (app.Shelf, "chapter_set", app.Chapter),
    (app.Gauge, "readings", app.Reading),
    (app.Code, "readings", app.Reading),
]


def _call(world: World, manager: Any, method: str, *args: Any, **kwargs: Any) -> None:
    if world.chance("async"):
        awaited(getattr(manager, f"a{method}"))(*args, **kwargs)
    else:
        getattr(manager, method)(*args, **kwargs)


def _others(world: World, model: Any) -> list[Any]:
    """Return some objects of the model, as instances or by their keys."""
    pks = world.some_of(world.pks(model), "others")
    as_ids = world.chance("by ids")
    return [pk if as_ids else world.rows(model).get(pk=pk) for pk in pks]


def change_links(world: World) -> Expected:
    model, name, other = world.one_of(MANY_TO_MANY, "relation")
    manager = getattr(world.get(model), name)
    match world.one_of(["add", "remove", "set", "clear", "create"], "method"):
        case "add":
            _call(world, manager, "add", *_others(world, other))
        case "remove":
            _call(world, manager, "remove", *_others(world, other))
        case "set":
            _call(world, manager, "set", _others(world, other), clear=world.chance("clear"))
        case "clear":
            _call(world, manager, "clear")
        case "create":
            _call(world, manager, "create", **world.values(other))
            # A Create, and the relation.
            return Expected(at_most=2)
    return Expected()


def change_links_through(world: World) -> Expected:
    """The rows of an explicit through model are objects of their own."""
    model, name, other = world.one_of([(app.Club, "members", app.Person), (app.Person, "clubs", app.Club)], "relation")
    manager = getattr(world.get(model), name)
    more: dict[str, Any] = {"through_defaults": {"role": world.draw(keys, "role")}} if world.chance("role") else {}
    match world.one_of(["add", "remove", "set", "clear", "create"], "method"):
        case "add":
            _call(world, manager, "add", *_others(world, other), **more)
        case "remove":
            _call(world, manager, "remove", *_others(world, other))
        case "set":
            _call(world, manager, "set", _others(world, other), clear=world.chance("clear"), **more)
        case "clear":
            _call(world, manager, "clear")
        case "create":
            _call(world, manager, "create", **more, **world.values(other))
    return Expected()


def change_referrers(world: World) -> Expected:
    model, name, other = world.one_of(REVERSE, "relation")
    manager = getattr(world.get(model), name)
    others = [world.rows(other).get(pk=pk) for pk in world.some_of(world.pks(other), "others")]
    bulk = world.chance("bulk")
    # What must belong to one can only be moved.
    taking = ["remove", "set", "clear"] if manager.field.null else []
    match world.one_of(["add", "create", "update", *taking], "method"):
        case "add":
            _call(world, manager, "add", *others, bulk=bulk)
        case "remove":
            _call(world, manager, "remove", *(each for each in others if each in manager.all()), bulk=bulk)
        case "set":
            clear = world.chance("clear")
            _call(world, manager, "set", others, bulk=bulk, clear=clear)
            # All are taken away, and some come back.
            return Expected(at_most=2, may_return=True) if clear else Expected()
        case "clear":
            _call(world, manager, "clear", bulk=bulk)
        case "create":
            values = world.values(other)
            manager.create(**{name: value for name, value in values.items() if name != f"{manager.field.name}_id"})
        case "update" if other in NUMBERS and world.chance("expression"):
            manager.update(**{NUMBERS[other]: F(NUMBERS[other]) + world.draw(counts, "more")})
        case "update" if other not in (app.Chapter, app.Reading):
            manager.update(name=world.draw(names, "name"))
        case "update":
            # What is updated is not what is asked for any more.
            manager.update(**{manager.field.attname: world.reference(manager.field)})
    return Expected()


def change_notes(world: World) -> Expected:
    """Generic relations: what is taken away is deleted."""
    manager = world.get(app.Thing).notes
    notes = [world.rows(app.Note).get(pk=pk) for pk in world.some_of(world.pks(app.Note), "notes")]
    bulk = world.chance("bulk")
    match world.one_of(["create", "add", "remove", "set", "clear"], "method"):
        case "add":
            manager.add(*notes, bulk=bulk)
        case "remove":
            manager.remove(*notes, bulk=bulk)
        case "set":
            manager.set(notes, bulk=bulk, clear=False)
        case "clear":
            manager.clear(bulk=bulk)
        case "create":
            manager.create(text=world.draw(names, "text"))
    return Expected()


def write_through_rows(world: World) -> Expected:
    """Rows of automatic tables, written without a manager of the relation."""
    through, ends = world.one_of(
        [
            (app.Thing.tags.through, {"thing_id": app.Thing, "tag_id": app.Tag}),
            (app.Person.follows.through, {"from_person_id": app.Person, "to_person_id": app.Person}),
            (app.Place.tags.through, {"place_id": app.Place, "tag_id": app.Tag}),
        ],
        "through",
    )
    values = {name: world.one_of(world.pks(model), name) for name, model in ends.items()}
    rows = world.rows(through)
    match world.one_of(["create", "bulk_create", "delete", "delete one", "update"], "way"):
        case "create":
            rows.create(**values)
        case "bulk_create":
            rows.bulk_create([through(**values)], ignore_conflicts=True)
        case "delete":
            name = world.one_of(list(ends), "by")
            rows.filter(**{name: values[name]}).delete()
        case "delete one":
            found = rows.filter(**values).first() or world.skip()
            found.delete()
        case "update":
            source, target = list(ends)
            rows.filter(**{source: values[source]}).order_by("pk").filter(**{target: values[target]}).update(
                **{target: world.one_of(world.pks(ends[target]), "new target")}
            )
    return Expected()


WRITES = [change_links, change_links_through, change_referrers, change_notes, write_through_rows]
