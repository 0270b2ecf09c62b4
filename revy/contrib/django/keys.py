"""Primary keys as text, and back, in Python and in SQL."""

from __future__ import annotations

from typing import Any, Final

from django.db import connections, models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Lower, Replace

from revy.contrib.django.text import is_storable
from revy.contrib.django.values import key_from_text

_INTEGER: Final = r"^-?[0-9]{1,18}$"
_UUID: Final = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


def parse_key(model: type[models.Model], text: str) -> Any:
    """Return the primary key that the text stands for. Raises ValueError if no object can have it."""
    pk = key_from_text(model, text) if is_storable(text) else None
    if pk is None or (isinstance(pk, int) and not -(2**63) <= pk < 2**63):
        raise ValueError(f"{text!r} is not a primary key of {model._meta.label}.")
    return pk


def parse_keys(model: type[models.Model], texts: set[str]) -> dict[str, Any]:
    """Return the primary keys by the texts that stand for them, leaving out texts that stand for none."""
    found = {}
    for text in texts:
        try:
            found[text] = parse_key(model, text)
        except ValueError:
            continue
    return found


def key_expression(model: type[models.Model], using: str) -> tuple[Q, Any] | None:
    """Return which `content_id` can be keys of the model, and the key in SQL; None if there is no SQL for it."""
    field: Any = model._meta.pk
    while field.remote_field is not None:
        field = field.target_field
    if isinstance(field, models.IntegerField):
        return Q(content_id__regex=_INTEGER), Cast("content_id", models.BigIntegerField())
    if isinstance(field, models.UUIDField):
        if connections[using].features.has_native_uuid_field:
            return Q(content_id__regex=_UUID), Cast("content_id", models.UUIDField())
        hexadecimal = Replace(Lower("content_id"), Value("-"), Value(""), output_field=models.UUIDField())
        return Q(content_id__regex=_UUID), hexadecimal
    if isinstance(field, models.CharField | models.TextField):
        return Q(content_id__isnull=False), F("content_id")
    return None
