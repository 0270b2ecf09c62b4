"""What objects call themselves, now and in the past; however many they are, with the same number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final, NoReturn

from django.db import connections, models
from django.db.models import prefetch_related_objects

from revy.contrib.django.admin.viewer import Model, Viewer
from revy.contrib.django.errors import UnreadableValue
from revy.contrib.django.renames import state_of_today
from revy.contrib.django.snapshot import State, build_instance
from revy.contrib.django.values import Codec

# An object that is gone: its model, its key, and its state then if that is known.
Past = tuple[Model, str, State | None]

_MARKS: Final = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff")


def texts_of(instances: Iterable[Any]) -> list[str]:
    """Return what each object calls itself, legibly; its key where that fails, or takes queries of its own.

    Of those that tell of what they refer to, that is read for all at once. An object of the past may lack what its
    `__str__` relies on.
    """
    instances = list(instances)
    by_model: dict[Model, list[int]] = defaultdict(list)
    for place, instance in enumerate(instances):
        by_model[type(instance)].append(place)
    texts: list[str | None] = [None] * len(instances)
    for model, places in by_model.items():
        some = [instances[place] for place in places]
        told = _ask(some)
        if told is None:
            prefetch_related_objects(some, *(field.name for field in _foreign_keys(model)))
            told = _ask(some) or []
        for place, text in zip(places, told, strict=False):
            texts[place] = text
    return [legible(text or name_of(instance.pk)) for instance, text in zip(instances, texts, strict=True)]


def past_texts(viewer: Viewer, past: Iterable[Past], using: str) -> list[str]:
    """Return what objects called themselves at these states, as far as the viewer may see their fields.

    What is masked has its default, as the text of the whole state would tell it. They know each other: what fell
    together is named together.
    """
    past = list(past)
    built: dict[int, Any] = {}
    by_key: dict[tuple[Model, str], Any] = {}
    for place, (model, key, state) in enumerate(past):
        today = state_of_today(model, state or {})
        visible = {name: value for name, value in today.items() if _is_readable(viewer, model, name, value)}
        if visible:
            built[place] = by_key[model, key] = build_instance(model, visible, using, is_deleted=True)
    for instance in built.values():
        for field in _foreign_keys(type(instance)):
            target = by_key.get((field.related_model, str(getattr(instance, field.attname))))
            if target is not None and field.target_field.primary_key:
                field.set_cached_value(instance, target)
    texts = dict(zip(built, texts_of(built.values()), strict=True))
    return [texts.get(place, "").strip() or name_of(key) for place, (_model, key, _state) in enumerate(past)]


def _foreign_keys(model: Model) -> list[Any]:
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


def name_of(key: Any) -> str:
    """Return what to call an object of which no more is known than its key."""
    return legible(f"#{key}")


def legible(text: str) -> str:
    """Return a text with a sign for each character that could not be seen, or that turns what stands around it.

    It is a plain text even if it was marked as markup: whatever was recorded is escaped.
    """
    return "".join(text) if text.isprintable() and _MARKS.isdisjoint(text) else "".join(map(_legible, text))


def _legible(letter: str) -> str:
    if letter in "\n\t" or (letter.isprintable() and letter not in _MARKS):
        return letter
    if letter == "\r":
        return ""
    if letter < " ":
        return chr(0x2400 + ord(letter))
    # Other white space is none of these.
    return letter if letter.isspace() else f"[U+{ord(letter):04X}]"


def _is_readable(viewer: Viewer, model: Model, name: str, value: Any) -> bool:
    field: Any = viewer.visible_field(model, name)
    if field is None or field.many_to_many:
        return False
    try:
        Codec(field).decode(value)
    except UnreadableValue:
        return False
    return True


def _ask(instances: Iterable[Any]) -> list[str | None] | None:
    """Return what each object calls itself, None for those that fail; nothing at all if one of them takes a query."""
    texts: list[str | None] = []
    with _without_queries():
        for instance in instances:
            try:
                text = str(instance)
            except _QueryRefused:
                return None
            except Exception:
                text = None
            texts.append(text)
    return texts


class _QueryRefused(Exception):
    """The text of an object asked the database."""


def _refuse(execute: Any, sql: str, params: Any, many: bool, context: Any) -> NoReturn:
    raise _QueryRefused


@contextmanager
def _without_queries() -> Iterator[None]:
    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            stack.enter_context(connection.execute_wrapper(_refuse))
        yield
