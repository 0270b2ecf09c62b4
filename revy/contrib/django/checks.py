"""System checks. Their ids are stable; docs/checks.md explains each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import models

from revy.context import Context
from revy.contrib.django import conf
from revy.contrib.django.abstract import AbstractAttributeDelta, AbstractObjectDelta, AbstractRevision
from revy.contrib.django.deletion import SET_DEFAULT, SET_NULL
from revy.contrib.django.fields import MAX_KEY_LENGTH
from revy.contrib.django.renames import fields_by_name, leads_to_today, model_of_label
from revy.contrib.django.tracking import is_tracked

_BASES: dict[str, type[models.Model]] = {
    conf.REVISION_SETTING: AbstractRevision,
    conf.OBJECT_DELTA_SETTING: AbstractObjectDelta,
    conf.ATTRIBUTE_DELTA_SETTING: AbstractAttributeDelta,
}
_LABEL_HINT = "Name an app ('blog') or a model ('blog.Post') that is installed"


def check_models(**_: Any) -> list[CheckMessage]:
    return [
        *_check_labels(
            "REVY_MODELS", "revy.E001", f"{_LABEL_HINT}, or '*' for every model.", extra=(conf.EVERY_MODEL,)
        ),
        *_check_labels("REVY_EXCLUDED_MODELS", "revy.E002", f"{_LABEL_HINT}."),
    ]


def check_excluded_fields(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    hint = "Name a field as 'app_label.Model.field'; a primary key cannot be excluded."
    for label in _labels_of("REVY_EXCLUDED_FIELDS"):
        if not _is_excludable(label):
            found.append(
                Error(f"REVY_EXCLUDED_FIELDS names {label!r}, which is no such field.", hint=hint, id="revy.E003")
            )
    return found


def check_renames(**_: Any) -> list[CheckMessage]:
    given: Any = conf.renames()
    hint = "Give {'app.Old': 'app.New'} for a model, and {'app.Model.old': 'new'} for a field of it."
    if not isinstance(given, Mapping):
        return [Error(f"REVY_RENAMES is {given!r}, which is no mapping.", hint=hint, id="revy.E012")]
    malformed = [key for key, new in given.items() if not _is_rename(key, new)]
    if malformed:
        return [
            Error(f"REVY_RENAMES has {key!r}: {given[key]!r}, which renames nothing.", hint=hint, id="revy.E012")
            for key in malformed
        ]
    found: list[CheckMessage] = []
    for key, new in given.items():
        if _is_of_today(key):
            found.append(
                Warning(
                    f"REVY_RENAMES names {key!r} as an old name, which is one of today: it is left out.",
                    hint="Take it out. To use a name again, rename with RenameTrackedField or RenameTrackedModel of "
                    "revy.contrib.django.operations, which rewrite the history.",
                    id="revy.W003",
                )
            )
        elif not leads_to_today(key):
            found.append(
                Error(
                    f"REVY_RENAMES leads from {key!r} to {new!r}, and to no model or field of today.",
                    hint="Give what it is called today, or each step on the way there, and no circle.",
                    id="revy.E013",
                )
            )
    return found


def check_keyframe_interval(**_: Any) -> list[CheckMessage]:
    interval: Any = conf.keyframe_interval()
    if type(interval) is int and interval >= 1:
        return []
    return [
        Error(
            f"REVY_KEYFRAME_INTERVAL is {interval!r}, not a whole number of at least 1.",
            hint=f"Leave it out for {conf.DEFAULT_KEYFRAME_INTERVAL}; 1 stores the whole state at every version.",
            id="revy.E004",
        )
    ]


def check_untracked_writes(**_: Any) -> list[CheckMessage]:
    policies = (conf.IGNORE, conf.WARN, conf.REFUSE)
    if conf.untracked_writes() in policies:
        return []
    return [
        Error(
            f"REVY_UNTRACKED_WRITES is {conf.untracked_writes()!r}.",
            hint=f"Set one of {', '.join(map(repr, policies))}, or leave it out for {conf.IGNORE!r}.",
            id="revy.E011",
        )
    ]


def check_context_class(**_: Any) -> list[CheckMessage]:
    path = getattr(settings, "REVY_CONTEXT_CLASS", "revy.Context")
    try:
        found: Any = conf.context_class()
    except (ImportError, AttributeError, TypeError) as error:
        reason = f"cannot be imported: {error}"
    else:
        if isinstance(found, type) and issubclass(found, Context):
            return []
        reason = "is no subclass of revy.Context"
    return [
        Error(
            f"REVY_CONTEXT_CLASS {path!r} {reason}.",
            hint="Give the dotted path of a subclass of revy.Context, or leave the setting out.",
            id="revy.E005",
        )
    ]


def check_swapped_models(**_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for setting, base in _BASES.items():
        label = conf.swappable_label(setting)
        try:
            model = apps.get_model(label)
        except (LookupError, ValueError, AttributeError):
            hint = "Give 'app_label.Model' of a model of an installed app, or leave the setting out."
            found.append(Error(f"{setting} is {label!r}, which is no installed model.", hint=hint, id="revy.E006"))
            continue
        if not issubclass(model, base):
            hint = f"Let it inherit from revy.contrib.django.models.{base.__name__}."
            found.append(Error(f"{label} ({setting}) lacks its abstract base.", hint=hint, obj=model, id="revy.E007"))
    return found


def check_revision_setting(**_: Any) -> list[CheckMessage]:
    if not hasattr(settings, conf.OBJECT_DELTA_SETTING) or hasattr(settings, conf.REVISION_SETTING):
        return []
    default = conf.DEFAULT_LABELS[conf.REVISION_SETTING]
    return [
        Error(
            f"{conf.OBJECT_DELTA_SETTING} is set, but {conf.REVISION_SETTING} is not.",
            hint=f"Set {conf.REVISION_SETTING} = {default!r} to keep the default: Django could not order the "
            "migrations of a swapped object delta model otherwise.",
            id="revy.E010",
        )
    ]


def check_on_delete(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:
    """What Django checks of its own handlers (fields.E320 and E321), for revy's."""
    found: list[CheckMessage] = []
    for model in _models_of(app_configs):
        for field in model._meta.local_fields:
            on_delete = getattr(field.remote_field, "on_delete", None)
            if on_delete is SET_NULL and not field.null:
                message = "Field specifies on_delete=SET_NULL, but cannot be null."
                hint = "Set null=True argument on the field, or change the on_delete rule."
                found.append(Error(message, hint=hint, obj=field, id="revy.E008"))
            elif on_delete is SET_DEFAULT and not field.has_default():
                message = "Field specifies on_delete=SET_DEFAULT, but has no default value."
                hint = "Set a default value, or change the on_delete rule."
                found.append(Error(message, hint=hint, obj=field, id="revy.E009"))
    return found


def check_database_cascades(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:
    """What the database does to rows by itself (Django 6.1's DB_CASCADE and its siblings) is seen by nobody here."""
    found: list[CheckMessage] = []
    for model in _models_of(app_configs):
        for field in model._meta.local_fields:
            handler = getattr(field.remote_field, "on_delete", None)
            target = getattr(field, "related_model", None)
            if not hasattr(handler, "on_delete_sql") or not isinstance(target, type):
                continue
            if is_tracked(model) or is_tracked(target):
                found.append(
                    Warning(
                        f"on_delete={handler} is carried out by the database: its changes are not recorded.",
                        hint="Use the handler of revy.contrib.django.models or of Django itself, or exclude the model.",
                        obj=field,
                        id="revy.W001",
                    )
                )
    return found


def check_long_keys(app_configs: Sequence[Any] | None = None, **_: Any) -> list[CheckMessage]:
    """The history has room for the text of a primary key of 255 characters, on databases that limit texts."""
    found: list[CheckMessage] = []
    for model in _models_of(app_configs):
        key: Any = model._meta.pk
        while getattr(key, "remote_field", None) is not None:
            key = key.target_field
        limit = getattr(key, "max_length", None) or math.inf
        if isinstance(key, models.CharField | models.TextField) and limit > MAX_KEY_LENGTH and is_tracked(model):
            found.append(
                Warning(
                    f"Keys of {model._meta.label} may be longer than {MAX_KEY_LENGTH} characters, which cannot be "
                    "recorded: writing such an object in a context fails.",
                    hint=f"Limit {key.name!r} to max_length={MAX_KEY_LENGTH}, or exclude the model.",
                    obj=model,
                    id="revy.W002",
                )
            )
    return found


CHECKS: tuple[Callable[..., list[CheckMessage]], ...] = (
    check_models,
    check_excluded_fields,
    check_renames,
    check_keyframe_interval,
    check_context_class,
    check_swapped_models,
    check_revision_setting,
    check_on_delete,
    check_untracked_writes,
    check_database_cascades,
    check_long_keys,
)


def _check_labels(setting: str, check_id: str, hint: str, extra: tuple[str, ...] = ()) -> Iterator[CheckMessage]:
    for label in _labels_of(setting):
        if label not in extra and not _is_installed(label):
            yield Error(f"{setting} names {label!r}, which is no installed app or model.", hint=hint, id=check_id)


def _labels_of(setting: str) -> list[Any]:
    """Return what the project itself has put into the setting; the defaults may name apps that are not installed."""
    labels = getattr(settings, setting, ())
    if isinstance(labels, str):
        return [labels]
    try:
        return list(labels)
    except TypeError:
        return [labels]


def _is_installed(label: Any) -> bool:
    if not isinstance(label, str):
        return False
    try:
        if "." in label:
            apps.get_model(label)
        else:
            apps.get_app_config(label)
    except (LookupError, ValueError):
        return False
    return True


def _is_excludable(label: Any) -> bool:
    if not isinstance(label, str) or label.count(".") != 2:  # noqa: PLR2004 - app_label.Model.field
        return False
    model_label, _dot, name = label.rpartition(".")
    if not _is_installed(model_label):
        return False
    fields = apps.get_model(model_label)._meta.concrete_fields
    return any(name.lower() in {field.name, field.attname} and not field.primary_key for field in fields)


def _is_rename(key: Any, new: Any) -> bool:
    """Tell whether an entry of REVY_RENAMES is of one of its two forms."""
    if not isinstance(key, str) or not isinstance(new, str) or not all(key.split(".")) or not all(new.split(".")):
        return False
    return (key.count("."), new.count(".")) in {(1, 1), (2, 0)}


def _is_of_today(key: str) -> bool:
    """Tell whether the old name of an entry of REVY_RENAMES is that of a model or field of today."""
    if key.count(".") == 1:
        return _is_installed(key)
    label, _dot, name = key.rpartition(".")
    model = model_of_label(label)
    return model is not None and name in fields_by_name(model)


def _models_of(app_configs: Sequence[Any] | None) -> Iterator[type[models.Model]]:
    for config in apps.get_app_configs() if app_configs is None else app_configs:
        yield from config.get_models()
