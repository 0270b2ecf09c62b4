"""What a restore is asked for: an object, and the version that it is to be at."""

from __future__ import annotations

from typing import Any

from django.db import models

from revy.contrib.django import conf
from revy.contrib.django.abstract import AbstractObjectDelta
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.history import History
from revy.contrib.django.renames import model_of, state_of_today
from revy.contrib.django.restore.goals import Deed, Goal, Lost
from revy.contrib.django.restore.plan import Address
from revy.contrib.django.restore.problems import INCOMPLETE, UNKNOWN_MODEL, UNREADABLE, UNTRACKED_MODEL, Problem
from revy.contrib.django.snapshot import State
from revy.contrib.django.tracking import is_tracked, plan_for
from revy.contrib.django.values import UNFIT, key_from_text


def find_delta(target: AbstractObjectDelta | models.Model, version: int | None) -> Any:
    """Return the object delta of a version of the object: by default the given one, or the last.

    Raises ObjectDelta.DoesNotExist if there is no such version, TypeError for what is neither a delta nor an object.
    """
    if isinstance(target, AbstractObjectDelta):
        if version is None or version == target.version:
            return target
        versions = deltas_of(target)
    elif isinstance(target, models.Model):
        history = History(target)
        versions = _deltas(history.content_type.pk, history.content_id, history.using)
    else:
        raise TypeError(f"Pass an object delta or an object, not {target!r}.")
    delta = (versions if version is None else versions.filter(version=version)).order_by("-version").first()
    if delta is None:
        wanted = "no version" if version is None else f"no version {version}"
        raise versions.model.DoesNotExist(f"{target!r} has {wanted}.")
    return delta


def deltas_of(delta: AbstractObjectDelta) -> Any:
    """Return all object deltas of the object of a delta."""
    return _deltas(delta.content_type_id, delta.content_id, delta._state.db or "default")


def _deltas(content_type_id: int, content_id: str, using: str) -> Any:
    deltas = conf.get_object_delta_model()._base_manager.using(using)
    return deltas.filter(content_type_id=content_type_id, content_id=content_id)


def resolve(address: Address, history: str) -> type[models.Model] | Lost:
    """Return the model of an object that is to be written, or why it cannot be."""
    model = model_of(address[0], history)
    if model is None:
        return Lost(None, address, Problem(None, "Its model exists no more.", UNKNOWN_MODEL))
    if not is_tracked(model):
        message = f"{model._meta.label} is not tracked (any more): see REVY_MODELS."
        return Lost(model, address, Problem(None, message, UNTRACKED_MODEL))
    return plan_for(model).model


def restored(delta: AbstractObjectDelta) -> Goal | Lost:
    """Return what is wanted: the object with its whole state at the version of a delta."""
    address = address_of(delta)
    model = resolve(address, delta._state.db or "default")
    if isinstance(model, Lost):
        return model
    state = delta.get_state()
    if state is None:
        return Lost(model, address, Problem(None, "The state that this version builds upon is gone.", INCOMPLETE))
    return make_goal(model, address, dict(state), missing=Deed.CREATE, there=Deed.WRITE)


def address_of(delta: AbstractObjectDelta) -> Address:
    """Return what the object of a delta is called today: its model may have another content type by now."""
    history = delta._state.db or "default"
    model = model_of(delta.content_type_id, history)
    type_id = delta.content_type_id if model is None else content_type_id(model, history)
    return type_id, delta.content_id


def make_goal(
    model: type[models.Model],
    address: Address,
    state: State,
    *,
    missing: Deed,
    there: Deed,
    base: State | None = None,
    is_strict: bool = False,
) -> Goal | Lost:
    """Return what is wanted of an object, with the states under the names of today."""
    try:
        key = key_from_text(model, address[1])
    except UNFIT:
        message = f"{address[1]!r} is no primary key of {model._meta.label} any more."
        return Lost(model, address, Problem(None, message, UNREADABLE))
    pk = plan_for(model).key_given_by(key if isinstance(key, tuple) else (key,))
    base = None if base is None else state_of_today(model, base)
    return Goal(model, address, state_of_today(model, state), missing, there, base=base, is_strict=is_strict, pk=pk)
