"""Writing many rows at once."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from hypothesis import strategies as st

from tests.machine.app import models as app
from tests.machine.expected import Expected
from tests.machine.rows import chain_of
from tests.machine.saves import EVERY, NUMBERS
from tests.machine.values import counts, names
from tests.machine.world import World, awaited, field_of

FLAT = [model for model in EVERY if len(chain_of(model)) == 1]
# By model: what may be in the way of a new row, and what is updated then.
UPSERTS: dict[Any, Any] = {
    app.Entry: ([["slug"], ["id"]], ["value", "data"]),
    app.Gauge: ([["key"]], ["value", "price"]),
    app.Tag: ([["name"]], ["color"]),
    app.Code: ([["id"]], ["label"]),
    app.Number: ([["id"]], ["label"]),
    app.Seat: ([["row", "place"]], ["label"]),
}


def _rows(world: World, model: Any) -> Any:
    """Return some of the model's rows, in some way."""
    rows = world.rows(model)
    ways = ["all", "pks", "exclude"]
    if len(chain_of(model)) == 1:
        # Django's own ordered updates of inheriting models fail on MariaDB.
        ways += ["ordered", "ordered by name"] if hasattr(model, "name") else ["ordered"]
    if model._meta.concrete_model is app.Thing:
        ways += ["by tag", "by shelf", "joined"]
    elif model is app.Person:
        ways += ["by boss", "joined"]
    elif issubclass(model, app.Place):
        ways += ["by tag", "by owner"]
    way = world.one_of(ways, "rows")
    match way:
        case "pks":
            rows = rows.filter(pk__in=world.some_of(world.pks(model), "pks"))
        case "exclude":
            rows = rows.exclude(pk__in=world.some_of(world.pks(model), "not pks"))
        case "ordered":
            rows = rows.order_by("-pk")
        case "ordered by name":
            rows = rows.order_by("name", "pk")
            references = [field.name for field in model._meta.concrete_fields if field.remote_field is not None]
            rows = rows.select_related(*references) if references else rows
        case "by tag":
            rows = rows.filter(tags__color=world.draw(names, "color"))
        case "by shelf":
            rows = rows.filter(set_null__name=world.draw(names, "shelf"))
        case "by boss":
            rows = rows.filter(boss__name=world.draw(names, "boss"))
        case "by owner":
            rows = rows.filter(owner__name=world.draw(names, "owner"))
        case "joined" if model is app.Person:
            rows = rows.filter(Q(friends__name__in=["a", "b"]) | Q(followers__isnull=False))
        case "joined":
            rows = rows.filter(Q(tags__isnull=False) | Q(cascade__name="a"))
    return rows


def update(world: World) -> Expected:
    model = world.one_of(EVERY, "model")
    changes = {name: value for name, value in world.changes(model).items() if not field_of(model, name).unique}
    if not changes:
        world.skip()
    rows = _rows(world, model)
    if world.chance("async"):
        awaited(rows.aupdate)(**changes)
    else:
        rows.update(**changes)
    return Expected()


def update_with_expressions(world: World) -> Expected:
    model = world.one_of(list(NUMBERS), "model")
    name = NUMBERS[model]
    rows = _rows(world, model)
    change: Any
    match world.one_of(["F", "Case", "Subquery", "two", "Value"], "expression"):
        case "F":
            change = {name: F(name) + world.draw(counts, "more")}
        case "Case":
            change = {name: Case(When(**{f"{name}__gt": 0}, then=Value(0)), default=F(name) + 1)}
        case "Value":
            change = {name: Value(world.draw(counts, "value"))}
        case "two" if model in (app.Restaurant, app.Pizzeria):
            change = {"stars": F("stars") + 1, "name": world.draw(names, "name")}
        case "two" if model is app.Thing:
            change = {"count": F("rank"), "rank": F("count")}
        case _:
            other = app.Gauge if model is not app.Gauge else app.Entry
            values = world.rows(other).filter(value=OuterRef(name)).order_by("pk").values("value")[:1]
            change = {name: Coalesce(Subquery(values), F(name)) + 1}
    rows.update(**change)
    return Expected()


def bulk_create(world: World) -> Expected:
    model = world.one_of(FLAT, "model")
    instances = _instances(world, model)
    ignores = world.chance("ignore_conflicts")
    _bulk_create(world, model, instances, ignore_conflicts=ignores)
    if not ignores:
        world.held += instances
    return Expected()


def upsert(world: World) -> Expected:
    model = world.one_of(list(UPSERTS), "model")
    unique, updated = UPSERTS[model]
    instances: list[Any] = []
    for instance in _instances(world, model):
        # The same row twice in one statement is an error on some databases.
        if not any(getattr(instance, key[-1]) == getattr(other, key[-1]) for key in unique for other in instances):
            instances.append(instance)
    options: dict[str, Any] = {"update_fields": sorted(set(world.some_of(updated, "updated"))) or updated}
    if connection.features.supports_update_conflicts_with_target:
        options["unique_fields"] = world.one_of(unique, "unique")
    _bulk_create(world, model, instances, update_conflicts=True, **options)
    return Expected()


def _instances(world: World, model: Any) -> list[Any]:
    instances = [model(**world.values(model)) for _ in range(world.draw(st.integers(0, 4), "how many"))]
    for instance in instances:
        if not instance._is_pk_set() and world.chance("with a key"):
            # Far from those that the database gives.
            instance.pk = world.draw(st.integers(10**6, 10**6 + 9), "pk")
    return instances


def _bulk_create(world: World, model: Any, instances: list[Any], **options: Any) -> None:
    rows, size = world.rows(model), world.one_of([None, 1, 2], "batch_size")
    if world.chance("async"):
        awaited(rows.abulk_create)(instances, batch_size=size, **options)
    else:
        rows.bulk_create(instances, batch_size=size, **options)


def bulk_update(world: World) -> Expected:
    model = world.one_of(EVERY, "model")
    pks = sorted(set(world.some_of(world.pks(model), "pks", at_most=5)))
    instances = list(world.rows(model).filter(pk__in=pks).order_by("pk"))
    fields = world.draw(
        st.lists(st.sampled_from(world.changeable(model)), min_size=1, max_size=2, unique=True), "fields"
    )
    draws = world.columns(model)
    fields = [name for name in fields if name != "twin_id"]
    if not fields:
        world.skip()
    for instance in instances:
        for name in fields:
            if name == NUMBERS.get(model) and world.chance("expression"):
                setattr(instance, name, F(name) + 1)
            else:
                setattr(instance, name, draws[name]())
    fields = [field_of(model, name).name for name in fields]
    options: dict[str, Any] = {"fields": fields, "batch_size": world.one_of([None, 1, 2], "batch_size")}
    if world.chance("async"):
        awaited(world.rows(model).abulk_update)(instances, **options)
    else:
        world.rows(model).bulk_update(instances, **options)
    # A child's row and its parent's are updated in statements of their own.
    return Expected()


WRITES = [update, update_with_expressions, bulk_create, upsert, bulk_update]
