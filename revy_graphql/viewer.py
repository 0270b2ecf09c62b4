"""What one viewer may see, asked of the policy once per operation and question."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models, router
from django.db.models import Q, QuerySet
from graphql import GraphQLResolveInfo

from revy.contrib.django import get_object_delta_model, get_revision_model
from revy.contrib.django.keys import parse_key
from revy.contrib.django.tracking import is_tracked
from revy.contrib.django.values import key_to_text
from revy.contrib.django.visibility import Visibility
from revy_graphql import conf, exposure
from revy_graphql.budget import check_budget
from revy_graphql.errors import InvalidArgument, NotFound
from revy_graphql.selection import Selection

Model = type[models.Model]
# An object, by its model and its primary key as text.
Reference = tuple[Model, str]


class Viewer:
    """The policy, asked on behalf of a root field and everything below it.

    Whatever reads a history makes one first, which raises TooComplex if the operation asks for too much.
    """

    def __init__(self, info: GraphQLResolveInfo) -> None:
        check_budget(info)
        self.info = info
        self.policy = conf.find_policy_class()()
        self.using = router.db_for_read(get_object_delta_model())
        self._deltas: dict[int | None, QuerySet[Any]] = {}
        self._actor_keys: dict[tuple[str, str], tuple[int, str] | None] = {}
        self._visibilities: dict[Model, Visibility] = {}
        self._fields: dict[tuple[Model, str], models.Field[Any, Any] | None] = {}

    @cached_property
    def visible_models(self) -> dict[int, Model]:
        """The models whose history the viewer may see, by the id of their content type."""
        visible = [
            model
            for model in apps.get_models()
            if not model._meta.proxy and is_tracked(model) and self.policy.can_view_model(self.info, model)
        ]
        types = ContentType.objects.db_manager(self.using).get_for_models(*visible)
        return {types[model].pk: model for model in visible}

    def read_address(self, content_type: str | None, content_id: str | None) -> dict[str, Any]:
        """Return the arguments `contentType` ("app_label.model", in any case) and `contentId` as a filter of deltas.

        Raises NotFound for an unknown or hidden model, InvalidArgument for a key that its objects cannot have.
        """
        if content_type is None:
            if content_id is not None:
                raise InvalidArgument("Pass `contentType` with `contentId`.")
            return {}
        label = content_type.lower()
        found = next((item for item in self.visible_models.items() if item[1]._meta.label_lower == label), None)
        if found is None:
            raise NotFound
        content_type_id, model = found
        if content_id is None:
            return {"content_type_id": content_type_id}
        return {"content_type_id": content_type_id, "content_id": _normalised(model, content_id)}

    def find_actor_key(self, content_type: str, content_id: str) -> tuple[int, str]:
        """Return what rows call the actor of that address: the id of the content type, and the key.

        Raises NotFound if the viewer may not see the actor, InvalidArgument for a key that no such actor can have. It
        is looked up once, however many objects of a list are asked for their changes by it.
        """
        address = content_type, content_id
        if address not in self._actor_keys:
            self._actor_keys[address] = self._look_actor_up(content_type, content_id)
        key = self._actor_keys[address]
        if key is None:
            raise NotFound
        return key

    def _look_actor_up(self, content_type: str, content_id: str) -> tuple[int, str] | None:
        try:
            model = apps.get_model(content_type)
        except (LookupError, ValueError):
            return None
        model = model._meta.concrete_model or model
        if not self.policy.can_view_model(self.info, model):
            return None
        key = _normalised(model, content_id)
        if (model, key) not in self.find_objects([(model, key)]):
            return None
        return ContentType.objects.db_manager(self.using).get_for_model(model).pk, key

    def actor_models(self, content_type_ids: set[int]) -> dict[int, Model]:
        """Return the models of these content types whose objects the viewer may see."""
        types = ContentType.objects.db_manager(self.using).filter(pk__in=content_type_ids - self.visible_models.keys())
        others = {kind.pk: kind.model_class() for kind in types}
        visible = {pk: model for pk, model in others.items() if model and self.policy.can_view_model(self.info, model)}
        return {**self.visible_models, **visible}

    def visibility_of(self, model: Model) -> Visibility:
        if model not in self._visibilities:
            queryset = self.policy.get_queryset(self.info, model)
            shows_deleted = self.policy.can_view_deleted(self.info, model)
            self._visibilities[model] = Visibility(model, queryset, shows_deleted=shows_deleted)
        return self._visibilities[model]

    def object_deltas(self, content_type_id: int | None = None, content_id: str | None = None) -> QuerySet[Any]:
        """Return the object deltas that the viewer may see: those of a visible model, of one object of it, or all."""
        deltas = self._object_deltas(content_type_id)
        return deltas.all() if content_id is None else deltas.filter(content_id=content_id)

    def _object_deltas(self, content_type_id: int | None) -> QuerySet[Any]:
        if content_type_id not in self._deltas:
            deltas = all_object_deltas(self.using)
            total, condition = [], Q()
            for type_id, model in self.visible_models.items():
                if content_type_id not in (None, type_id):
                    continue
                if self.visibility_of(model).is_total:
                    total.append(type_id)
                else:
                    deltas, own = self.visibility_of(model).restrict(deltas, type_id)
                    condition |= own
            self._deltas[content_type_id] = deltas.filter(Q(content_type_id__in=total) | condition)
        return self._deltas[content_type_id]

    @cached_property
    def selection(self) -> Selection:
        """What the operation selects."""
        return Selection(self.info)

    def revisions(self) -> QuerySet[Any]:
        """Return all revisions; it is for the caller to keep to those of visible object deltas."""
        return get_revision_model()._base_manager.using(self.using).all()

    def find_objects(self, references: Iterable[Reference]) -> dict[Reference, models.Model | None]:
        """Return the visible ones of the objects of these models and keys, with one query a model.

        None stands for one that exists no more.
        """
        keys: dict[Model, set[str]] = {}
        for model, key in references:
            keys.setdefault(model, set()).add(key)
        return {
            (model, key): instance
            for model, wanted in keys.items()
            for key, instance in self.visibility_of(model).find(wanted).items()
        }

    def visible_field(self, model: Model, name: str) -> models.Field[Any, Any] | None:
        """Return the field of that name or attname if the viewer may see its values, else None."""
        if (model, name) not in self._fields:
            try:
                field: Any = model._meta.get_field(name)
            except FieldDoesNotExist:
                field = None
            if field is not None and not self.policy.can_view_field(self.info, model, field):
                field = None
            self._fields[model, name] = field
        return self._fields[model, name]

    def as_node(self, instance: models.Model | None) -> models.Model | None:
        """Return the object as what the schema calls a Node, or None where its type is none."""
        if instance is None:
            return None
        kind = self.policy.get_object_type(self.info, type(instance))
        if kind is None or not exposure.is_node(self.info.schema, kind):
            return None
        # Where graphql-core looks first. Else it would be shown by any type of the schema that has the same model.
        instance.__dict__[f"_{type(instance).__name__}__typename"] = kind._meta.name
        return instance


def all_object_deltas(using: str) -> QuerySet[Any]:
    return get_object_delta_model()._base_manager.using(using).all()


def _normalised(model: Model, content_id: str) -> str:
    """Return a primary key as `content_id` holds it. Raises InvalidArgument if no object of the model can have it."""
    try:
        return key_to_text(model, parse_key(model, content_id))
    except ValueError as error:
        raise InvalidArgument("The contentId is broken: it is not a primary key of this model.") from error
