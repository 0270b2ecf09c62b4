"""What a ModelAdmin shows at present, and so of the past: the defaults of what projects may override."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.http import HttpRequest

from revy.contrib.django.visibility import is_filtered, is_password


def shows_deleted(model_admin: Any, request: HttpRequest) -> bool:
    """Tell whether the viewer may see the history of objects that exist no more.

    Only if `get_queryset` leaves nothing out: where it does, nobody can tell whether it would have shown this one.
    """
    return not is_filtered(model_admin.get_queryset(request))


def shows_field(
    model_admin: Any, request: HttpRequest, field: models.Field[Any, Any], instance: models.Model | None
) -> bool:
    """Tell whether the pages of the ModelAdmin show the field to the viewer: the form or the list; never passwords."""
    if is_password(model_admin.model, field):
        return False
    return field.primary_key or field.name in _shown_names(model_admin, request, instance)


def _shown_names(model_admin: Any, request: HttpRequest, instance: models.Model | None) -> set[str]:
    # Composing a form takes milliseconds, and every field asks for it.
    kept = vars(request).setdefault("_revy_shown_names", {})
    key = model_admin, None if instance is None else instance.pk
    if key not in kept:
        # Without an object it would be the form for adding one, which may show less.
        instance = model_admin.model() if instance is None else instance
        excluded = set(model_admin.get_exclude(request, instance) or ())
        in_form = flatten_fieldsets(model_admin.get_fieldsets(request, instance))
        in_form = [name for name in in_form if name not in excluded]
        kept[key] = {name for name in (*in_form, *model_admin.get_list_display(request)) if isinstance(name, str)}
    return kept[key]  # type: ignore[no-any-return]
