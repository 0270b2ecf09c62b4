"""What the address of a page asks for, in the terms of the API."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from graphql_relay import to_global_id

_LARGEST: Final = 2**31 - 1
# More digits than Python converts in no time.
_LONGEST: Final = 100


def read_window(request: HttpRequest, size: int) -> dict[str, Any]:
    """Return the arguments of a connection: those before or those behind a cursor, or the first ones."""
    before = read_text(request, "before")
    if before:
        return {"last": size, "before": before}
    return {"first": size, "after": read_text(request, "after") or None}


def read_filters(request: HttpRequest) -> dict[str, Any]:
    """Return the arguments for changes by one actor, `?actor=auth.user:1`, with words in their message, `?text=`."""
    content_type, _, content_id = read_text(request, "actor").partition(":")
    return {
        "actor": {"contentType": content_type, "contentId": content_id} if content_type else None,
        "actorNode": to_global_id("User", content_id),
        "byActor": content_type == "auth.user" and content_id.isdecimal(),
        "text": read_text(request, "text") or None,
    }


def read_version(request: HttpRequest, name: str) -> int | None:
    return parse_version(read_text(request, name))


def parse_version(text: str) -> int | None:
    """Return the version that a text names, or None if it names none."""
    # So large a number is no version, and no Int of GraphQL either.
    return min(int(text), _LARGEST) if text.isascii() and text.isdecimal() and len(text) < _LONGEST else None


def read_text(request: HttpRequest, name: str) -> str:
    """Return a parameter, without what no database stores and around it no spaces."""
    return request.GET.get(name, "").replace("\0", "").strip()
