"""Revisions that were read together, and what is read for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from django.db.models import Min, QuerySet

from revy.contrib.django import get_attribute_delta_model
from revy_graphql.actor import ActorKey, ActorRecord, find_actors
from revy_graphql.cursor import Window
from revy_graphql.delta import DeltaBatch
from revy_graphql.delta_page import DeltaPages
from revy_graphql.viewer import Viewer


class RevisionRecord:
    """A revision of which the viewer may see a delta."""

    __typename = "Revision"

    def __init__(self, row: Any, batch: RevisionBatch) -> None:
        self.row = row
        self.batch = batch
        self.id = str(row.pk)
        self.description: str = row.description
        self.created_at = row.created_at

    @property
    def actors(self) -> list[ActorRecord]:
        return self.batch.actors[self.row.pk]


class RevisionBatch:
    """Revisions that were read together. What they need is read when it is first asked for, for all in one go."""

    def __init__(self, viewer: Viewer, rows: Sequence[Any]) -> None:
        self.viewer = viewer
        self.records = {row.pk: RevisionRecord(row, self) for row in rows}
        self._pages: dict[tuple[Window, str | None, str | None], DeltaPages] = {}

    def object_deltas(self, window: Window, content_type: str | None, content_id: str | None) -> DeltaPages:
        """Return the visible object deltas of each revision; raises as `Viewer.read_address` does."""
        selection = window, content_type, content_id
        if selection not in self._pages:
            deltas = self.visible_deltas().filter(**self.viewer.read_address(content_type, content_id))
            self._pages[selection] = DeltaPages(self.viewer, self.records, deltas, window)
        return self._pages[selection]

    def visible_deltas(self) -> QuerySet[Any]:
        return self.viewer.object_deltas.filter(revision_id__in=self.records)

    @cached_property
    def actors(self) -> dict[Any, list[ActorRecord]]:
        """The actors of the visible deltas of each revision, each once, those of objects first."""
        keys: dict[Any, dict[ActorKey, None]] = {pk: {} for pk in self.records}
        for pk, key in self._actor_keys():
            keys[pk][key] = None
        found = find_actors(self.viewer, {key for own in keys.values() for key in own})
        return {pk: [found[key] for key in own if key in found] for pk, own in keys.items()}

    def _actor_keys(self) -> Iterator[tuple[Any, ActorKey]]:
        deltas = self.visible_deltas()
        attributes = get_attribute_delta_model()._base_manager.using(self.viewer.using).filter(object_delta__in=deltas)
        for rows, revision in (deltas, "revision_id"), (attributes, "object_delta__revision_id"):
            groups = rows.order_by().values_list(revision, "actor_type_id", "actor_id").annotate(first=Min("pk"))
            for pk, type_id, key, _ in groups.order_by("first"):
                yield pk, (type_id, key)


def find_revisions(viewer: Viewer, pks: Sequence[Any]) -> dict[Any, RevisionRecord]:
    """Return the revisions of these keys, of which the viewer may see a delta each."""
    return RevisionBatch(viewer, list(viewer.revisions().filter(pk__in=pks))).records


def read_deltas(viewer: Viewer, rows: Sequence[Any]) -> DeltaBatch:
    """Return object deltas that the viewer may see, from rows of whatever revisions."""
    return DeltaBatch(viewer, rows, lambda: find_revisions(viewer, [row.revision_id for row in rows]))
