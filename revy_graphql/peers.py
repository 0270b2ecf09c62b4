"""Objects that are shown in one list, so that what is read for one of them is read for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from django.db import models
from graphql import GraphQLResolveInfo

T = TypeVar("T")
Model = type[models.Model]

_ATTRIBUTE = "_revy_peers"


class Peers(Generic[T]):
    """The primary keys of the objects of one list, by model; every one of the objects knows it.

    What was read for them is kept for one execution only: an object may outlive it, and be shown to somebody else.
    """

    def __init__(self, instances: Iterable[models.Model]) -> None:
        self._keys: dict[Model, dict[Any, None]] = {}
        for instance in instances:
            self._keys.setdefault(model_of(instance), {})[instance.pk] = None
            instance.__dict__[_ATTRIBUTE] = self
        self._kept: tuple[Any, dict[Model, T]] = (None, {})

    def read(self, model: Model, info: GraphQLResolveInfo, read: Callable[[list[Any]], T]) -> T:
        """Return what `read` makes of the keys of that model: once in an execution."""
        # Every execution has coerced variables of its own, in a dict of its own.
        execution, kept = self._kept
        if execution is not info.variable_values:
            kept = {}
            self._kept = info.variable_values, kept
        if model not in kept:
            kept[model] = read([pk for pk in self._keys[model] if pk is not None])
        return kept[model]


def peers_of(instance: models.Model) -> Peers[Any]:
    return instance.__dict__.get(_ATTRIBUTE) or Peers([instance])


def introduce(rows: Iterable[Any]) -> None:
    """Make the objects of a list, or those in the edges of one, know each other."""
    Peers(_instances(rows))


def model_of(instance: models.Model) -> Model:
    return instance._meta.concrete_model or type(instance)


def _instances(rows: Iterable[Any]) -> Iterator[models.Model]:
    for row in rows:
        instance = row if isinstance(row, models.Model) else getattr(row, "node", None)
        if isinstance(instance, models.Model):
            yield instance
