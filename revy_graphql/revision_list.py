"""The revisions that changed objects of a model, or any objects, in the order of their keys."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from revy_graphql.connection import ConnectionRecord, EdgeRecord
from revy_graphql.cursor import Window
from revy_graphql.filters import Filters
from revy_graphql.revision import RevisionBatch
from revy_graphql.viewer import Viewer


class RevisionList:
    """The revisions with a visible object delta that is asked for.

    Nearly every revision has one: they are looked at one by one, until the page is full.
    """

    def __init__(self, viewer: Viewer, filters: Filters, content_type_id: int | None = None) -> None:
        self._viewer = viewer
        self._as_of = filters.as_of
        parts = filters.split(viewer.object_deltas(content_type_id))
        self._revisions = viewer.revisions().filter(filters.of_revisions())
        # The sum keeps PostgreSQL from merging both tables in the order of the key, which reads every delta of a
        # revision that has a million of them, and all those ahead of a cursor.
        self._conditions = [Q(Exists(deltas.filter(revision_id=OuterRef("pk") + 0))) for deltas in parts]

    def read(self, window: Window) -> ConnectionRecord:
        found = {row.pk: row for condition in self._conditions for row in self._read(window, condition)}
        rows = sorted(found.values(), key=lambda row: row.pk, reverse=window.order.startswith("-"))
        page, has_more = window.cut(rows)
        records = RevisionBatch(self._viewer, page, self._as_of).records.values()
        return ConnectionRecord(
            edges=[EdgeRecord(record, window.axis.encode(record.row.pk)) for record in records],
            window=window,
            has_more=has_more,
            has_rows=lambda condition: any(self._select(own).filter(condition).exists() for own in self._conditions),
            count=self._select(reduce(or_, self._conditions)).count,
        )

    def _select(self, condition: Q) -> QuerySet[Any]:
        return self._revisions.filter(condition)

    def _read(self, window: Window, condition: Q) -> QuerySet[Any]:
        return self._select(condition).filter(window.bounds).order_by(window.order)[: window.size + 1]
