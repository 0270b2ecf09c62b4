"""Giving rows other keys, and another order."""

from __future__ import annotations

from django.db.models import F
from hypothesis import strategies as st

from tests.machine.app import models as app
from tests.machine.expected import Expected
from tests.machine.values import VALUES, keys, names
from tests.machine.world import World


def change_key(world: World) -> Expected:
    """A row that gets another key ends one object and begins another."""
    model = world.one_of([model for model in (app.Number, app.Seat, app.Code) if world.pks(model)], "model")
    pks = world.some_of(world.pks(model), "pks") or world.pks(model)[:1]
    rows = world.rows(model)
    match world.one_of(["one", "expression", "all parts"], "way"):
        case "expression" if model is app.Number:
            rows.filter(pk__in=pks).update(id=F("id") + world.draw(st.sampled_from([-1, 1, 2, -3, 5]), "by"))
        case "expression" if model is app.Seat:
            rows.filter(pk__in=pks).update(place=F("place") + world.draw(st.integers(-1, 2), "by"))
        case _:
            parts = model._meta.pk_fields
            values = {part.attname: world.draw(VALUES[model][part.attname], part.attname) for part in parts[-2:]}
            if world.chance("label too"):
                values["label"] = world.draw(names, "label")
            rows.filter(pk=pks[0]).update(**values)
    return Expected()


def change_unique(world: World) -> Expected:
    """Others refer to a unique field that is not the key: the object stays the same."""
    model, name = world.one_of([(app.Gauge, "key"), (app.Entry, "slug")], "model")
    instance = world.get(model)
    value = world.draw(keys, name)
    if world.chance("save"):
        setattr(instance, name, value)
        instance.save()
    else:
        world.rows(model).filter(pk=instance.pk).update(**{name: value})
    return Expected()


def change_key_by_save(world: World) -> Expected:
    """Saving under another key makes another object, and leaves the old one."""
    models = (app.Code, app.Number, app.Tag, app.Entry, app.Seat)
    model = world.one_of([model for model in models if world.pks(model)], "model")
    instance = world.get(model)
    for field in model._meta.pk_fields:
        setattr(instance, field.attname, world.draw(VALUES[model][field.attname], field.attname))
    if model is app.Entry:
        instance.slug = world.draw(keys, "slug")
    instance.save()
    return Expected()


def set_order(world: World) -> Expected:
    shelf = world.get(app.Shelf)
    chapters = world.rows(app.Chapter).filter(shelf=shelf)
    order = list(chapters.values_list("pk", flat=True))
    match world.one_of(["set", "some", "shift", "insert"], "way"):
        case "set":
            shelf.set_chapter_order(world.draw(st.permutations(order), "order") if order else [], using=world.using)
        case "some":
            shelf.set_chapter_order(world.some_of(order, "order"), using=world.using)
            # An object may be named twice.
            return Expected()
        case "shift":
            chapters.update(_order=F("_order") + 1)
        case "insert":
            chapters.filter(_order__gte=1).update(_order=F("_order") + 1)
            shelf.chapter_set.create(title=world.draw(names, "title"))
    return Expected(at_most=2)


WRITES = [change_key, change_unique, change_key_by_save, set_order]
