"""Deleting objects, and all that falls with them."""

from __future__ import annotations

from typing import Any

from tests.machine.app import models as app
from tests.machine.expected import Expected
from tests.machine.querysets import _rows
from tests.machine.rows import Key, chain_of
from tests.machine.saves import EVERY
from tests.machine.world import World, awaited


def _roots(model: Any, pks: Any) -> set[Key]:
    return {(kind, pk) for kind in chain_of(model) for pk in pks}


def delete(world: World) -> Expected:
    model = world.one_of([model for model in EVERY if world.pks(model, fixed=False)], "model")
    return _delete(world, model, world.one_of(world.pks(model, fixed=False), "pk"))


def delete_referred(world: World) -> Expected:
    """Delete one of the objects that most others refer to."""
    return _delete(world, *world.one_of(world.referred(), "object"))


def _delete(world: World, model: Any, pk: Any) -> Expected:
    instance = world.rows(model).get(pk=pk)
    if world.chance("dirty"):
        for name, value in world.changes(model).items():
            setattr(instance, name, value)
    way = world.one_of(["delete", "adelete", "keep_parents"], "way")
    expected = Expected(roots=_roots(model, [pk]), is_deletion=True)
    if way == "adelete":
        awaited(instance.adelete)()
    elif way == "keep_parents" and len(chain_of(model)) > 1:
        expected.roots = {(chain_of(model)[0], pk)}
        instance.delete(keep_parents=True)
    else:
        instance.delete()
    return expected


def delete_held(world: World) -> Expected:
    """A stale instance knows other values than its row holds, or its row is gone."""
    instance = world.take()
    if instance.pk is None or instance.pk not in world.pks(type(instance), fixed=False):
        world.skip()
    expected = Expected(roots=_roots(type(instance), [instance.pk]), is_deletion=True)
    instance.delete()
    return expected


def delete_rows(world: World) -> Expected:
    model = world.one_of(EVERY, "model")
    rows = _rows(world, model)
    if model is app.Shelf:
        rows = rows.filter(pk__gt=0)
    if world.chance("few"):
        rows = rows.filter(pk__in=world.some_of(world.pks(model), "few pks"))
    pks = list(rows.values_list("pk", flat=True))
    if world.chance("async"):
        awaited(rows.adelete)()
    else:
        rows.delete()
    return Expected(roots=_roots(model, pks), is_deletion=True)


WRITES = [delete, delete_referred, delete_held, delete_rows]
