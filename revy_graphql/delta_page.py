"""The same connection of several revisions: their object deltas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models import Window as SqlWindow
from django.db.models.functions import RowNumber

from revy_graphql.connection import ConnectionRecord, EdgeRecord
from revy_graphql.cursor import Window
from revy_graphql.delta import DeltaBatch
from revy_graphql.viewer import Viewer

if TYPE_CHECKING:
    from revy_graphql.revision import RevisionRecord


class DeltaPages:
    """The object deltas in a window of each revision, newest first: one query for all revisions."""

    def __init__(
        self, viewer: Viewer, revisions: Mapping[Any, RevisionRecord], deltas: QuerySet[Any], window: Window
    ) -> None:
        self._deltas = deltas
        self._window = window
        self._having: dict[Q, set[Any]] = {}
        rows = self._read()
        self._with_more = {row.revision_id for row in rows if row.revy_place > window.size}
        self._edges: dict[Any, list[EdgeRecord]] = {pk: [] for pk in revisions}
        batch = DeltaBatch(viewer, [row for row in rows if row.revy_place <= window.size], lambda: revisions)
        for record in batch.records:
            self._edges[record.row.revision_id].append(EdgeRecord(record))

    def __getitem__(self, revision_pk: Any) -> ConnectionRecord:
        return ConnectionRecord(
            edges=self._edges[revision_pk],
            window=self._window,
            has_more=revision_pk in self._with_more,
            has_rows=partial(self._has_rows, revision_pk),
            count=lambda: self._counts.get(revision_pk, 0),
        )

    def _read(self) -> list[Any]:
        place = SqlWindow(RowNumber(), partition_by=F("revision_id"), order_by=F("pk").desc())
        rows = self._deltas.filter(self._window.bounds).annotate(revy_place=place)
        return list(rows.filter(revy_place__lte=self._window.size + 1).order_by("-pk"))

    def _has_rows(self, revision_pk: Any, condition: Q) -> bool:
        if condition not in self._having:
            rows = self._deltas.filter(condition).order_by().values_list("revision_id", flat=True)
            self._having[condition] = set(rows.distinct())
        return revision_pk in self._having[condition]

    @cached_property
    def _counts(self) -> dict[Any, int]:
        return dict(self._deltas.order_by().values_list("revision_id").annotate(Count("pk")))
