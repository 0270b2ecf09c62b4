"""Conditions on recorded values: what databases do for columns, done on the values of objects as they were."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, Self

from django.core.exceptions import FieldError
from django.db import models

from revy.contrib.django.tracking import concrete_model, plan_for
from revy.contrib.django.values import Codec, Json, is_same, key_to_text

Test = Callable[[Any], bool]

_ORDERS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_TEXTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "exact": operator.eq,
}
_OF_LISTS: Final = ("exact", "in", "isnull")
_OF_TEXTS: Final = ("contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "iexact")
_OF_COLUMNS: Final = (*_OF_LISTS, *_ORDERS, "range", *_OF_TEXTS)


class Recorded(NamedTuple):
    """An object as it was, and its many-to-many lists: encoded keys by the name of the field."""

    content_id: str
    instance: models.Model
    lists: dict[str, list[Json]]


class Condition(NamedTuple):
    """A test of one attribute. What was not recorded is unknown, and passes none."""

    name: str
    test: Test

    def is_met(self, recorded: Recorded) -> bool:
        for values in (recorded.instance.__dict__, recorded.lists):
            if self.name in values:
                return self.test(values[self.name])
        return False


class Conditions(NamedTuple):
    """Conditions that all have to be met, and the only content ids whose objects can meet them, None for any."""

    tests: tuple[Condition, ...]
    keys: frozenset[str] | None

    @classmethod
    def parse(cls, model: type[models.Model], lookups: dict[str, Any]) -> Self:
        """Return the conditions of lookups like those of `QuerySet.filter`.

        Raises FieldError for fields and lookups that are not known here, ValueError or ValidationError for values that
        the field cannot have.
        """
        tests, keys = [], None
        for text, value in lookups.items():
            name, _, lookup = text.partition("__")
            field = _field(model, name, text)
            _check(model, field, lookup or "exact", text)
            if _is_key(model, field) and lookup in ("", "exact", "in"):
                wanted = _texts_of_keys(model, field, [value] if lookup != "in" else value)
                keys = wanted if keys is None else keys & wanted
            else:
                tests.append(_condition(model, field, lookup or "exact", value))
        return cls(tuple(tests), keys)

    def are_met(self, recorded: Recorded) -> bool:
        is_wanted = self.keys is None or recorded.content_id in self.keys
        return is_wanted and all(condition.is_met(recorded) for condition in self.tests)


def _field(model: type[models.Model], name: str, text: str) -> Any:
    """Return the field that a lookup is about; None is a key of several columns."""
    meta = model._meta
    if name == "pk":
        return meta.pk if len(meta.pk_fields) == 1 else None
    columns = {each: field for field in meta.concrete_fields for each in (field.name, field.attname)}
    lists = {link.field.name: link.field for link in plan_for(model).links}
    if name in columns or name in lists:
        return columns.get(name) or lists[name]
    raise FieldError(
        f"{text!r}: no {name!r} is recorded of {meta.label}. Choose from "
        f"{', '.join(sorted({'pk', *columns, *lists}))}; the past of other models is asked for with as_of, too."
    )


def _check(model: type[models.Model], field: Any, lookup: str, text: str) -> None:
    known = _OF_COLUMNS
    if field is None:
        known = ("exact", "in")
    elif field.many_to_many or isinstance(field, models.JSONField):
        known = _OF_LISTS
    if lookup not in known:
        raise FieldError(
            f"{text!r}: lookup {lookup!r} cannot be tested on recorded values of {model._meta.label}."
            f"{'pk' if field is None else field.name}, and relations are not followed. Choose from {', '.join(known)}."
        )


def _is_key(model: type[models.Model], field: Any) -> bool:
    return field is None or field is model._meta.pk


def _texts_of_keys(model: type[models.Model], field: Any, values: Iterable[Any]) -> frozenset[str]:
    keys = [value.pk if field is None and isinstance(value, models.Model) else _plain(field, value) for value in values]
    return frozenset(key_to_text(model, key) for key in keys if key is not None)


def _plain(field: Any, value: Any) -> Any:
    """Return the value as a column has it: of an object, what the field refers to it by, or its key."""
    if field is None or not isinstance(value, models.Model):
        return value
    target: type[models.Model] = field.related_model or field.model
    name = field.target_field.attname if field.many_to_one or field.one_to_one else target._meta.pk.attname
    if not isinstance(value, concrete_model(target)) or getattr(value, name) is None:
        raise ValueError(f"{field} is compared with saved objects of {target._meta.label}, not with {value!r}.")
    return getattr(value, name)


def _condition(model: type[models.Model], field: Any, lookup: str, value: Any) -> Condition:
    if value is None and lookup in ("exact", "iexact"):
        lookup, value = "isnull", True
    if lookup == "isnull":
        if not isinstance(value, bool):
            raise ValueError(f"{field.name}__isnull is True or False, not {value!r}.")
        name = field.name if field.many_to_many else field.attname
        return Condition(name, lambda found: (found in (None, [])) is value)
    if field.many_to_many:
        codec = next(link.codec for link in plan_for(model).links if link.field == field)
        is_wanted = _among(codec, field, value if lookup == "in" else [value])
        return Condition(field.name, lambda found: any(map(is_wanted, found)))
    test = _test_of(Codec(field), field, lookup, value)
    return Condition(field.attname, lambda found: found is not None and test(found))


def _test_of(codec: Codec, field: Any, lookup: str, value: Any) -> Test:
    """Return the test of values that are not null."""
    if lookup in ("exact", "in"):
        is_wanted = _among(codec, field, value if lookup == "in" else [value])
        return lambda found: is_wanted(codec.encode(found))
    if lookup in _OF_TEXTS:
        return _test_of_text(codec, lookup, _as_text(codec.encode(_plain(field, value))))

    def bound(given: Any) -> Any:
        if given is None:
            raise ValueError(f"{field.name}__{lookup} needs a value, not None.")
        return codec.decode(codec.encode(_plain(field, given)))

    if lookup == "range":
        low, high = map(bound, value)
        return lambda found: low <= codec.normalize(found) <= high
    compare, limit = _ORDERS[lookup], bound(value)
    return lambda found: compare(codec.normalize(found), limit)


def _test_of_text(codec: Codec, lookup: str, wanted: str) -> Test:
    if lookup in _TEXTS:
        test = _TEXTS[lookup]
        return lambda found: test(_as_text(codec.encode(found)), wanted)
    test, folded = _TEXTS[lookup.removeprefix("i")], wanted.casefold()
    return lambda found: test(_as_text(codec.encode(found)).casefold(), folded)


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _among(codec: Codec, field: Any, values: Iterable[Any]) -> Test:
    """Return the test whether an encoded value is one of these."""
    wanted = [codec.encode(_plain(field, value)) for value in values if value is not None]
    plain = {(type(value), value) for value in wanted if not isinstance(value, list | dict)}
    nested = [value for value in wanted if isinstance(value, list | dict)]

    def test(found: Json) -> bool:
        if isinstance(found, list | dict):
            return any(is_same(found, value) for value in nested)
        return (type(found), found) in plain

    return test
