"""The histories of objects of one model: which revisions changed each of them, and when it was their turn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from revy_graphql.connection import ConnectionRecord, EdgeRecord
from revy_graphql.cursor import Window
from revy_graphql.filters import Filters
from revy_graphql.groups import first_of_texts
from revy_graphql.revision import RevisionBatch
from revy_graphql.viewer import Viewer, all_object_deltas


class ObjectHistories:
    """The revisions in a window of each object's history: one query for all objects, which the viewer may see.

    Revisions are in the order of the versions that they gave the object, each at its first one: the order that its
    changes were made in, which ids of revisions are not, and which no later change moves.
    """

    def __init__(
        self, viewer: Viewer, content_type_id: int, content_ids: Sequence[str], window: Window, filters: Filters
    ) -> None:
        self._window = window
        self._content_ids = content_ids
        deltas = all_object_deltas(viewer.using).filter(content_type_id=content_type_id)
        self._deltas = filters.of_deltas(deltas).filter(filters.of_revisions("revision__"))
        self._having: dict[Q, set[str]] = {}
        self._pages = {content_id: window.cut(rows) for content_id, rows in self._read().items()}
        rows = (delta.revision for page, _ in self._pages.values() for delta in page)
        self._revisions = RevisionBatch(viewer, rows, filters.as_of).records

    def __getitem__(self, content_id: str) -> ConnectionRecord:
        page, has_more = self._pages[content_id]
        encode = self._window.axis.encode
        return ConnectionRecord(
            edges=[EdgeRecord(self._revisions[delta.revision_id], encode(delta.version)) for delta in page],
            window=self._window,
            has_more=has_more,
            has_rows=partial(self._has_rows, content_id),
            count=lambda: self._counts.get(content_id, 0),
        )

    def _read(self) -> dict[str, list[Any]]:
        """Return the first delta of each revision by object, one more than the page has, in the order of reading."""
        rows = self._first(self._window.bounds, self._window.order, self._window.size + 1)
        found: dict[str, list[Any]] = {content_id: [] for content_id in self._content_ids}
        for row in rows.select_related("revision").defer("state"):
            found[row.content_id].append(row)
        return found

    def _first(self, condition: Q, order: str, limit: int) -> QuerySet[Any]:
        """Return the first deltas of each object that meet the condition, each the first of its revision."""
        earlier = self._deltas.filter(
            content_id=OuterRef("content_id"), revision_id=OuterRef("revision_id"), version__lt=OuterRef("version")
        )
        rows = self._deltas.filter(condition, ~Exists(earlier))
        if len(self._content_ids) == 1:
            return rows.filter(content_id=self._content_ids[0]).order_by(order)[:limit]
        return first_of_texts(self._content_ids, rows, "content_id", order, limit)

    def _has_rows(self, content_id: str, condition: Q) -> bool:
        if condition not in self._having:
            rows = self._first(condition, "version", 1).only("content_id")
            self._having[condition] = {row.content_id for row in rows}
        return content_id in self._having[condition]

    @cached_property
    def _counts(self) -> dict[str, int]:
        rows = self._deltas.filter(content_id__in=self._content_ids)
        return dict(rows.order_by().values_list("content_id").annotate(Count("revision_id", distinct=True)))
