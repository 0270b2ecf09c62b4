"""Pages of rows, in the terms of Relay: connections, edges, cursors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Q
from graphql import GraphQLResolveInfo

from revy_graphql.cursor import Window
from revy_graphql.reading import read


@dataclass(frozen=True, slots=True)
class EdgeRecord:
    node: Any
    cursor: str


@dataclass(frozen=True, slots=True)
class ConnectionRecord:
    """The edges in a window. What else there is, beyond it and in all, is asked of the database when it is selected."""

    edges: list[EdgeRecord]
    window: Window
    has_more: bool
    has_rows: Callable[[Q], bool]
    count: Callable[[], int]

    @classmethod
    def empty(cls, window: Window) -> Self:
        return cls([], window, has_more=False, has_rows=lambda condition: False, count=lambda: 0)

    def has_next(self) -> bool:
        if self.has_more and not self.window.is_last:
            return True
        behind = self.window.behind
        return behind is not None and self.has_rows(behind)

    def has_previous(self) -> bool:
        if self.has_more and self.window.is_last:
            return True
        ahead = self.window.ahead
        return ahead is not None and self.has_rows(ahead)


class PageInfoRecord:
    def __init__(self, connection: ConnectionRecord, info: GraphQLResolveInfo) -> None:
        self._connection = connection
        self._info = info
        self.start_cursor, self.end_cursor = None, None
        if connection.edges:
            self.start_cursor, self.end_cursor = connection.edges[0].cursor, connection.edges[-1].cursor

    @property
    def has_next_page(self) -> Any:
        return read(self._info, self._connection.has_next)

    @property
    def has_previous_page(self) -> Any:
        return read(self._info, self._connection.has_previous)
