"""Writing instances."""

from __future__ import annotations

import copy
import pickle
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Concat
from hypothesis import strategies as st

from tests.machine.app import models as app
from tests.machine.expected import Expected
from tests.machine.values import VALUES, alike, counts, names
from tests.machine.world import World, awaited

EVERY = list(VALUES)
# Whose rows others refer to, or that have rows in several tables, are written more often.
LIKELY = [*EVERY, app.Restaurant, app.Restaurant, app.Pizzeria, app.Pizzeria, app.Thing, app.Person]
NUMBERS = {
    app.Thing: "count", app.SpecialThing: "count", app.Restaurant: "stars", app.Pizzeria: "ovens",
    app.Entry: "value", app.Gauge: "value", app.Reading: "value",
}  # fmt: skip


def _saved(instance: Any, expected: Expected, *, at_most: int = 1) -> Expected:
    expected.at_most = at_most
    expected.saved = (type(instance)._meta.concrete_model, instance.pk)
    return expected


def save_new(world: World) -> Expected:
    model = world.one_of(LIKELY, "model")
    expected = Expected()
    instance = model(**world.values(model))
    # Only what is assigned again has an actor of its own.
    changes = world.changes(model, at_least=0)
    world.assign(instance, changes, expected)
    world.assign(instance, {name: world.columns(model)[name]() for name in list(changes)[:1]}, expected)
    for name in list(expected.assigned):
        if name not in instance.__dict__:
            world.skip()
    way = world.one_of(["save", "force_insert", "asave", "not adding"], "way")
    if way == "asave":
        awaited(instance.asave)(using=world.using)
    else:
        instance._state.adding = way != "not adding"
        instance.save(force_insert=way == "force_insert", using=world.using)
    world.hold(instance)
    return _saved(instance, expected)


def bring_back(world: World) -> Expected:
    """What was deleted comes back under its key, at times unrecorded, and is likely to be changed after that."""
    memory = world.oracles[world.using].memory
    gone = [
        key for key, (action, _state) in memory.last.items()
        if action == "D" and key not in memory.rows and key[0] in (app.Code, app.Number, app.Tag)
    ]  # fmt: skip
    model, pk = world.one_of(sorted(gone, key=str), "gone")
    instance = model(**{**world.values(model), model._meta.pk.attname: pk})
    instance.save(force_insert=True, using=world.using)
    world.hold(instance)
    return Expected()


def create(world: World) -> Expected:
    model = world.one_of(LIKELY, "model")
    values = world.values(model)
    if world.chance("async"):
        instance = awaited(world.rows(model).acreate)(**values)
    else:
        instance = world.rows(model).create(**values)
    world.hold(instance)
    return Expected()


def save_changed(world: World) -> Expected:
    model = world.one_of(EVERY, "model")
    instance = world.get(model)
    expected = Expected()
    changes = world.changes(model)
    world.assign(instance, changes, expected)
    # Some are assigned twice.
    world.assign(instance, {name: world.columns(model)[name]() for name in list(changes)[:1]}, expected)
    ways = ["save", "update_fields", "other fields", "force_update", "select_on_save", "adding", "raw"]
    way = world.one_of(ways, "way")
    options: dict[str, Any] = {"force_update": way == "force_update"}
    if way == "update_fields":
        options = {"update_fields": list(changes)}
    elif way == "other fields":
        options = {"update_fields": world.some_of(world.changeable(model), "update_fields")}
        # An empty list saves nothing at all.
    if way == "select_on_save":
        instance._meta.select_on_save = True
    # Django takes it for a new object, and inserts it where it always gives keys itself.
    instance._state.adding = way == "adding"
    try:
        instance.save_base(raw=True) if way == "raw" else instance.save(**options)
    finally:
        instance._meta.select_on_save = False
    if way != "other fields":
        world.hold(instance)
    return _saved(instance, expected)


def save_deferred(world: World) -> Expected:
    model = world.one_of(EVERY, "model")
    pk = world.one_of(world.pks(model), "pk")
    names = world.draw(st.lists(st.sampled_from(world.changeable(model)), min_size=1, max_size=3), "names")
    rows = world.rows(model)
    instance = (rows.only(*names) if world.chance("only") else rows.defer(*names)).get(pk=pk)
    expected = Expected()
    world.assign(instance, world.changes(model), expected)
    instance.save()
    world.hold(instance)
    return _saved(instance, expected)


def save_expression(world: World) -> Expected:
    model = world.one_of(list(NUMBERS), "model")
    instance = world.get(model)
    name = NUMBERS[model]
    setattr(instance, name, F(name) + world.draw(counts, "more"))
    if hasattr(instance, "name") and world.chance("name too"):
        instance.name = Concat(F("name"), Value("+"))
        if len(world.rows(type(instance)).values_list("name", flat=True).get(pk=instance.pk)) > 40:
            world.skip()
    instance.save()
    return Expected()


def save_held(world: World) -> Expected:
    instance = world.take()
    if instance.get_deferred_fields() and instance.pk not in world.pks(type(instance)):
        # Django refuses to save what it cannot insert either.
        world.skip()
    # Its unsaved columns are those of an earlier time.
    expected = Expected()
    world.assign(instance, world.changes(type(instance), at_least=0), expected)
    way = world.one_of(["save", "copy", "pickle", "refresh"], "way")
    if way == "refresh":
        if instance.pk not in world.pks(type(instance)):
            world.skip()
        instance.refresh_from_db()
        expected.assigned.clear()
    elif way == "copy":
        instance = copy.copy(instance)
    elif way == "pickle":
        instance = pickle.loads(pickle.dumps(instance))
        expected.assigned.clear()
    instance.save()
    world.hold(instance)
    return _saved(instance, expected)


def save_in_place(world: World) -> Expected:
    """JSON that is changed in memory is never assigned."""
    model = world.one_of([app.Thing, app.SpecialThing, app.Pizzeria, app.Entry], "model")
    instance = world.get(model)
    if not isinstance(instance.data, dict):
        instance.data = {}
    for value in world.draw(st.lists(alike | counts, min_size=1, max_size=3), "values"):
        instance.data["x"] = value
        instance.save()
    return _saved(instance, Expected(may_return=True), at_most=3)


def save_in_parts(world: World) -> Expected:
    """Who assigned what is known until it is saved, whatever was saved before."""
    model = world.one_of(LIKELY, "model")
    instance = world.get(model)
    expected = Expected()
    world.assign(instance, world.changes(model, at_least=1, at_most=4), expected)
    instance.save(update_fields=world.some_of(world.changeable(model), "update_fields", at_most=2))
    instance.save()
    world.hold(instance)
    return _saved(instance, expected, at_most=2)


def save_as_copy(world: World) -> Expected:
    model = world.one_of(
        [app.Thing, app.SpecialThing, app.Person, app.Place, app.Restaurant, app.Pizzeria, app.Chapter]
    )
    instance = world.get(model)
    for parent in [model, *model._meta.get_parent_list()]:
        setattr(instance, parent._meta.pk.attname, None)
        instance.id = None
    instance._state.adding = True
    if model is app.Person:
        instance.twin = None
    instance.save()
    return Expected()


def save_child_of_parent(world: World) -> Expected:
    """A place becomes a restaurant: a new row beside the one that is there."""
    parent, child = world.one_of([(app.Place, app.Restaurant), (app.Restaurant, app.Pizzeria)], "kinds")
    childless = set(world.pks(parent)) - set(world.pks(child))
    instance = world.rows(parent).get(pk=world.one_of(sorted(childless) or world.pks(parent), "pk"))
    link = child._meta.get_ancestor_link(parent).attname
    heir = child(**{link: instance.pk})
    heir.__dict__.update({field.attname: getattr(instance, field.attname) for field in parent._meta.concrete_fields})
    if world.chance("changed"):
        heir.name = world.draw(names, "name")
    if world.chance("raw"):
        heir.save_base(raw=True, using=world.using)
    else:
        heir.save(using=world.using)
    return Expected()


def get_or_create(world: World) -> Expected:
    model, key = world.one_of([(app.Entry, "slug"), (app.Gauge, "key"), (app.Tag, "name"), (app.Shelf, "pk")], "model")
    rows = world.rows(model)
    lookup = {key: world.draw(VALUES[model][key], key) if key != "pk" else world.draw(st.integers(1, 5))}
    defaults = {name: value for name, value in world.values(model).items() if name != key}
    way = world.one_of(["get_or_create", "update_or_create"], "way")
    if model is app.Shelf:
        # Keys that the database gives are not to be taken.
        lookup = {key: world.one_of(world.pks(model), "pk")}
    options: dict[str, Any] = {"defaults": defaults, **lookup}
    if way == "update_or_create":
        options["defaults"] = {name: value for name, value in defaults.items() if name != "id"}
        if model is app.Entry or world.chance("create_defaults"):
            options["create_defaults"] = defaults
    if world.chance("async"):
        awaited(getattr(rows, f"a{way}"))(**options)
    else:
        getattr(rows, way)(**options)
    return Expected()


def save_elsewhere(world: World) -> Expected:
    """An instance of one database, saved to another."""
    instance = world.get(world.one_of([app.Tag, app.Entry, app.Code, app.Number, app.Seat], "model"))
    world.using = "other" if world.using == "default" else "default"
    world.written.add(world.using)
    expected = Expected()
    world.assign(instance, world.changes(type(instance), at_least=0), expected)
    instance.save(using=world.using)
    world.hold(instance)
    return _saved(instance, expected)


WRITES = [
    save_new, bring_back, create, save_changed, save_deferred, save_expression, save_held, save_in_place, save_in_parts,
    save_as_copy, save_child_of_parent, get_or_create, save_elsewhere,
]  # fmt: skip
