"""What the lists of the history can be filtered by: who, which model, what was done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from django.contrib import admin
from django.db.models import OuterRef, Q
from django.db.models.lookups import Exact
from django.db.models.query import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from revy.contrib.django.admin.people import People
from revy.contrib.django.admin.viewer import Viewer
from revy.contrib.django.conf import get_object_delta_model, get_revision_model
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.values import key_to_text
from revy.contrib.django.visibility import one_of

# No column of content types holds larger numbers on all databases.
_DIGITS: Final = 9


class DeltaFilter(admin.SimpleListFilter):
    """A condition on object deltas; of revisions it leaves those that have such a change which the viewer may see."""

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.viewer: Viewer = model_admin.viewer(request)
        super().__init__(request, params, model, model_admin)

    def condition(self) -> Q | None:
        """Return the condition that was chosen; None if it makes no sense, so that nothing meets it."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it asks for.")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        condition = self.condition()
        if condition is None:
            return queryset.none()
        if issubclass(queryset.model, get_revision_model()):
            # The database chooses whether to begin with the revisions or with the changes, which may be few.
            found = self.viewer.object_deltas().filter(condition)
            return queryset.filter(pk__in=found.values("revision_id"))
        return queryset.filter(condition)


def with_visible(viewer: Viewer, revisions: QuerySet[Any]) -> QuerySet[Any]:
    """Return the revisions that have a change which the viewer may see."""
    return revisions.filter(Exact(one_of(viewer.object_deltas().filter(revision_id=OuterRef("pk"))), 1))


class ActorFilter(DeltaFilter):
    """Who made the change: the viewer, the system, or somebody whose name was followed."""

    title = _("who")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        yield "me", _("Me")
        yield "system", _("System")
        chosen = self._chosen()
        if chosen is not None:
            yield self.used_parameters.get("actor"), chosen[1]  # type: ignore[misc]

    def condition(self) -> Q | None:
        value = self.value()
        if value == "system":
            return Q(actor_type__isnull=True)
        if value == "me":
            user: Any = self.viewer.request.user
            model = user._meta.concrete_model
            return Q(actor_type_id=content_type_id(model, self.viewer.using), actor_id=key_to_text(model, user.pk))
        chosen = self._chosen()
        return None if chosen is None else Q(actor_type_id=chosen[0][0], actor_id=chosen[0][1])

    def _chosen(self) -> tuple[tuple[int, str], str] | None:
        """Return the key and the name of the actor that was followed, if the viewer may know who it is."""
        type_id, _dash, key = str(self.used_parameters.get("actor", "")).partition("-")
        if not (type_id.isascii() and type_id.isdecimal() and len(type_id) <= _DIGITS and key) or "\x00" in key:
            return None
        delta: Any = get_object_delta_model()(actor_type_id=int(type_id), actor_id=key)
        delta._state.db = self.viewer.using
        person = People(self.viewer, [delta]).of(delta)
        return None if person.is_hidden else ((int(type_id), key), person.name)


class ModelFilter(DeltaFilter):
    """Objects of which model were changed."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        shown = [model for model in self.viewer.visible_models.values() if self.viewer.model_admin(model) is not None]
        names = Counter(str(model._meta.verbose_name) for model in shown)
        found = []
        for model in shown:
            name = str(model._meta.verbose_name)
            app = model._meta.app_config.verbose_name if names[name] > 1 else ""
            found.append((model._meta.label_lower, f"{capfirst(name)} ({app})" if app else str(capfirst(name))))
        return sorted(found, key=lambda item: item[1])

    def condition(self) -> Q | None:
        ids = {model._meta.label_lower: type_id for type_id, model in self.viewer.visible_models.items()}
        type_id = ids.get(str(self.value()))
        return None if type_id is None else Q(content_type_id=type_id)


class ActionFilter(DeltaFilter):
    """What was done to an object."""

    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return get_object_delta_model().ACTIONS

    def condition(self) -> Q | None:
        return Q(action=self.value()) if self.value() in dict(get_object_delta_model().ACTIONS) else None
