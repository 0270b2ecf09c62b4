"""Recorded values as the admin shows values of today, with one query for each model that they refer to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib.admin.utils import display_for_field
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from revy.contrib.django.admin.texts import legible, texts_of
from revy.contrib.django.admin.viewer import Model, Reference, Viewer
from revy.contrib.django.errors import UnreadableValue
from revy.contrib.django.values import Codec, Json

# A recorded value: the model and name of its attribute, and what was recorded.
Recorded = tuple[Model, str, Json]

_SHORT: Final = 120


@dataclass(frozen=True, slots=True)
class Value:
    """A value to show: its text, where it leads to, and whether the text only says that there is none."""

    text: str
    url: str = ""
    is_quiet: bool = False

    @property
    def short(self) -> str:
        """The text, cut if it is long; markup of Django's own is never cut."""
        if isinstance(self.text, SafeString) or len(self.text) <= _SHORT:
            return self.text
        return self.text[: _SHORT - 1].rstrip() + "…"

    @property
    def is_cut(self) -> bool:
        return self.short != self.text


NOTHING: Final = Value("—", is_quiet=True)
EMPTY: Final = Value(_("empty"), is_quiet=True)  # type: ignore[arg-type]  # translated when it is shown


class Display:
    """Shows recorded values to a viewer who may see their fields; `recorded` are all that it will be asked for."""

    def __init__(self, viewer: Viewer, recorded: Iterable[Recorded]) -> None:
        found = viewer.find_objects(reference for value in recorded for reference in _references(*value))
        texts = texts_of(found.values())
        self._values = {
            reference: Value(text, viewer.url_of(instance))
            for (reference, instance), text in zip(found.items(), texts, strict=True)
        }

    def show(self, model: Model, name: str, value: Json) -> Value:
        """Return what to show for a value; of a list, what to show for one of its keys."""
        field: Any = model._meta.get_field(name)
        if value is None:
            return NOTHING
        if field.is_relation:
            return self._show_key(model, name, value)
        try:
            python = Codec(field).decode(value)
        except UnreadableValue:
            # It does not fit the field of today.
            return Value(legible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
        return EMPTY if python == "" else Value(_text_of_value(field, python))

    def show_list(self, model: Model, name: str, keys: Iterable[Json]) -> list[Value]:
        return [self.show(model, name, key) for key in keys]

    def _show_key(self, model: Model, name: str, key: Json) -> Value:
        reference = next(_references(model, name, key), None)
        found = None if reference is None else self._values.get(reference)
        return Value(legible(str(key))) if found is None else found


def _text_of_value(field: Any, value: Any) -> str:
    if isinstance(value, bytes):
        return ngettext("%d byte", "%d bytes", len(value)) % len(value)
    if isinstance(field, models.JSONField):
        return legible(json.dumps(value, ensure_ascii=False))
    shown = str(display_for_field(value, field, "—", avoid_link=True))
    # Of the admin's own displays only the icons of booleans are markup.
    return shown if isinstance(field, models.BooleanField) and not field.flatchoices else legible(shown)


def _references(model: Model, name: str, value: Json) -> Iterator[Reference]:
    """Yield the objects that a value refers to by their primary keys."""
    field: Any = model._meta.get_field(name)
    target: Any = field.related_model if field.is_relation else None
    if value is None or target is None:
        return
    if not field.many_to_many and not field.target_field.primary_key:
        return
    target = target._meta.concrete_model or target
    for key in value if isinstance(value, list) else [value]:
        yield target, str(key)


def as_text(field: Any, value: Json) -> str | None:
    """Return a value as the text whose words are to be compared, or None if it is compared as a whole."""
    if isinstance(field, models.JSONField):
        is_nested = isinstance(value, dict | list) and bool(value)
        return legible(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)) if is_nested else None
    if field.is_relation or getattr(field, "flatchoices", None) or not isinstance(value, str):
        return None
    return legible(value) if isinstance(field, models.CharField | models.TextField) else None


def label_of(model: Model, name: str) -> str:
    """Return what the admin calls the attribute."""
    try:
        field: Any = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    label = str(getattr(field, "verbose_name", name))
    return label[:1].upper() + label[1:]
