"""The object whose history is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.admin.texts import legible, past_texts
from revy.contrib.django.admin.viewer import Model, Viewer
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.history import History
from revy.contrib.django.keys import parse_key
from revy.contrib.django.tracking import concrete_model
from revy.contrib.django.values import UNFIT


@dataclass(frozen=True, slots=True)
class Subject:
    """An object that the viewer may see, as it is now; `instance` is None if it exists no more."""

    viewer: Viewer
    model: Model
    instance: models.Model | None
    history: History
    text: str

    @property
    def last_version(self) -> int:
        """The number of its newest version, zero if nothing is recorded of it."""
        return self.deltas().order_by("-version").values_list("version", flat=True).first() or 0

    def deltas(self) -> QuerySet[Any]:
        return deltas_of(self.history)


def find_subject(viewer: Viewer, model_admin: Any, object_id: str) -> Subject | None:
    """Return the object of that quoted key, or None if there is none, or none that the viewer may know of.

    Raises PermissionDenied where the admin denies its page.
    """
    request, model = viewer.request, concrete_model(model_admin.model)
    instance = model_admin.get_object(request, unquote(object_id))
    if instance is not None:
        if not model_admin.has_view_or_change_permission(request, instance):
            raise PermissionDenied
        history = History(instance)
        viewer.using = history.using
        return Subject(viewer, model, instance, history, legible(str(instance)))
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    try:
        pk = parse_key(model, unquote(object_id))
    except UNFIT:
        return None
    if not model_admin.can_view_deleted(request) or model._base_manager.filter(pk=pk).exists():
        return None
    history = History(model, pk)
    last = deltas_of(history).order_by("-version").first()
    if last is None:
        return None
    (text,) = past_texts(viewer, [(model, last.content_id, last.state)], history.using)
    return Subject(viewer, model, None, history, text)


def deltas_of(history: History) -> QuerySet[Any]:
    """Return the object deltas of a history, in no order."""
    rows: QuerySet[Any] = conf.get_object_delta_model()._base_manager.using(history.using).order_by()
    return rows.filter(content_type_id=content_type_id(history.model, history.using), content_id=history.content_id)
