"""What differs between two versions of an object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models

from revy.contrib.django.abstract import AbstractObjectDelta
from revy.contrib.django.changes import DELETE
from revy.contrib.django.errors import IncompleteHistory
from revy.contrib.django.renames import model_of, state_of_today
from revy.contrib.django.replay import Comparison
from revy.contrib.django.snapshot import ObjectState, State, is_known, state_of
from revy.contrib.django.tracking import plan_for
from revy.contrib.django.values import Json, is_same


@dataclass(frozen=True, slots=True)
class AttributeDiff:
    """An attribute, by attname or the name of its many-to-many field, and what it was and is, encoded."""

    name: str
    old: Json
    new: Json


@dataclass(frozen=True, slots=True)
class ObjectDiff:
    """What became of an object between two versions."""

    from_version: int
    to_version: int
    changes: tuple[AttributeDiff, ...]


def diff(delta_a: AbstractObjectDelta, delta_b: AbstractObjectDelta) -> ObjectDiff:
    """Return what differs between the states of an object after two of its object deltas; two queries at most.

    After a Delete there is nothing; what was not recorded counts as None. Attributes are in the order of the model's
    fields, and those that it has no more at the end. They are compared as the fields of today read them, or as they
    were recorded if there is no such field or model any more.

    Raises ValueError for deltas of different objects, IncompleteHistory if one of the states cannot be rebuilt.
    """
    using = delta_a._state.db or "default"
    if _object_of(delta_a) != _object_of(delta_b):
        raise ValueError(f"{delta_a} and {delta_b} are changes of different objects: only versions of one can differ.")
    old, new = _states((delta_a, delta_b), using)
    model = model_of(delta_a.content_type_id, using)
    if model is not None:
        old, new = state_of_today(model, old), state_of_today(model, new)
    comparison = None if model is None else Comparison(plan_for(model))
    changes = []
    for name in _in_order({*old, *new}, model):
        pair = old.get(name), new.get(name)
        if not (is_same(*pair) if comparison is None else comparison.agree(name, *pair)):
            changes.append(AttributeDiff(name, *pair))
    return ObjectDiff(delta_a.version, delta_b.version, tuple(changes))


def _object_of(delta: AbstractObjectDelta) -> tuple[str | None, int, str]:
    return delta._state.db, delta.content_type_id, delta.content_id


def _states(deltas: Sequence[AbstractObjectDelta], using: str) -> list[State]:
    """Return what there was after each of the deltas."""
    unread = [delta.pk for delta in deltas if delta.action != DELETE and not is_known(delta)]
    read: dict[int, State | None] = {}
    if unread:
        rows = type(deltas[0])._base_manager.using(using).filter(pk__in=unread).annotate(recorded_state=ObjectState())
        read = dict(rows.values_list("pk", "recorded_state"))
    states = []
    for delta in deltas:
        state = {} if delta.action == DELETE else read[delta.pk] if delta.pk in read else state_of(delta)
        if state is None:
            raise IncompleteHistory(
                f"{delta} cannot be rebuilt: the whole state that it builds upon is gone. Compare a later version."
            )
        states.append(state)
    return states


def _in_order(names: Iterable[str], model: type[models.Model] | None) -> list[str]:
    fields: list[Any] = [] if model is None else [*model._meta.concrete_fields, *model._meta.many_to_many]
    places = {field.name if field.many_to_many else field.attname: place for place, field in enumerate(fields)}
    return sorted(names, key=lambda name: (places.get(name, len(places)), name))
