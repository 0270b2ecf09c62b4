"""Loading rows at no cost: noting assignments slows `Model.__init__`, so rows bypass it where nobody can tell."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import signals
from django.db.models.base import ModelState
from django.db.models.fields.files import FileDescriptor
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query_utils import DeferredAttribute

from revy.contrib.django.patching import replace

_CONSTRUCTORS = ("__init__", "__new__", "__setattr__", "from_db")
_PLAIN_DESCRIPTORS = (DeferredAttribute, ForeignKeyDeferredAttribute, FileDescriptor)


@functools.cache
def loadable_attnames(model: type[models.Model]) -> tuple[str, ...] | None:
    """Return the attnames that a row fills, or None if the model must be built by calling it."""
    if model._meta.abstract or any(_constructs(base) for base in model.__mro__[: model.__mro__.index(models.Model)]):
        return None
    fields = model._meta.concrete_fields
    if any(type(getattr(model, field.attname, None)) not in _PLAIN_DESCRIPTORS for field in fields):
        return None
    return tuple(field.attname for field in fields)


def _constructs(base: type) -> bool:
    return any(name in base.__dict__ for name in _CONSTRUCTORS)


def _has_init_listeners(model: type[models.Model]) -> bool:
    pre_init, post_init = signals.pre_init, signals.post_init
    return bool(pre_init.receivers or post_init.receivers) and (
        pre_init.has_listeners(model) or post_init.has_listeners(model)
    )


def _make_from_db(original: Any) -> Any:
    function = original.__func__

    def from_db(
        cls: type[models.Model], db: str | None, field_names: Sequence[str], values: Sequence[Any], **options: Any
    ) -> models.Model:
        attnames = loadable_attnames(cls)
        if attnames is None or _has_init_listeners(cls):
            return function(cls, db, field_names, values, **options)  # type: ignore[no-any-return]
        if len(values) != len(attnames):
            attnames = tuple(attname for attname in attnames if attname in field_names)
        instance = cls.__new__(cls)
        state = ModelState()
        state.adding = False
        state.db = db
        fetch_mode = options.get("fetch_mode")  # Django 6.1
        if fetch_mode is not None:
            state.fetch_mode = fetch_mode
        attributes = instance.__dict__
        attributes["_state"] = state
        attributes.update(zip(attnames, values, strict=True))
        return instance

    return classmethod(from_db)  # type: ignore[arg-type]  # named as Django names it


def install() -> None:
    replace(models.Model, "from_db", _make_from_db)
    # A receiver or field that comes later changes what a row fills.
    signals.class_prepared.connect(_forget, dispatch_uid="revy.loading")


def _forget(**_: Any) -> None:
    loadable_attnames.cache_clear()
