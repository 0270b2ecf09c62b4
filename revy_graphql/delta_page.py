"""The same connection of several revisions: their object deltas."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from revy_graphql.connection import ConnectionRecord, EdgeRecord
from revy_graphql.cursor import Window
from revy_graphql.delta import DeltaBatch
from revy_graphql.groups import first_of_each, in_group

if TYPE_CHECKING:
    from revy_graphql.revision import RevisionBatch


class DeltaPages:
    """The object deltas in a window of each revision: one query for all revisions.

    `deltas` are the visible ones, of whatever revisions.
    """

    def __init__(self, revisions: RevisionBatch, deltas: QuerySet[Any], window: Window) -> None:
        self._revisions = revisions
        self._deltas = deltas
        self._window = window
        self._having: dict[Q, set[Any]] = {}
        pages = {pk: window.cut(rows) for pk, rows in self._read().items()}
        batch = DeltaBatch(
            revisions.viewer, [row for rows, _ in pages.values() for row in rows], lambda: revisions.records, revisions
        )
        self._with_more = {pk for pk, (_, has_more) in pages.items() if has_more}
        self._edges: dict[Any, list[EdgeRecord]] = {pk: [] for pk in pages}
        for record in batch.records:
            self._edges[record.row.revision_id].append(EdgeRecord(record, window.axis.encode(record.row.pk)))

    def __getitem__(self, revision_pk: Any) -> ConnectionRecord:
        return ConnectionRecord(
            edges=self._edges[revision_pk],
            window=self._window,
            has_more=revision_pk in self._with_more,
            has_rows=partial(self._has_rows, revision_pk),
            count=lambda: self._counts.get(revision_pk, 0),
        )

    def _read(self) -> dict[Any, list[Any]]:
        """Return the rows by revision, one more than the page has where there are more, in the order of reading."""
        found: dict[Any, list[Any]] = {pk: [] for pk in self._revisions.records}
        rows = self._deltas.filter(self._window.bounds)
        for row in first_of_each(
            self._rows_of_revisions, rows, "revision_id", self._window.order, self._window.size + 1
        ):
            found[row.revision_id].append(row)
        return found

    @property
    def _rows_of_revisions(self) -> QuerySet[Any]:
        return self._revisions.viewer.revisions().filter(pk__in=self._revisions.records)

    def _has_rows(self, revision_pk: Any, condition: Q) -> bool:
        if condition not in self._having:
            rows = in_group(self._deltas.filter(condition), "revision_id", OuterRef("pk")).values("revision_id")[:1]
            revisions = self._rows_of_revisions.filter(pk=Subquery(rows))
            self._having[condition] = set(revisions.values_list("pk", flat=True))
        return revision_pk in self._having[condition]

    @cached_property
    def _counts(self) -> dict[Any, int]:
        rows = self._deltas.filter(revision_id__in=self._revisions.records)
        return dict(rows.order_by().values_list("revision_id").annotate(Count("pk")))
