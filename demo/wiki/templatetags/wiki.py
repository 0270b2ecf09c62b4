"""Filters that make the API's answers readable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django import template

from demo.wiki.diff import Line, read_lines

register = template.Library()

_WORDS: Final = {"CREATE": "Created", "UPDATE": "Changed", "DELETE": "Deleted"}


@register.filter
def moment(text: str) -> datetime:
    """Return the time that the API gave as text."""
    return datetime.fromisoformat(text)


@register.filter
def subject(message: str) -> str:
    """Return the first line of a commit message."""
    return message.strip().partition("\n")[0].strip()


@register.filter
def details(message: str) -> str:
    """Return what follows the first line of a commit message."""
    return message.strip().partition("\n")[2].strip("\n")


@register.filter
def word(action: str) -> str:
    return _WORDS[action]


@register.filter
def name_of(delta: Mapping[str, Any]) -> str:
    """Return what to call the object of a delta: the path of a page, as far as the viewer may see it."""
    path = (delta["snapshot"] or {}).get("path")
    return str(path) if path else f"{delta['contentType']} {delta['contentId']}"


@register.filter
def has_lines(attribute: Mapping[str, Any]) -> bool:
    """Tell whether an attribute is best compared line by line: if it is a text of more than one."""
    return bool(attribute["unifiedDiff"]) and any("\n" in (attribute[name] or "") for name in ("oldValue", "newValue"))


@register.filter
def lines(unified_diff: str) -> list[Line]:
    return read_lines(unified_diff)
