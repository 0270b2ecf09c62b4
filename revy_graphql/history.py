"""The history of one object, of the objects of one model, or of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import QuerySet

from revy.contrib.django import get_revision_model
from revy_graphql.connection import ConnectionRecord
from revy_graphql.cursor import VERSIONS, Axis, Window
from revy_graphql.errors import NotFound
from revy_graphql.filters import Filters
from revy_graphql.object_history import ObjectHistories
from revy_graphql.revision_list import RevisionList
from revy_graphql.viewer import Model, Viewer, all_object_deltas


@dataclass(frozen=True, slots=True)
class Subject:
    """An object that the viewer may see, with a history or without; `instance` is None if it exists no more."""

    model: Model
    content_type_id: int
    content_id: str
    instance: models.Model | None

    def object_deltas(self, viewer: Viewer) -> QuerySet[Any]:
        return all_object_deltas(viewer.using).filter(content_type_id=self.content_type_id, content_id=self.content_id)


def find_subject(viewer: Viewer, content_type: str, content_id: str) -> Subject:
    """Return the object of that address.

    Raises NotFound for an object that never was, that is hidden, or whose model is hidden or unknown, and
    InvalidArgument for a key that no object of a visible model can have.
    """
    address = viewer.read_address(content_type, content_id)
    subject = _find_visible(viewer, **address)
    if subject.instance is None and not subject.object_deltas(viewer).exists():
        raise NotFound
    return subject


def read_revisions(
    viewer: Viewer,
    arguments: dict[str, Any],
    filters: Filters,
    content_type: str | None = None,
    content_id: str | None = None,
) -> ConnectionRecord:
    """Return the revisions of an object, of a model, or all, as far as the viewer may see them.

    `arguments` are those of `Window.parse`.
    """
    if content_type is not None and content_id is not None:
        subject = find_subject(viewer, content_type, content_id)
        window = Window.parse(VERSIONS, **arguments)
        return ObjectHistories(viewer, subject.content_type_id, [subject.content_id], window, filters)[
            subject.content_id
        ]
    window = Window.parse(Axis.by_key(get_revision_model()), **arguments)
    return RevisionList(viewer, filters, **viewer.read_address(content_type, content_id)).read(window)


def _find_visible(viewer: Viewer, content_type_id: int, content_id: str) -> Subject:
    model = viewer.visible_models[content_type_id]
    found = viewer.visibility_of(model).find([content_id])
    if content_id not in found:
        raise NotFound
    return Subject(model, content_type_id, content_id, found[content_id])
