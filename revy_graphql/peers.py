"""Objects that are shown in one list, so that what is read for one of them is read for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from django.db import models
from graphql import GraphQLResolveInfo

from revy.contrib.django.values import key_to_text
from revy_graphql.connection import ConnectionRecord
from revy_graphql.cursor import VERSIONS, Window
from revy_graphql.filters import Filters
from revy_graphql.object_history import ObjectHistories
from revy_graphql.viewer import Model, Viewer

_ATTRIBUTE = "_revy_peers"


class Peers:
    """The primary keys of the objects of one list, by model; every one of the objects knows it.

    The histories are kept for one execution only: an object may outlive it, and be shown to somebody else.
    """

    def __init__(self, instances: Iterable[models.Model]) -> None:
        self._keys: dict[Model, dict[Any, None]] = {}
        for instance in instances:
            self._keys.setdefault(_model_of(instance), {})[instance.pk] = None
            instance.__dict__[_ATTRIBUTE] = self
        self._execution: tuple[Any, dict[Model, Histories]] = (None, {})

    def histories(self, model: Model, info: GraphQLResolveInfo) -> Histories:
        # Every execution has coerced variables of its own, in a dict of its own.
        execution, found = self._execution
        if execution is not info.variable_values:
            found = {}
            self._execution = info.variable_values, found
        if model not in found:
            found[model] = Histories(Viewer(info), model, [pk for pk in self._keys[model] if pk is not None])
        return found[model]


class Histories:
    """The histories of objects of one model, each page read for all of them when it is first asked for."""

    def __init__(self, viewer: Viewer, model: Model, pks: Sequence[Any]) -> None:
        self.viewer = viewer
        self._model = model
        self._pks = pks
        self._pages: dict[tuple[Window, Filters], ObjectHistories] = {}

    def read(self, instance: models.Model, arguments: dict[str, Any], filters: Filters) -> ConnectionRecord:
        """Return the page of the object's history; an empty one where the viewer may not see it."""
        window = Window.parse(VERSIONS, **arguments)
        if instance.pk is None or key_to_text(self._model, instance.pk) not in self._visible:
            return ConnectionRecord.empty(window)
        if (window, filters) not in self._pages:
            self._pages[window, filters] = ObjectHistories(
                self.viewer, self._content_type_id, sorted(self._visible), window, filters
            )
        return self._pages[window, filters][key_to_text(self._model, instance.pk)]

    @property
    def _content_type_id(self) -> int:
        return next(pk for pk, model in self.viewer.visible_models.items() if model is self._model)

    @cached_property
    def _visible(self) -> frozenset[str]:
        """The keys of those objects whose history the viewer may see."""
        if self._model not in self.viewer.visible_models.values():
            return frozenset()
        return frozenset(self.viewer.visibility_of(self._model).find(key_to_text(self._model, pk) for pk in self._pks))


def histories_of(instance: models.Model, info: GraphQLResolveInfo) -> Histories:
    """Return the histories of the object and of its peers."""
    peers: Peers = instance.__dict__.get(_ATTRIBUTE) or Peers([instance])
    return peers.histories(_model_of(instance), info)


def introduce(rows: Iterable[Any]) -> None:
    """Make the objects of a list, or those in the edges of one, know each other."""
    Peers(_instances(rows))


def _instances(rows: Iterable[Any]) -> Iterator[models.Model]:
    for row in rows:
        instance = row if isinstance(row, models.Model) else getattr(row, "node", None)
        if isinstance(instance, models.Model):
            yield instance


def _model_of(instance: models.Model) -> Model:
    return instance._meta.concrete_model or type(instance)
