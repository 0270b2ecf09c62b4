"""Django's on_delete handlers under revy's name.

Deletions are recorded with either; these say in a model that its history tells what fell with what. With no context
active, or a disabled one, they are nothing but Django's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import deletion

Handler = Callable[[Any, Any, Any, str], None]

_HOME = "revy.contrib.django.models"


def _adopt(handler: Any) -> Any:
    """Return a handler that does what Django's does, and deconstructs to revy's name of it."""

    def on_delete(collector: Any, field: Any, sub_objs: Any, using: str) -> None:
        handler(collector, field, sub_objs, using)

    vars(on_delete).update({name: value for name, value in vars(handler).items() if name != "deconstruct"})
    on_delete.__module__ = _HOME
    on_delete.__name__ = on_delete.__qualname__ = handler.__name__
    return on_delete


CASCADE: Handler = _adopt(deletion.CASCADE)
SET_NULL: Handler = _adopt(deletion.SET_NULL)
SET_DEFAULT: Handler = _adopt(deletion.SET_DEFAULT)


def SET(value: Any) -> Handler:
    """Return a handler that sets referrers to `value`, or to what it returns if it is callable."""
    handler = _adopt(deletion.SET(value))
    handler.deconstruct = lambda: (f"{_HOME}.SET", (value,), {})
    return handler  # type: ignore[no-any-return]
