"""Whether a field of today holds a recorded value exactly; the field may have been of another type then."""

from __future__ import annotations

import decimal
import ipaddress
from collections.abc import Callable
from typing import Any, Final

from django.db import models

Json = Any

_WITH_MAX_LENGTH: Final = (models.CharField, models.FileField, models.FilePathField)


def is_held(field: Any, value: Json, python: Any, encode: Callable[[Any], Json]) -> bool:
    """Tell whether what Django's field has made of a recorded value still says the same.

    A text holds a number, and a number a text that is written like it; 0 and 1 are as good as False and True. What else
    Python would convert, but to something that means another thing or less than it did, is not held.
    """
    if python is None or isinstance(value, list | dict):
        return False
    if isinstance(field, models.BooleanField):
        return True
    if isinstance(value, bool):
        return isinstance(field, models.IntegerField)
    if isinstance(field, models.DecimalField):
        # As a column holds it: with the places of today.
        return _is_number(encode(python), value)
    if isinstance(value, str):
        return _is_text_held(field, value, python, encode)
    return _is_number_held(field, value, python)


def _is_number_held(field: Any, value: float, python: Any) -> bool:
    if isinstance(field, models.CharField | models.TextField):
        return type(python) is str
    return isinstance(field, models.IntegerField | models.FloatField) and _is_number(python, value)


def _is_text_held(field: Any, value: str, python: Any, encode: Callable[[Any], Json]) -> bool:
    if isinstance(field, models.IntegerField):
        return str(python) == value
    if isinstance(field, models.FloatField):
        return _is_number(python, value)
    if isinstance(field, models.BinaryField):
        # Python reads any text as Base64, and leaves out what is none.
        return bool(encode(python) == value)
    return not isinstance(field, models.GenericIPAddressField) or _is_address(python)


def has_room(field: Any, python: Any, connection: Any) -> bool:
    """Tell whether a column of that database has room for the value: SQLite's has, however long a text is."""
    if isinstance(python, str) and isinstance(field, _WITH_MAX_LENGTH) and connection.vendor != "sqlite":
        return field.max_length is None or len(python) <= field.max_length
    if type(python) is int and isinstance(field, models.IntegerField):
        lowest, highest = connection.ops.integer_field_range(field.get_internal_type())
        return (lowest is None or lowest <= python) and (highest is None or python <= highest)
    return True


def _is_number(python: Any, value: Json) -> bool:
    # repr gives the shortest text of a float; PostgreSQL gives 1e30 back as the whole number that it looks like.
    one, other = (repr(number) if isinstance(number, float) else number for number in (python, value))
    try:
        return str(one) == str(other) or decimal.Decimal(one) == decimal.Decimal(other)
    except decimal.InvalidOperation:
        return False


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
