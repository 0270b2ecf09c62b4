"""Places in a connection, and the part of it that is asked for."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self

from django.db import models
from django.db.models import Q

from revy.contrib.django.keys import parse_key
from revy_graphql.errors import InvalidArgument

DEFAULT_SIZE: Final = 20
MAX_SIZE: Final = 100


@dataclass(frozen=True, slots=True)
class Axis:
    """What the rows of a connection are in the order of: a column of ascending values, never two of them the same."""

    kind: str
    column: str
    parse: Callable[[str], Any] = field(compare=False)

    @classmethod
    def by_key(cls, model: type[models.Model]) -> Self:
        return cls(str(model._meta.model_name), "pk", lambda key: parse_key(model, key))

    def encode(self, value: Any) -> str:
        return base64.urlsafe_b64encode(f"{self.kind}:{value}".encode()).decode().rstrip("=")

    def decode(self, cursor: str) -> Any:
        """Return the value that a cursor stands for. Raises InvalidArgument for what is no cursor of this axis."""
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            kind, _, key = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
            if kind == self.kind:
                return self.parse(key)
        except ValueError as error:
            raise InvalidArgument("The cursor is broken: pass one that came with an edge, as it is.") from error
        raise InvalidArgument("The cursor belongs to another connection.")


def _parse_version(text: str) -> int:
    version = int(text)
    if not 0 <= version < 2**31:
        raise ValueError(f"{text!r} is no version.")
    return version


# The history of one object: by what its own changes are numbered with.
VERSIONS: Final = Axis("version", "version", _parse_version)


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a connection that is asked for, in descending order of its axis, or ascending if `is_ascending`."""

    axis: Axis
    size: int = DEFAULT_SIZE
    is_last: bool = False
    is_ascending: bool = False
    after: Any = None
    before: Any = None

    @classmethod
    def parse(
        cls,
        axis: Axis,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        *,
        is_ascending: bool = False,
    ) -> Self:
        """Return the window of a connection's arguments. Raises InvalidArgument for those that make no sense."""
        if first is not None and last is not None:
            raise InvalidArgument("Pass `first` or `last`, not both.")
        name, size = ("first", first) if last is None else ("last", last)
        size = DEFAULT_SIZE if size is None else size
        if not 0 <= size <= MAX_SIZE:
            raise InvalidArgument(f"`{name}` must be at least 0 and at most {MAX_SIZE}.")
        after, before = (None if cursor is None else axis.decode(cursor) for cursor in (after, before))
        return cls(axis, size, last is not None, is_ascending, after, before)

    @property
    def bounds(self) -> Q:
        """The condition for the rows between the cursors."""
        condition = Q()
        if self.after is not None:
            condition &= self._beside(self.after, behind=True)
        if self.before is not None:
            condition &= self._beside(self.before, behind=False)
        return condition

    @property
    def ahead(self) -> Q | None:
        """The condition for the rows ahead of the page, that of `after` included; None without `after`."""
        return None if self.after is None else self._beside(self.after, behind=False, or_equal="e")

    @property
    def behind(self) -> Q | None:
        """The condition for the rows behind the page, that of `before` included; None without `before`."""
        return None if self.before is None else self._beside(self.before, behind=True, or_equal="e")

    @property
    def order(self) -> str:
        """The order to read in, from the end where the page is: `-pk`, `version` …"""
        return self.axis.column if self.is_last != self.is_ascending else f"-{self.axis.column}"

    def cut(self, rows: list[Any]) -> tuple[list[Any], bool]:
        """Return the page, of one row more than its size in the order of reading, and whether that one was there."""
        page, has_more = rows[: self.size], len(rows) > self.size
        return page[::-1] if self.is_last else page, has_more

    def _beside(self, value: Any, *, behind: bool, or_equal: str = "") -> Q:
        operator = "gt" if behind == self.is_ascending else "lt"
        return Q(**{f"{self.axis.column}__{operator}{or_equal}": value})
