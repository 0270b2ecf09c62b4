"""The settings, read when they are used."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from revy.context import Context

if TYPE_CHECKING:
    from revy.contrib.django.abstract import AbstractAttributeDelta, AbstractObjectDelta, AbstractRevision

EVERY_MODEL: Final = "*"
DEFAULT_EXCLUDED_MODELS: Final = ("sessions", "admin.LogEntry", "contenttypes", "revy")
IGNORE: Final = "ignore"
WARN: Final = "warn"
REFUSE: Final = "refuse"
DEFAULT_KEYFRAME_INTERVAL: Final = 32

REVISION_SETTING: Final = "REVY_REVISION_MODEL"
OBJECT_DELTA_SETTING: Final = "REVY_OBJECT_DELTA_MODEL"
ATTRIBUTE_DELTA_SETTING: Final = "REVY_ATTRIBUTE_DELTA_MODEL"
DEFAULT_LABELS: Final = {
    REVISION_SETTING: "revy.Revision",
    OBJECT_DELTA_SETTING: "revy.ObjectDelta",
    ATTRIBUTE_DELTA_SETTING: "revy.AttributeDelta",
}


def _read(name: str, default: Any) -> Any:
    return getattr(settings, name, default)


def model_labels() -> Iterable[str]:
    """Return the labels of the models and apps to track, or '*' for all."""
    labels = _read("REVY_MODELS", EVERY_MODEL)
    return (labels,) if isinstance(labels, str) else labels


def excluded_model_labels() -> Iterable[str]:
    return _read("REVY_EXCLUDED_MODELS", DEFAULT_EXCLUDED_MODELS)  # type: ignore[no-any-return]


def excluded_field_labels() -> Iterable[str]:
    """Return the fields never to record, each as 'app_label.Model.field'."""
    return _read("REVY_EXCLUDED_FIELDS", ())  # type: ignore[no-any-return]


def renames() -> Mapping[str, str]:
    """Return what old labels of models and old names of fields became: 'blog.Article', 'blog.Post.body'."""
    return _read("REVY_RENAMES", {})  # type: ignore[no-any-return]


def keyframe_interval() -> int:
    """Return after how many versions of an object its whole state is stored again."""
    return _read("REVY_KEYFRAME_INTERVAL", DEFAULT_KEYFRAME_INTERVAL)  # type: ignore[no-any-return]


def untracked_writes() -> str:
    """Return what happens to writes outside every context: 'ignore', 'warn' or 'refuse'."""
    return _read("REVY_UNTRACKED_WRITES", IGNORE)  # type: ignore[no-any-return]


def context_class() -> type[Context]:
    """Return the Context class that revy itself enters, REVY_CONTEXT_CLASS."""
    path = _read("REVY_CONTEXT_CLASS", None)
    return Context if path is None else import_string(path)


def swappable_label(setting: str) -> str:
    """Return the label of the model that stands for one of the three swappable models."""
    return _read(setting, DEFAULT_LABELS[setting])  # type: ignore[no-any-return]


def swappable_by(setting: str) -> str | None:
    """Return what `Meta.swappable` of a default model is.

    None while the setting is not set: Django writes references to a swappable model as `settings.NAME` into migrations,
    which could not be loaded then.
    """
    return setting if hasattr(settings, setting) else None


@functools.cache
def get_revision_model() -> type[AbstractRevision]:
    return _get_model(REVISION_SETTING)  # type: ignore[no-any-return]


@functools.cache
def get_object_delta_model() -> type[AbstractObjectDelta]:
    return _get_model(OBJECT_DELTA_SETTING)  # type: ignore[no-any-return]


@functools.cache
def get_attribute_delta_model() -> type[AbstractAttributeDelta]:
    return _get_model(ATTRIBUTE_DELTA_SETTING)  # type: ignore[no-any-return]


def _get_model(setting: str) -> Any:
    label = swappable_label(setting)
    try:
        return apps.get_model(label, require_ready=False)
    except ValueError as error:
        raise ImproperlyConfigured(f"{setting} must be of the form 'app_label.Model', not {label!r}.") from error
    except LookupError as error:
        raise ImproperlyConfigured(f"{setting} refers to model {label!r}, which is not installed.") from error


def _forget_models(*, setting: str, **_: Any) -> None:
    if setting in DEFAULT_LABELS:
        for get_model in (get_revision_model, get_object_delta_model, get_attribute_delta_model):
            get_model.cache_clear()


setting_changed.connect(_forget_models, dispatch_uid="revy.forget_models")
