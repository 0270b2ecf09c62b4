"""The histories of the objects of a list, for each to show its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db import models
from graphql import GraphQLResolveInfo

from revy.contrib.django.values import key_to_text
from revy_graphql.connection import ConnectionRecord
from revy_graphql.cursor import VERSIONS, Window
from revy_graphql.filters import Filters
from revy_graphql.object_history import ObjectHistories
from revy_graphql.peers import model_of, peers_of
from revy_graphql.viewer import Model, Viewer


class OwnHistories:
    """The histories of objects of one model, each page read for all of them when it is first asked for."""

    def __init__(self, viewer: Viewer, model: Model, pks: Sequence[Any]) -> None:
        self.viewer = viewer
        self._model = model
        self._pks = pks
        self._pages: dict[tuple[Window, Filters], ObjectHistories] = {}

    def read(self, instance: models.Model, arguments: dict[str, Any], filters: Filters) -> ConnectionRecord:
        """Return the page of the object's history; an empty one where the viewer may not see it."""
        window = Window.parse(VERSIONS, **arguments)
        content_id = None if instance.pk is None else key_to_text(self._model, instance.pk)
        if content_id is None or content_id not in self._visible:
            return ConnectionRecord.empty(window)
        if (window, filters) not in self._pages:
            self._pages[window, filters] = ObjectHistories(
                self.viewer, self._content_type_id, sorted(self._visible), window, filters
            )
        return self._pages[window, filters][content_id]

    @property
    def _content_type_id(self) -> int:
        return next(pk for pk, model in self.viewer.visible_models.items() if model is self._model)

    @cached_property
    def _visible(self) -> frozenset[str]:
        """The keys of those objects whose history the viewer may see."""
        if self._model not in self.viewer.visible_models.values():
            return frozenset()
        return frozenset(self.viewer.visibility_of(self._model).find(key_to_text(self._model, pk) for pk in self._pks))


def own_histories(instance: models.Model, info: GraphQLResolveInfo) -> OwnHistories:
    """Return the histories of the object and of its peers."""
    model = model_of(instance)
    histories: OwnHistories = peers_of(instance).read(model, info, lambda pks: OwnHistories(Viewer(info), model, pks))
    return histories
