"""What recorded models and fields are called today: where REVY_RENAMES is read."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.signals import setting_changed
from django.db import models
from django.db.models.signals import class_prepared

from revy.contrib.django import conf

State = dict[str, Any]


def model_of(content_type_id: Any, using: str) -> type[models.Model] | None:
    """Return the model of today of a content type in the rows of database `using`; None if there is none.

    A content type that no model has any more leads to the model that it became by REVY_RENAMES.
    """
    try:
        content_type = ContentType.objects.db_manager(using).get_for_id(content_type_id)
    except ContentType.DoesNotExist:
        return None
    return model_of_label(f"{content_type.app_label}.{content_type.model}")


def model_of_label(label: str) -> type[models.Model] | None:
    """Return the model that goes by the label, or that it became by REVY_RENAMES; None if there is none."""
    successors = _successors()
    seen: set[str] = set()
    while label.lower() not in seen:
        seen.add(label.lower())
        try:
            return apps.get_model(label)
        except (LookupError, ValueError):
            label = successors.get(label.lower(), label)
    return None


def content_type_ids(model: type[models.Model], using: str) -> list[Any]:
    """Return what the model is called in the rows of that database: today, and before it had today's label."""
    manager = ContentType.objects.db_manager(using)
    ids = [manager.get_for_model(model).pk]
    for label in _successors():
        if model_of_label(label) is not _concrete(model):
            continue
        try:
            ids.append(manager.get_by_natural_key(*label.split(".")).pk)
        except ContentType.DoesNotExist:
            continue  # nothing was recorded under that label
    return list(dict.fromkeys(ids))


def state_of_today(model: type[models.Model], state: State) -> State:
    """Return a recorded state under the names of today.

    Where it has both names of an attribute, the new one counts: it was changed after it was renamed, and the old one is
    of a whole state from before. The state itself is returned if nothing was renamed.
    """
    names = names_of_today(model)
    if not names:
        return state
    found = {name: value for name, value in state.items() if name not in names}
    for name, today in names.items():
        if name in state and today not in state:
            found[today] = state[name]
    return found


@functools.cache
def names_of_today(model: type[models.Model]) -> Mapping[str, str]:
    """Return what attributes of the model's objects are called today, by what they were called before; oldest first.

    As recorded: a column by its attname, a many-to-many relation by its name. A name that is one of a field of today
    means that field.
    """
    model = _concrete(model)
    fields = fields_by_name(model)
    steps = {name: new for owner, name, new in _renamed_fields() if owner is model or owner in _parents(model)}
    found: dict[str, tuple[int, str]] = {}
    for old in steps:
        names = list(_follow(old, steps, fields))
        if old in fields or names[-1] not in fields:
            continue
        field = fields[names[-1]]
        today = recorded_name(field)
        # A foreign key is recorded under its attname: `author_id` was renamed with `author`.
        for name in (old, old + today.removeprefix(field.name)):
            if name not in fields:
                found[name] = len(names), today
    return MappingProxyType({name: today for name, (_, today) in sorted(found.items(), key=_age)})


def recorded_name(field: Any) -> str:
    """Return what a field's values are recorded as: a column as its attname, a many-to-many relation as its name."""
    return field.name if field.many_to_many else field.attname  # type: ignore[no-any-return]


def leads_to_today(key: str) -> bool:
    """Tell whether an entry of REVY_RENAMES leads to a model or a field of today."""
    label, _dot, name = key.rpartition(".")
    if "." not in label:
        return model_of_label(key) is not None
    model = model_of_label(label)
    return model is not None and name in names_of_today(model)


def _age(item: tuple[str, tuple[int, str]]) -> int:
    _name, (steps, _today) = item
    return -steps


def _follow(name: str, steps: Mapping[str, str], fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names that a field had one after the other, up to that of a field of today, or to where they end."""
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        yield name
        if name not in fields:
            name = steps.get(name, name)


def fields_by_name(model: type[models.Model]) -> dict[str, Any]:
    """Return the fields of the model whose values are recorded, by name and by what they are recorded as."""
    fields = (*model._meta.concrete_fields, *model._meta.many_to_many)
    return {name: field for field in fields for name in (field.name, recorded_name(field))}


def _renamed_fields() -> Iterator[tuple[type[models.Model], str, str]]:
    """Yield the renamed fields, as model of today, old name and new name."""
    for key, new in conf.renames().items():
        label, _dot, name = key.rpartition(".")
        model = model_of_label(label) if label.count(".") == 1 else None
        if model is not None:
            yield _concrete(model), name, new


def _successors() -> dict[str, str]:
    """Return what the labels of models became, by the old label in lower case."""
    return {old.lower(): new for old, new in conf.renames().items() if old.count(".") == 1}


def _concrete(model: type[models.Model]) -> type[models.Model]:
    return model._meta.concrete_model or model


def _parents(model: type[models.Model]) -> set[type[models.Model]]:
    return {_concrete(parent) for parent in model._meta.get_parent_list()}


def _forget_names(*, setting: str = "REVY_RENAMES", **_: Any) -> None:
    if setting in ("REVY_RENAMES", "INSTALLED_APPS"):
        names_of_today.cache_clear()


setting_changed.connect(_forget_names, dispatch_uid="revy.forget_names")
# A model that comes later may be the one that another became.
class_prepared.connect(_forget_names, dispatch_uid="revy.forget_names")
