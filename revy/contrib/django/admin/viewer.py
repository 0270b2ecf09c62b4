"""What somebody who looks at the admin may see of the history: no more than of the present."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, partial
from typing import Any

from django.apps import apps
from django.contrib.admin.utils import quote
from django.contrib.auth import get_permission_codename
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models, router
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from revy.contrib.django import conf
from revy.contrib.django.admin.policy import shows_deleted, shows_field
from revy.contrib.django.renames import content_type_ids, model_of
from revy.contrib.django.tracking import concrete_model, is_tracked
from revy.contrib.django.values import key_to_text
from revy.contrib.django.visibility import Visibility

Model = type[models.Model]
# An object, by its model and its primary key as text.
Reference = tuple[Model, str]


class Viewer:
    """Asks the ModelAdmins of a site on behalf of one request; `own` speaks for its model, registered or not."""

    def __init__(self, request: HttpRequest, site: Any, own: Any = None) -> None:
        self.request = request
        self.site = site
        self.own = own
        self.using: str = router.db_for_read(conf.get_object_delta_model())
        self._visibilities: dict[Model, Visibility | None] = {}

    def model_admin(self, model: Model) -> Any:
        """Return the ModelAdmin that shows the model, or None."""
        if self.own is not None and concrete_model(self.own.model) is concrete_model(model):
            return self.own
        return self.site.get_model_admin(model) if self.site.is_registered(model) else None

    def can_view_model(self, model: Model) -> bool:
        """Tell whether the viewer may see objects of the model: ask its ModelAdmin, or without one the permissions."""
        model_admin = self.model_admin(model)
        if model_admin is not None:
            return bool(model_admin.has_view_or_change_permission(self.request))
        names = (get_permission_codename(action, model._meta) for action in ("view", "change"))
        user: Any = self.request.user
        return any(user.has_perm(f"{model._meta.app_label}.{name}") for name in names)

    def can_view(self, instance: models.Model) -> bool:
        """Tell whether the viewer may see an object that is among those that they may see."""
        model_admin = self.model_admin(type(instance))
        return model_admin is None or bool(model_admin.has_view_or_change_permission(self.request, instance))

    def can_change(self, model: Model, instance: models.Model | None, action: str) -> bool:
        """Tell whether the viewer may create (C), update (U) or delete (D) an object; by the ModelAdmin alone."""
        model_admin = self.model_admin(model)
        if model_admin is None:
            return False
        visibility, delta_model = self.visibility_of(model), conf.get_object_delta_model()
        # Whoever may not see an object may not change it.
        if visibility is None:
            return False
        if action == delta_model.ACTION_CREATE:
            return visibility.shows_deleted and bool(model_admin.has_add_permission(self.request))
        if instance is None or not (visibility.is_total or visibility.find_existing([key_to_text(model, instance.pk)])):
            return False
        if action == delta_model.ACTION_DELETE:
            return bool(model_admin.has_delete_permission(self.request, instance))
        return bool(model_admin.has_change_permission(self.request, instance))

    @cached_property
    def visible_models(self) -> dict[int, Model]:
        """The models whose history the viewer may see, by the id of their content type."""
        visible = [
            model
            for model in apps.get_models()
            if not model._meta.proxy and is_tracked(model) and self.can_view_model(model)
        ]
        # Most of them are known by now; those that are not are looked up together.
        ContentType.objects.db_manager(self.using).get_for_models(*visible)
        return {type_id: model for model in visible for type_id in content_type_ids(model, self.using)}

    def model_of(self, content_type_id: Any) -> Model | None:
        """Return the model of the content type if the viewer may see it: tracked or not, as that of an actor may be."""
        model = model_of(content_type_id, self.using)
        return model if model is not None and self.can_view_model(model) else None

    def visibility_of(self, model: Model) -> Visibility | None:
        """Return which objects of the model the viewer may see; None if that is none."""
        if model not in self._visibilities:
            model_admin = self.model_admin(model)
            visibility = None
            if self.can_view_model(model):
                objects = (
                    model._default_manager.all() if model_admin is None else model_admin.get_queryset(self.request)
                )
                visibility = Visibility(model, objects, shows_deleted=self.shows_deleted(model))
            self._visibilities[model] = visibility
        return self._visibilities[model]

    def shows_deleted(self, model: Model) -> bool:
        model_admin = self.model_admin(model)
        if model_admin is None:
            return True
        ask: Callable[..., bool] = getattr(model_admin, "can_view_deleted", partial(shows_deleted, model_admin))
        return ask(self.request)

    def find_objects(self, references: Iterable[Reference]) -> dict[Reference, models.Model]:
        """Return the objects of these models and keys that exist and that the viewer may see; one query a model."""
        found = self.find_listed(references)
        return {reference: instance for reference, instance in found.items() if self.can_view(instance)}

    def find_listed(self, references: Iterable[Reference]) -> dict[Reference, models.Model]:
        """Return the objects that are among those that the admin lists; it may refuse to show some of them."""
        keys: dict[Model, set[str]] = {}
        for model, key in references:
            keys.setdefault(model, set()).add(key)
        return {
            (model, key): instance
            for model, wanted in keys.items()
            if (visibility := self.visibility_of(model)) is not None
            for key, instance in visibility.find_existing(wanted).items()
        }

    def visible_field(self, model: Model, name: str, instance: models.Model | None = None) -> Any:
        """Return the field of that name or attname if the viewer may see its values, else None."""
        model_admin = self.model_admin(model)
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            return None
        if model_admin is None:
            return None
        ask: Callable[..., bool] | None = getattr(model_admin, "can_view_history_field", None)
        if ask is not None:
            return field if ask(self.request, field, instance) else None
        return field if shows_field(model_admin, self.request, field, instance) else None  # type: ignore[arg-type]

    def object_deltas(self) -> QuerySet[Any]:
        """Return the object deltas that the viewer may see."""
        deltas: QuerySet[Any] = conf.get_object_delta_model()._base_manager.using(self.using).all()
        total, condition = [], Q()
        for type_id, model in self.visible_models.items():
            visibility = self.visibility_of(model)
            if visibility is None:
                continue
            if visibility.is_total:
                total.append(type_id)
            else:
                deltas, own = visibility.restrict(deltas, type_id)
                condition |= own
        return deltas.filter(Q(content_type_id__in=total) | condition)

    def url_of(self, instance: models.Model) -> str:
        """Return the address of the object's page in this admin, or nothing if it has none."""
        return self.url(type(instance), "change", quote(instance.pk))

    def url(self, model: Model, view: str, *args: Any) -> str:
        """Return the address of one of the pages of the model's ModelAdmin, or nothing if it has no such page."""
        model_admin = self.model_admin(model)
        if model_admin is None:
            return ""
        meta = model_admin.opts
        try:
            return reverse(f"{self.site.name}:{meta.app_label}_{meta.model_name}_{view}", args=args)
        except NoReverseMatch:
            return ""
