"""The methods that every thing said in a context has: get, set, unset, reset and via, written once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from revy import frame
from revy.errors import InvalidDescription

if TYPE_CHECKING:
    from revy.context import Context

S = TypeVar("S")
T = TypeVar("T")
M = TypeVar("M", bound=Callable[..., Any])


def getter(key: str, read: Callable[[Any], T]) -> classmethod[Context, [], T]:
    def get(cls: type[Context]) -> T:
        top = frame.current.get()
        cell = None if top is None else top.cells.get(key)
        return read(None if cell is None else cell.value)

    return classmethod(_named(get, "get", key, f"Return the nearest {_words(key)}."))


def setter(key: str, clean: Callable[[S], Any]) -> classmethod[Context, [S], None]:
    def set_(cls: type[Context], value: S) -> None:
        cls.set_checkpoint_value(key, clean(value))

    return classmethod(_named(set_, "set", key, f"Set the {_words(key)} of the running block."))


def unsetter(key: str) -> classmethod[Context, [], None]:
    def unset(cls: type[Context]) -> None:
        cls.pop_checkpoint_value(key)

    doc = f"Take the nearest {_words(key)} back, so that the one it shadows counts until the running block ends."
    return classmethod(_named(unset, "unset", key, doc))


def resetter(key: str) -> classmethod[Context, [], None]:
    def reset(cls: type[Context]) -> None:
        cls.reset_checkpoint_value(key)

    return classmethod(
        _named(reset, "reset", key, f"Act until the running block ends as if no {_words(key)} were set.")
    )


def starter(key: str, clean: Callable[[S], Any]) -> classmethod[Context, [S], Context]:
    def via(cls: type[Context], value: S) -> Context:
        return cls._via(**{key: clean(value)})

    return classmethod(_named(via, "via", key, f"Return a context that starts with the {_words(key)}."))


def clean_description(value: str | None) -> str | None:
    """Return the text as given; a lazily translated one is kept lazy. Raises InvalidDescription (a TypeError)."""
    if value is None or isinstance(value, str) or hasattr(type(value), "_proxy____cast"):
        return value
    raise InvalidDescription(f"A description is text or None, not {value!r} of type {type(value).__name__}.")


def read_description(value: str | None) -> str:
    return "" if value is None else str(value)


def _words(key: str) -> str:
    return key.replace("_", " ")


def _named(method: M, verb: str, key: str, doc: str) -> M:
    method.__name__ = f"{verb}_{key}"
    method.__qualname__ = f"Context.{verb}_{key}"
    method.__module__ = "revy.context"
    method.__doc__ = doc
    return method
