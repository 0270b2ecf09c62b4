"""Replacing methods of Django's classes, and putting them back."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

_MISSING = object()
_replaced: list[tuple[Any, str, Any]] = []
# What was put in, and what it was put in for.
_functions: list[tuple[Any, Any]] = []


def replace(owner: Any, name: str, make: Callable[[Callable[..., Any]], Any]) -> None:
    """Replace `owner.name` by `make(original)`, which takes and returns what the original does.

    `original` is looked up in the classes above `owner` if it has no such method of its own.
    """
    own = owner.__dict__.get(name, _MISSING)
    original = getattr(owner, name)
    function = make(original)
    functools.update_wrapper(getattr(function, "__func__", function), getattr(original, "__func__", original))
    _replaced.append((owner, name, own))
    _functions.append((function, original))
    setattr(owner, name, function)


def is_ours_alone(owner: Any, name: str) -> bool:
    """Tell whether `owner.name` is what replaced Django's own method: nobody has replaced it before, or since."""
    function = owner.__dict__.get(name)
    return any(function is ours and original.__module__.startswith("django.") for ours, original in _functions)


def restore_all() -> None:
    _functions.clear()
    while _replaced:
        owner, name, own = _replaced.pop()
        if own is _MISSING:
            delattr(owner, name)
        else:
            setattr(owner, name, own)


def is_installed() -> bool:
    return bool(_replaced)
