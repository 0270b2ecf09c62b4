"""The objects of a model that were deleted and did not come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import OuterRef
from django.db.models.lookups import IsNull
from django.db.models.query import QuerySet

from revy.contrib.django.admin.people import People
from revy.contrib.django.admin.texts import past_texts
from revy.contrib.django.admin.timeline import Head, make_head
from revy.contrib.django.admin.viewer import Model, Viewer
from revy.contrib.django.conf import get_object_delta_model
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.visibility import one_of

PAGE_SIZE: Final = 20


@dataclass(frozen=True, slots=True)
class Deletion:
    """An object that is gone: what it called itself, and how it went."""

    text: str
    content_id: str
    head: Head


@dataclass(frozen=True, slots=True)
class Deletions:
    """A page of deletions, newest first; `older` is the value of `before` for those that follow."""

    entries: list[Deletion]
    older: int | None


def read_deletions(viewer: Viewer, model: Model, before: int | None) -> Deletions:
    """Return the newest deletions below that object delta, or of all.

    The table is walked from its end along the primary key until the page is full, and for each deletion two indexes
    are looked into: for a later version, and for the object.
    """
    visibility = viewer.visibility_of(model)
    if visibility is None:
        return Deletions([], None)
    delta_model, type_id = get_object_delta_model(), content_type_id(model, viewer.using)
    rows: QuerySet[Any] = delta_model._base_manager.using(viewer.using).filter(action=delta_model.ACTION_DELETE)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    later = delta_model._base_manager.using(viewer.using).filter(
        content_type_id=type_id, content_id=OuterRef("content_id"), version__gt=OuterRef("version")
    )
    # Not EXISTS: PostgreSQL may make it a join with the whole table.
    rows = visibility.restrict_to_gone(rows, type_id).filter(IsNull(one_of(later), True))
    # The revisions are not joined: databases that expect few rows may read their whole table.
    deltas = list(rows.prefetch_related("revision").order_by("-pk")[: PAGE_SIZE + 1])
    has_older, deltas = len(deltas) > PAGE_SIZE, deltas[:PAGE_SIZE]
    people = People(viewer, deltas)
    texts = past_texts(viewer, [(model, delta.content_id, delta.state) for delta in deltas], viewer.using)
    entries = [
        Deletion(text, delta.content_id, make_head(viewer, delta, people, ()))
        for delta, text in zip(deltas, texts, strict=True)
    ]
    return Deletions(entries, deltas[-1].pk if has_older else None)
