"""What a write knows: which objects there are, what to draw, and who acts."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

from asgiref.sync import async_to_sync
from django.contrib.contenttypes.models import ContentType
from django.db import models
from hypothesis import strategies as st

from revy import Context
from tests.machine.app.models import FALLBACK, SENTINEL, Note, Thing
from tests.machine.contexts import Levels
from tests.machine.expected import Assignment, Expected
from tests.machine.history import SYSTEM, Actor
from tests.machine.oracle import Oracle
from tests.machine.rows import Rows, encode
from tests.machine.values import VALUES


class Nothing(Exception):
    """There is nothing to write to yet."""


class World:
    def __init__(self, oracles: dict[str, Oracle], levels: Levels, actors: dict[str, Any]) -> None:
        self.oracles = oracles
        self.levels = levels
        self.actors = actors
        # Instances of earlier steps, stale ones too.
        self.held: list[models.Model] = []
        self.draw: Callable[..., Any] = lambda strategy, label=None: None
        self.begin("default")

    def begin(self, using: str) -> None:
        """Begin a step, on one of the databases."""
        self.using = using
        self.written = {using}
        # What the references drawn in this step prefer: one object that is referred to in several ways.
        self._favourites: dict[type[models.Model], Any] = {}

    def known_rows(self) -> Rows:
        return self.oracles[self.using].memory.rows

    def rows(self, model: type[models.Model]) -> models.QuerySet[Any]:
        return model._base_manager.using(self.using)

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
        found = sorted(pk for kind, pk in self.known_rows() if kind is concrete)
        return found if fixed else [pk for pk in found if pk not in (FALLBACK, SENTINEL)]

    def get(self, model: type[models.Model], *, fixed: bool = True) -> Any:
        return self.rows(model).get(pk=self.one_of(self.pks(model, fixed=fixed), "pk"))

    def hold(self, instance: models.Model) -> None:
        self.held.append(instance)

    def take(self) -> Any:
        """Return an instance of an earlier step, which is held no more."""
        held = self.one_of([each for each in self.held if each._state.db == self.using], "held")
        self.held = [each for each in self.held if each is not held]
        return held

    def referred(self) -> list[tuple[type[models.Model], Any]]:
        """Return the objects that most others refer to."""
        count: Counter[tuple[type[models.Model], Any]] = Counter()
        for (model, _pk), row in self.known_rows().items():
            for field in model._meta.concrete_fields:
                if field.remote_field is None:
                    continue
                key = field.remote_field.model, json.loads(row[field.attname])
                count[key] += key in self.known_rows()
        fixed = (None, FALLBACK, SENTINEL)
        return [key for key, number in count.most_common(8) if number and key[1] not in fixed]

    def reference(self, field: Any) -> Any:
        """Return what a foreign key could hold."""
        target = field.remote_field.model
        if target is ContentType:
            return ContentType.objects.db_manager(self.using).get_for_model(Thing).pk
        pks = self.pks(target)
        if target not in self._favourites:
            self._favourites[target] = self.one_of([None, *pks], "favourite")
        if self._favourites[target] is not None:
            pks = [self._favourites[target]]
        if field.unique:
            taken = {row[field.attname] for (kind, _pk), row in self.known_rows().items() if kind is field.model}
            pks = [pk for pk in pks if str(pk) not in taken]
        if not field.target_field.primary_key:
            pks = [json.loads(self.known_rows()[target, pk][field.target_field.attname]) for pk in pks]
        # None at first: what refers to everything can hardly be deleted.
        options = [None, None, *pks] if field.null else pks
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
        chosen = needed | set(self.draw(st.lists(st.sampled_from(optional), max_size=5), "given") if optional else ())
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
                field = field_of(type(instance), name)
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


def field_of(model: type[models.Model], attname: str) -> Any:
    return next(field for field in model._meta.concrete_fields if field.attname == attname)


def actor_key(actor: Any) -> Actor:
    return SYSTEM if actor is None else (actor._meta.label_lower, str(actor.pk))


def awaited(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return the async method as a function that waits for it."""

    async def call(*args: Any, **kwargs: Any) -> Any:
        return await method(*args, **kwargs)

    return async_to_sync(call)
