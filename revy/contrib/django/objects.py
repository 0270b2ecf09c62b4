"""Finding the objects that content types and text keys name, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from django.db import connections, models
from django.db.models.query import QuerySet

from revy.contrib.django.batches import in_batches
from revy.contrib.django.renames import model_of
from revy.contrib.django.selects import OneOf, Select, composed
from revy.contrib.django.values import UNFIT, key_from_text

# The id of a content type and a primary key as text.
Reference = tuple[Any, Any]

_LARGEST: Final = 512


def find_objects(references: Iterable[Reference], using: str) -> dict[Reference, models.Model]:
    """Return the objects that are there, with one query a model; references that make no sense today lead nowhere."""
    texts: dict[Any, set[Any]] = {}
    for type_id, text in references:
        if type_id is not None and text is not None:
            texts.setdefault(type_id, set()).add(text)
    found = {}
    for type_id, wanted in texts.items():
        model = model_of(type_id, using)
        if model is None:
            continue
        keys = dict(_keys(model, wanted))
        objects = {instance.pk: instance for instance in _with_keys(model, list(set(keys.values())), using)}
        found.update({(type_id, text): objects[pk] for text, pk in keys.items() if pk in objects})
    return found


def _keys(model: type[models.Model], texts: Iterable[str]) -> Iterator[tuple[str, Any]]:
    for text in texts:
        try:
            pk = key_from_text(model, text)
        except UNFIT:
            continue
        parts = pk if isinstance(pk, tuple) else (pk,)
        # No column holds larger numbers, and SQLite takes none.
        if all(not isinstance(part, int) or -(2**63) <= part < 2**63 for part in parts):
            yield text, pk


def _with_keys(model: type[models.Model], pks: Sequence[Any], using: str) -> Iterator[Any]:
    manager = model._base_manager
    if type(manager) is not models.Manager or len(model._meta.pk_fields) > 1:
        yield from manager.using(using).filter(pk__in=pks)
        return
    names = [field.attname for field in model._meta.concrete_fields]
    for some in in_batches(pks, _LARGEST):
        # Few sizes make few statements: the last key is asked for several times.
        size = 1 << (len(some) - 1).bit_length()
        statement = composed(connections[using], (model, size), partial(_rows, model, size, using))
        for row in statement.fetch([*some, *[some[-1]] * (size - len(some))]):
            yield model.from_db(using, names, row)


def _rows(model: type[models.Model], size: int, using: str) -> Select:
    pk: Any = model._meta.pk
    rows: QuerySet[Any] = QuerySet(model=model, using=using)
    return Select.of(rows.filter(OneOf(pk.attname, pk, size)).order_by())
