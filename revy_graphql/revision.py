"""Revisions that were read together, and what is read for all of them at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from django.db.models import Min, Q

from revy_graphql.actor import ActorKey, ActorRecord, find_actors
from revy_graphql.cursor import Window
from revy_graphql.delta import DeltaBatch
from revy_graphql.delta_page import DeltaPages
from revy_graphql.moment import made_until
from revy_graphql.viewer import Viewer

_ACTOR: Final = ("actor_type_id", "actor_id")


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
    """Revisions that were read together. What they need is read when it is first asked for, for all in one go.

    `as_of`: they have only the changes that were made until then.
    """

    def __init__(self, viewer: Viewer, rows: Iterable[Any], as_of: datetime | None = None) -> None:
        self.viewer = viewer
        self._until = Q() if as_of is None else made_until(as_of)
        self.records = {row.pk: RevisionRecord(row, self) for row in rows}
        self._pages: dict[tuple[Window, str | None, str | None], DeltaPages] = {}

    def object_deltas(self, window: Window, content_type: str | None, content_id: str | None) -> DeltaPages:
        """Return the visible object deltas of each revision; raises as `Viewer.read_address` does."""
        selection = window, content_type, content_id
        if selection not in self._pages:
            deltas = self.viewer.object_deltas(**self.viewer.read_address(content_type, content_id))
            self._pages[selection] = DeltaPages(self, deltas.filter(self._until), window)
        return self._pages[selection]

    @cached_property
    def actors(self) -> dict[Any, list[ActorRecord]]:
        """The actors of the visible deltas of each revision, each once, those of objects first."""
        found = self.actors_by_key
        return {pk: [found[key] for key in own if key in found] for pk, own in self._actor_keys.items()}

    @cached_property
    def actors_by_key(self) -> dict[ActorKey, ActorRecord]:
        """Every actor of a visible delta of these revisions that the viewer may see."""
        return find_actors(self.viewer, {key for own in self._actor_keys.values() for key in own})

    @cached_property
    def _actor_keys(self) -> dict[Any, list[ActorKey]]:
        deltas = self.viewer.object_deltas().filter(self._until, revision_id__in=self.records).order_by()
        groups = deltas.values_list("revision_id", *_ACTOR, *(f"attribute_deltas__{name}" for name in _ACTOR)).annotate(
            first=Min("pk"), first_change=Min("attribute_deltas__pk")
        )
        keys: dict[Any, dict[ActorKey, None]] = {pk: {} for pk in self.records}
        for pk, type_id, key, *_ in sorted(groups, key=lambda group: group[-2]):
            keys[pk][type_id, key] = None
        for pk, _, _, type_id, key, *_ in sorted(groups, key=lambda group: group[-1] or 0):
            keys[pk][type_id, key] = None
        return {pk: list(own) for pk, own in keys.items()}


def find_revisions(viewer: Viewer, pks: Sequence[Any]) -> dict[Any, RevisionRecord]:
    """Return the revisions of these keys, of which the viewer may see a delta each."""
    return RevisionBatch(viewer, list(viewer.revisions().filter(pk__in=pks))).records


def read_deltas(viewer: Viewer, rows: Sequence[Any]) -> DeltaBatch:
    """Return object deltas that the viewer may see, from rows of whatever revisions."""
    return DeltaBatch(viewer, rows, lambda: find_revisions(viewer, [row.revision_id for row in rows]))
