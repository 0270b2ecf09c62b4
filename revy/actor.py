"""Which values may act.

Ring 1 knows no Django, so actors are told by their type alone: looking at the value itself would evaluate a lazy user.
"""

from __future__ import annotations

from typing import Any

from revy.errors import InvalidActor


class RequestActor:
    """The user of a request, looked up when asked: authentication may happen after the actor is set."""

    __slots__ = ("request",)

    def __init__(self, request: Any) -> None:
        self.request = request

    def get(self) -> Any:
        return getattr(self.request, "user", None)


def clean(value: Any) -> Any:
    """Return `value` as a context keeps it; a lazy value is kept unevaluated.

    Raises InvalidActor (a TypeError) for what is neither None, a model instance, an anonymous user, a lazy object
    nor a request.
    """
    if value is None or is_model_instance(value) or is_lazy(value) or type(value) is RequestActor:
        return value
    if is_anonymous(value):
        return None
    if hasattr(value, "META") and not isinstance(value, type):
        return RequestActor(value)
    raise InvalidActor(
        f"An actor is None or a model instance, not {value!r} of type {type(value).__name__}. "
        "Pass a saved instance of any model, or None for the system itself."
    )


def read(value: Any) -> Any:
    """Return a kept actor as `get_actor` shows it: a lazy user stays lazy."""
    return clean(value.get()) if type(value) is RequestActor else value


def resolve(value: Any) -> Any:
    """Return the model instance, or None, that a kept actor stands for, evaluating it if it is lazy."""
    value = clean(value)
    while type(value) is RequestActor or (value is not None and is_lazy(value)):
        value = clean(value.get() if type(value) is RequestActor else unwrap(value))
    return value


def is_model_instance(value: Any) -> bool:
    kind = type(value)
    # A composite primary key is no attribute of its class.
    return hasattr(kind, "_meta") and (hasattr(kind, "pk") or hasattr(kind._meta, "pk")) and not issubclass(kind, type)


def is_anonymous(value: Any) -> bool:
    return not isinstance(value, type) and getattr(value, "is_anonymous", False) is True


def is_lazy(value: Any) -> bool:
    """Tell whether the value is one of Django's LazyObject, without evaluating it."""
    kind = type(value)
    return hasattr(kind, "_wrapped") and hasattr(kind, "_setup")


def unwrap(lazy: Any) -> Any:
    lazy.__class__  # noqa: B018 - reading any attribute of a lazy object evaluates it
    return object.__getattribute__(lazy, "__dict__")["_wrapped"]
