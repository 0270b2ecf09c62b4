"""Places in a connection, and the part of it that is asked for."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

from django.db import models
from django.db.models import Q, QuerySet

from revy_graphql.errors import InvalidArgument
from revy_graphql.keys import parse_key

DEFAULT_SIZE: Final = 20
MAX_SIZE: Final = 100


def encode_cursor(row: models.Model) -> str:
    return base64.urlsafe_b64encode(f"{row._meta.model_name}:{row.pk}".encode()).decode().rstrip("=")


def decode_cursor(model: type[models.Model], cursor: str) -> Any:
    """Return the primary key that a cursor stands for. Raises InvalidArgument for what is no cursor of the model."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        kind, _, key = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
        pk = parse_key(model, key)
    except ValueError as error:
        raise InvalidArgument("The cursor is broken: pass one that came with an edge, as it is.") from error
    if kind != model._meta.model_name:
        raise InvalidArgument("The cursor belongs to another connection.")
    return pk


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a connection that is asked for; rows are in descending order of their primary keys."""

    size: int = DEFAULT_SIZE
    is_last: bool = False
    after: Any = None
    before: Any = None

    @classmethod
    def parse(
        cls,
        model: type[models.Model],
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Window:
        """Return the window of a connection's arguments. Raises InvalidArgument for those that make no sense."""
        if first is not None and last is not None:
            raise InvalidArgument("Pass `first` or `last`, not both.")
        name, size = ("first", first) if last is None else ("last", last)
        size = DEFAULT_SIZE if size is None else size
        if not 0 <= size <= MAX_SIZE:
            raise InvalidArgument(f"`{name}` must be at least 0 and at most {MAX_SIZE}.")
        after, before = (None if cursor is None else decode_cursor(model, cursor) for cursor in (after, before))
        return cls(size, last is not None, after, before)

    @property
    def bounds(self) -> Q:
        """The condition for the rows between the cursors."""
        condition = Q()
        if self.after is not None:
            condition &= Q(pk__lt=self.after)
        if self.before is not None:
            condition &= Q(pk__gt=self.before)
        return condition

    def read(self, rows: QuerySet[Any]) -> tuple[list[Any], bool]:
        """Return the rows in the window, and whether there are more of them in the direction of reading."""
        order = "pk" if self.is_last else "-pk"
        found = list(rows.filter(self.bounds).order_by(order)[: self.size + 1])
        page, has_more = found[: self.size], len(found) > self.size
        return page[::-1] if self.is_last else page, has_more
