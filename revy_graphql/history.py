"""The history of one object, of the objects of one model, or of all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet

from revy.contrib.django import get_object_delta_model
from revy_graphql.connection import ConnectionRecord, EdgeRecord
from revy_graphql.cursor import Window
from revy_graphql.errors import NotFound
from revy_graphql.revision import RevisionBatch
from revy_graphql.viewer import Model, Viewer


@dataclass(frozen=True, slots=True)
class Subject:
    """An object that the viewer may see, with a history or without; `instance` is None if it exists no more."""

    model: Model
    content_type_id: int
    content_id: str
    instance: models.Model | None

    def object_deltas(self, viewer: Viewer) -> QuerySet[Any]:
        deltas = get_object_delta_model()._base_manager.using(viewer.using)
        return deltas.filter(content_type_id=self.content_type_id, content_id=self.content_id)


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
    viewer: Viewer, window: Window, content_type: str | None = None, content_id: str | None = None
) -> ConnectionRecord:
    """Return the revisions of an object, of a model, or all, as far as the viewer may see them, newest first."""
    revisions = _find_revisions(viewer, content_type, content_id)
    rows, has_more = window.read(revisions)
    return ConnectionRecord(
        edges=[EdgeRecord(record) for record in RevisionBatch(viewer, rows).records.values()],
        window=window,
        has_more=has_more,
        has_rows=lambda condition: revisions.filter(condition).exists(),
        count=revisions.count,
    )


def _find_revisions(viewer: Viewer, content_type: str | None, content_id: str | None) -> QuerySet[Any]:
    # One object has few revisions among many: those are found from its deltas. Else nearly every revision has a delta
    # to show: the newest ones are looked at, one by one, until the page is full.
    if content_type is not None and content_id is not None:
        deltas = find_subject(viewer, content_type, content_id).object_deltas(viewer)
        return viewer.revisions().filter(pk__in=deltas.values("revision_id"))
    deltas = viewer.object_deltas.filter(**viewer.read_address(content_type, content_id))
    return viewer.revisions().filter(Exists(deltas.filter(revision_id=OuterRef("pk"))))


def _find_visible(viewer: Viewer, content_type_id: int, content_id: str) -> Subject:
    model = viewer.visible_models[content_type_id]
    found = viewer.visibility_of(model).find([content_id])
    if content_id not in found:
        raise NotFound
    return Subject(model, content_type_id, content_id, found[content_id])
