"""Lists of related objects that a running call or deletion changes: its history is written once it is over."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any, Final, Protocol

from revy.contrib.django.tracking import Link
from revy.contrib.django.values import Json

Lists = dict[Any, list[Json]]


class Changing(Protocol):
    """What changes lists, in the middle of `outer` if that does as well."""

    outer: Changing | None

    def lists(self, using: str, link: Link, sources: Iterable[Any]) -> Lists: ...


changing: Final[ContextVar[Any]] = ContextVar("revy_links", default=None)


def lists_told(using: str, link: Link, sources: Iterable[Any]) -> Lists:
    """Return the lists that are being changed as the history tells them until then: as they were before."""
    told: Lists = {}
    sources = list(sources)
    running: Changing | None = changing.get()
    while running is not None:
        told.update(running.lists(using, link, sources))
        running = running.outer
    return told
