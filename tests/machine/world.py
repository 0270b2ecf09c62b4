"""What a write knows: which objects there are, what to draw, and who acts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from asgiref.sync import async_to_sync
from django.contrib.contenttypes.models import ContentType
from django.db import models
from hypothesis import strategies as st

from revy import Context
from tests.machine.app.models import FALLBACK, SENTINEL, Note, Thing
from tests.machine.contexts import Levels
from tests.machine.history import SYSTEM, Actor
from tests.machine.oracle import Assignment, Expected, Oracle
from tests.machine.rows import encode
from tests.machine.values import VALUES


class Nothing(Exception):
    """There is nothing to write to yet."""


class World:
    def __init__(self, oracle: Oracle, levels: Levels, actors: dict[str, Any]) -> None:
        self.oracle = oracle
        self.levels = levels
        self.actors = actors
        # Instances of earlier steps, stale ones too.
        self.held: list[models.Model] = []
        self.draw: Callable[..., Any] = lambda strategy, label=None: None

    def one_of(self, options: Sequence[Any], label: str | None = None) -> Any:
        if not options:
            raise Nothing
        return self.draw(st.sampled_from(options), label)

    def some_of(self, options: Sequence[Any], label: str, at_most: int = 3) -> list[Any]:
        """Return some of the options, some of them more than once."""
        if not options:
            return []
        return self.draw(st.lists(st.sampled_from(options), max_size=at_most), label)

    def chance(self, label: str) -> bool:
        return self.draw(st.booleans(), label)

    def pks(self, model: type[models.Model], *, fixed: bool = True) -> list[Any]:
        """Return the keys of the model's objects; `fixed`: with those that are never deleted."""
        concrete = model._meta.concrete_model
        found = sorted(pk for kind, pk in self.oracle.memory.rows if kind is concrete)
        return found if fixed else [pk for pk in found if pk not in (FALLBACK, SENTINEL)]

    def get(self, model: type[models.Model], *, fixed: bool = True) -> Any:
        return model._base_manager.get(pk=self.one_of(self.pks(model, fixed=fixed), "pk"))

    def reference(self, field: Any) -> Any:
        """Return what a foreign key could hold."""
        if field.remote_field.model is ContentType:
            return ContentType.objects.get_for_model(Thing).pk
        pks = self.pks(field.remote_field.model)
        if field.unique:
            taken = {row[field.attname] for (kind, _pk), row in self.oracle.memory.rows.items() if kind is field.model}
            pks = [pk for pk in pks if str(pk) not in taken]
        # None at first: what refers to everything can hardly be deleted.
        options = [None, None, None, None, *pks] if field.null else pks
        return self.one_of(options, field.attname)

    def columns(self, model: type[models.Model]) -> dict[str, Callable[[], Any]]:
        """Return how to draw a value for each column that may be written, by attname."""
        concrete: Any = model._meta.concrete_model
        draws: dict[str, Callable[[], Any]] = {
            name: lambda name=name, values=values: self.draw(values, name) for name, values in VALUES[concrete].items()
        }
        for field in concrete._meta.concrete_fields:
            if field.remote_field is not None and not field.remote_field.parent_link:
                draws[field.attname] = lambda field=field: self.reference(field)
        if concrete is Note:
            draws["object_id"] = lambda: self.one_of(self.pks(Thing), "object_id")
        return draws

    def values(self, model: type[models.Model]) -> dict[str, Any]:
        """Return values for a new object: what it needs, and some of the rest."""
        draws = self.columns(model)
        needed = {
            field.attname
            for field in model._meta.concrete_fields
            if not field.null and not field.has_default() and not field.has_db_default() and field.attname in draws
        }
        optional = sorted(draws.keys() - needed)
        chosen = needed | set(self.draw(st.lists(st.sampled_from(optional), max_size=4), "given") if optional else ())
        return {name: draw() for name, draw in draws.items() if name in chosen}

    def changeable(self, model: type[models.Model]) -> list[str]:
        keys = {field.attname for field in model._meta.pk_fields}
        return sorted(self.columns(model).keys() - keys)

    def changes(self, model: type[models.Model], *, at_least: int = 1, at_most: int = 3) -> dict[str, Any]:
        """Return other values for some columns."""
        names = st.lists(st.sampled_from(self.changeable(model)), min_size=at_least, max_size=at_most, unique=True)
        draws = self.columns(model)
        return {name: draws[name]() for name in self.draw(names, "changed")}

    def assign(self, instance: models.Model, changes: dict[str, Any], expected: Expected) -> None:
        """Assign attributes, each by whoever acts, or by another actor for a while."""
        for name, value in changes.items():
            with self.acting() as (actor, description):
                setattr(instance, name, value)
            if actor is not None:
                field = instance._meta.get_field(name.removesuffix("_id") if name != "object_id" else name)
                expected.assigned.setdefault(name, []).append(Assignment(actor, description, encode(field, value)))

    @contextlib.contextmanager
    def acting(self) -> Iterator[tuple[Actor | None, str]]:
        """Let somebody else act in the block, perhaps. Gives who it is and why."""
        if not Context.is_enabled():
            yield None, ""
            return
        blame = self.levels.blame()
        name = self.draw(st.sampled_from(["", "", *self.actors]), "assigned by")
        if not name:
            yield blame.actor, blame.attribute_description
        else:
            actor, key = self.actors[name]
            with Context.via_actor(actor), Context.via_attribute_delta_description(f"by {name}"):
                yield key, f"by {name}"

    def skip(self) -> NoReturn:
        raise Nothing


def actor_key(actor: Any) -> Actor:
    return SYSTEM if actor is None else (ContentType.objects.get_for_model(actor).pk, str(actor.pk))


def awaited(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return the async method as a function that waits for it."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        return await method(*args, **kwargs)

    return async_to_sync(call)
