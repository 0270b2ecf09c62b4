"""Field values as JSON, without loss, and back.

What JSON has natively is kept as it is; the rest goes through the field's own `value_to_string` and `to_python`. A
value is encoded as the database holds it: a decimal with the places of its column, an aware time in UTC.
"""

from __future__ import annotations

import datetime
import decimal
import json
import math
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.utils import format_number
from django.utils import timezone

from revy.contrib.django.errors import UnreadableValue
from revy.contrib.django.fitting import has_room, is_held

Json = Any

# What encoding and decoding a value that does not fit its field may raise.
UNFIT: Final = (ValidationError, ValueError, TypeError, ArithmeticError)

_DIGITS_OF_EVERY_DATABASE: Final = 15

_EXACT_TYPES: Final = (
    (models.BooleanField, bool),
    (models.IntegerField, int),
    ((models.CharField, models.TextField), str),
)
_CONVERTING_METHODS: Final = (
    "pre_save",
    "to_python",
    "get_prep_value",
    "get_db_prep_value",
    "get_db_prep_save",
    "from_db_value",
    "get_placeholder",
    "get_placeholder_sql",
    "get_db_converters",
)


class Codec:
    """Encodes and decodes the values of one field."""

    __slots__ = ("_attname", "_field", "_given", "_is_decimal", "converts", "exact")

    def __init__(self, field: models.Field[Any, Any]) -> None:
        self._given = field
        field = _value_field(field)
        self._field: Any = field
        self._attname = field.attname or field.name
        self._is_decimal = isinstance(field, models.DecimalField)
        # The type whose values are JSON already.
        self.exact: Any = next((kind for classes, kind in _EXACT_TYPES if isinstance(field, classes)), None)
        # Only the database can tell what a field with conversions of its own has written.
        self.converts = any(
            not _is_djangos(getattr(type(field), name, None)) for name in _CONVERTING_METHODS if hasattr(field, name)
        )

    def predict(self, value: Any) -> Json:
        """Return what the column holds once it is given the value, as JSON.

        Raises ValidationError if only the database can tell: what an expression gives; and each rounds decimals in its
        own way, and SQLite keeps 15 digits of them.
        """
        if value is None or type(value) is self.exact:
            return value
        if hasattr(value, "resolve_expression"):
            raise ValidationError(f"{value!r} is an expression.")
        encoded = self.encode(value)
        if self._is_decimal and encoded is not None:
            given, held = self._field.to_python(value), decimal.Decimal(encoded)
            if given != held or len(held.as_tuple().digits) > _DIGITS_OF_EVERY_DATABASE:
                raise ValidationError(f"{value} may be rounded.")
        return encoded

    def encode(self, value: Any) -> Json:
        """Return the value as JSON. Raises ValidationError for a value that the field cannot hold."""
        if value is None or type(value) is self.exact:
            return value
        if isinstance(self._field, models.JSONField):
            return json.loads(json.dumps(value, cls=self._field.encoder))
        try:
            return self._encode_python(self._field.to_python(value))
        except UNFIT:
            if not self.converts:
                raise
            # A custom field's own values may be known to its `value_to_string` alone.
            return self._to_string(value)

    def _encode_python(self, value: Any) -> Json:
        if isinstance(value, decimal.Decimal):
            return self._encode_decimal(value)
        if isinstance(value, datetime.datetime):
            value = _in_utc(value)
        if self.exact is not None and isinstance(value, self.exact):
            # An enumeration's member or a safe string is stored as the plain value that it is.
            return "".join(value) if self.exact is str else self.exact(value)
        if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
            return value
        return self._to_string(value)

    def _to_string(self, value: Any) -> str:
        return self._field.value_to_string(SimpleNamespace(**{self._attname: value}))  # type: ignore[no-any-return]

    def decode(self, value: Json, connection: Any = None) -> Any:
        """Return the Python value that was recorded, as the field of today holds it; it may have been of another type.

        Raises UnreadableValue if the field cannot hold it exactly, or, given a connection, a column of its database
        cannot. What a field with conversions of its own makes of a value is left to that field.
        """
        field, python = self._field, self.parse(value)
        if isinstance(field, models.JSONField) or self.converts or value is None:
            return python
        try:
            is_fit = type(value) is self.exact or is_held(field, value, python, self.encode)
        except UNFIT as error:
            raise self._unreadable(value) from error
        if not is_fit or (connection is not None and not has_room(field, python, connection)):
            raise self._unreadable(value)
        if isinstance(python, datetime.datetime):
            return _in_zone_of_today(python)
        # With the places of today, as a row gives it.
        return decimal.Decimal(self.encode(python)) if isinstance(python, decimal.Decimal) else python

    def parse(self, value: Json) -> Any:
        """Return what the field itself makes of a value, `7` of "07" say. Raises UnreadableValue if that is nothing."""
        field = self._field
        try:
            if isinstance(field, models.JSONField):
                return value if field.decoder is None else json.loads(json.dumps(value), cls=field.decoder)
            python = None if value is None else field.to_python(value)
        except UNFIT as error:
            raise self._unreadable(value) from error
        return bytes(python) if isinstance(python, memoryview) else python

    def _unreadable(self, value: Json) -> UnreadableValue:
        given = self._given
        return UnreadableValue(f"The recorded value {value!r} does not fit {type(given).__name__} {given.name!r}.")

    def as_key(self, value: Any) -> Any:
        """Return a row's value as something that can be compared and looked up: a custom field's own may do neither."""
        return self.encode(value) if self.converts else value

    def normalize(self, value: Any) -> Any:
        """Return the value as a row gives it back, whatever type it was given as; what does not fit stays as it is."""
        if type(value) is self.exact:
            return value
        try:
            return self.decode(self.encode(value))
        except UNFIT:
            return value

    def _encode_decimal(self, value: decimal.Decimal) -> Json:
        places = getattr(self._field, "decimal_places", None)
        if places is None or not value.is_finite():
            return str(value)
        try:
            text = str(format_number(value, self._field.max_digits, places))
        except decimal.InvalidOperation as error:
            raise ValidationError(f"{value} has too many digits.") from error
        # A column has no negative zero.
        return text if text.strip("-0.") else text.lstrip("-")


def encoded(columns: Sequence[tuple[str, Codec]], values: Iterable[Any]) -> dict[str, Json]:
    """Return the values of a row, encoded by name. What is JSON already costs next to nothing."""
    return {
        name: value if value is None or type(value) is codec.exact else codec.encode(value)
        for (name, codec), value in zip(columns, values, strict=True)
    }


def is_same(old: Json, new: Json) -> bool:
    """Tell whether two encoded values are the same: unlike Python, True is not 1 and 1 is not 1.0."""
    if type(old) is not type(new):
        return False
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(is_same(value, new[key]) for key, value in old.items())
    if isinstance(old, list):
        return len(old) == len(new) and all(map(is_same, old, new))
    return bool(old == new)


def key_to_text(model: type[models.Model], pk: Any) -> str:
    """Return the primary key as `content_id` holds it; a composite key is a JSON list."""
    fields = model._meta.pk_fields
    if len(fields) > 1:
        return json.dumps([Codec(field).encode(part) for field, part in zip(fields, pk, strict=True)])
    return str(pk if type(pk) is int else Codec(fields[0]).encode(pk))


def key_from_text(model: type[models.Model], text: str) -> Any:
    """Return the primary key that the text stands for. Raises ValueError if the model can have no such key."""
    fields = model._meta.pk_fields
    if len(fields) == 1:
        return Codec(fields[0]).parse(text)
    parts = json.loads(text)
    if not isinstance(parts, list) or len(parts) != len(fields):
        raise UnreadableValue(f"{text!r} is not a primary key of {model._meta.label}.")
    return tuple(Codec(field).parse(part) for field, part in zip(fields, parts, strict=True))


def _value_field(field: Any) -> Any:
    """Return the field that defines what the values are: what a foreign key points at, what a generated field gives."""
    while True:
        if field.remote_field is not None and getattr(field, "target_field", None) is not None:
            field = field.target_field
        elif getattr(field, "generated", False):
            attname, field = field.attname, field.output_field
            if not getattr(field, "attname", None):
                field = field.clone()
                field.set_attributes_from_name(attname)
        else:
            return field


def _is_djangos(method: Any) -> bool:
    # The fields of django.contrib are left to their database: PostgreSQL rewrites ranges and the members of arrays.
    return str(getattr(method, "__module__", "")).startswith("django.db.")


def _in_zone_of_today(value: datetime.datetime) -> datetime.datetime:
    """Return the time as today's USE_TZ has it; one without zone was of the default time zone."""
    if settings.USE_TZ == timezone.is_aware(value):
        return value
    zone = timezone.get_default_timezone()
    return timezone.make_aware(value, zone) if settings.USE_TZ else timezone.make_naive(value, zone)


def _in_utc(value: datetime.datetime) -> datetime.datetime:
    if timezone.is_aware(value):
        return value.astimezone(datetime.UTC)
    if settings.USE_TZ:
        return timezone.make_aware(value, timezone.get_default_timezone()).astimezone(datetime.UTC)
    return value
