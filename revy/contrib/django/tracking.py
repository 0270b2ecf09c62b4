"""Which models and fields are recorded, and how: one plan per model."""

from __future__ import annotations

import functools
from typing import Any

from django.core.signals import setting_changed
from django.db import models
from django.db.models.signals import class_prepared

from revy import abc
from revy.contrib.django import conf
from revy.contrib.django.values import Codec

# The table in which Django notes the migrations that were run belongs to no app.
_NEVER = frozenset({"migrations.migration"})


class Plan:
    """How the objects of one concrete model are recorded."""

    __slots__ = ("attnames", "codecs", "concrete_fields", "fields", "heirs", "local_fields", "model")

    def __init__(self, model: type[models.Model]) -> None:
        meta = model._meta
        excluded = {label.lower() for label in conf.excluded_field_labels()}
        self.model = model
        self.concrete_fields = meta.concrete_fields
        self.fields: tuple[models.Field[Any, Any], ...] = tuple(
            field for field in meta.concrete_fields if field.primary_key or not _field_labels(model, field) & excluded
        )
        self.local_fields = tuple(field for field in self.fields if field in meta.local_concrete_fields)
        self.codecs = {field.attname: Codec(field) for field in self.fields}
        self.attnames = frozenset(self.codecs)
        self.heirs = tuple(child for child in _children(model) if is_watched(child))


def _field_labels(model: type[models.Model], field: models.Field[Any, Any]) -> set[str]:
    owners = {model._meta.label_lower, field.model._meta.label_lower}
    return {f"{owner}.{name}".lower() for owner in owners for name in (field.name, field.attname)}


@functools.cache
def is_watched(model: type[models.Model]) -> bool:
    """Tell whether rows of the model's table belong to a tracked object: its own, or one that inherits from it."""
    concrete = model._meta.concrete_model
    return concrete is not None and (is_tracked(concrete) or any(map(is_watched, _children(concrete))))


def _children(model: type[models.Model]) -> list[type[models.Model]]:
    """Return the models whose rows extend a row of this one (multi-table inheritance)."""
    return [
        relation.related_model
        for relation in model._meta.related_objects
        if relation.parent_link and model in relation.related_model._meta.parents
    ]


@functools.cache
def is_tracked(model: type[models.Model]) -> bool:
    """Tell whether changes of the model's objects are recorded; a proxy is as its concrete model."""
    concrete = model._meta.concrete_model
    if concrete is None or issubclass(concrete, abc.Revision | abc.Delta):
        return False
    meta = concrete._meta
    names = {meta.app_label, meta.label_lower}
    if meta.auto_created or meta.swapped or names & (_NEVER | _lowered(conf.excluded_model_labels())):
        return False
    included = _lowered(conf.model_labels())
    return conf.EVERY_MODEL in included or bool(names & included)


@functools.cache
def _cached_plan(model: type[models.Model]) -> Plan:
    return Plan(model)


def plan_for(model: type[models.Model]) -> Plan:
    """Return the plan of the model's concrete model."""
    model = concrete_model(model)
    plan = _cached_plan(model)
    if plan.concrete_fields is not model._meta.concrete_fields:
        forget_plans()
        plan = _cached_plan(model)
    return plan


def concrete_model(model: type[models.Model]) -> type[models.Model]:
    """Return the model itself, or the one that a proxy stands for."""
    return model._meta.concrete_model or model


def forget_plans(**_: Any) -> None:
    is_tracked.cache_clear()
    is_watched.cache_clear()
    _cached_plan.cache_clear()


def forget_plans_of_changed_setting(*, setting: str, **_: Any) -> None:
    if setting.startswith("REVY_") or setting == "INSTALLED_APPS":
        forget_plans()


def install() -> None:
    # A model that comes later may inherit from one that has a plan.
    class_prepared.connect(forget_plans, dispatch_uid="revy.forget_plans")
    setting_changed.connect(forget_plans_of_changed_setting, dispatch_uid="revy.forget_plans")


def _lowered(labels: Any) -> set[str]:
    # An app label keeps its case in Django; a model's label does not matter in case.
    return {label.lower() if "." in label else label for label in labels}
