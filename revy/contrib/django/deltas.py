"""The queryset of object deltas: of which objects, by whom, of which field."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.fields.json import KeyTransform
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.renames import fields_by_name, names_of_today, recorded_name

if TYPE_CHECKING:
    from revy.contrib.django.abstract import AbstractObjectDelta

D = TypeVar("D", bound="AbstractObjectDelta")

_VALUE: Final = "revy_value"


class ObjectDeltaQuerySet(QuerySet[D]):
    """Object deltas, narrowed to those of interest. Methods chain in any order, `using` comes first."""

    def of_model(self, model: type[models.Model]) -> Self:
        """Return those of a model's objects; a proxy's are those of its concrete model."""
        return self.filter(content_type_id=content_type_id(model, self.db))

    def for_object(self, content: models.Model | type[models.Model], pk: Any = None) -> Self:
        """Return those of an object: `for_object(post)`, or `for_object(Post, pk)` of one that is gone.

        They are those of the database that the router names for the object, unless `using` names one. Raises ValueError
        and ValidationError as `History` does.
        """
        from revy.contrib.django.history import History  # noqa: PLC0415 - built from these models

        queryset: Any = self
        history = History(content, pk, using=queryset._db)
        deltas = self.using(history.using)
        return deltas.filter(content_type=history.content_type, content_id=history.content_id)

    def by_actor(self, actor: Any) -> Self:
        """Return those that the actor made, or one of whose attributes it changed; None is the system.

        Raises InvalidActor for what cannot act, UnsavedActor for what has no primary key.
        """
        from revy.contrib.django.blame import identify  # noqa: PLC0415 - built from these models

        type_id, key = identify(actor, self.db)
        return self.filter(Q(actor_type=type_id, actor_id=key) | _has_change(actor_type=type_id, actor_id=key))

    def touching(self, name: str) -> Self:
        """Return those in which a field was changed: its name, attname, or that of a many-to-many field.

        A Create or Delete has changed every field that it tells a value of. Fields and models of the past are known by
        what was recorded, the attname.
        """
        values, condition = {_VALUE: KeyTransform(name, "state")}, self._touches(name, _VALUE)
        for number, (attname, types) in enumerate(_types_by_attname(name).items()):
            value, is_of_those = f"{_VALUE}_{number}", Q(content_type__in=types)
            values[value] = KeyTransform(attname, "state")
            condition = (is_of_those & self._touches(attname, value)) | (~is_of_those & condition)
        for number, (old, types) in enumerate(_types_by_old_name(name).items()):
            value = f"{_VALUE}_old_{number}"
            values[value] = KeyTransform(old, "state")
            condition |= Q(content_type__in=types) & self._touches(old, value)
        # By an alias, as a field may be called like a lookup of JSON.
        return self.alias(**values).filter(condition)

    def _touches(self, attname: str, value: str) -> Q:
        is_whole = Q(action__in=(self.model.ACTION_CREATE, self.model.ACTION_DELETE))
        has_value = is_whole & Q(state__has_key=attname) & ~Q(**{value: None})
        return has_value | _has_change(field_name=attname)


def _has_change(**condition: Any) -> Q:
    changes: QuerySet[Any] = QuerySet(model=conf.get_attribute_delta_model())
    return Q(Exists(changes.filter(object_delta=OuterRef("pk"), **condition)))


def _types_by_old_name(name: str) -> dict[str, QuerySet[ContentType]]:
    """Return the content types of the models of which a field of that name was recorded under older ones."""
    conditions: dict[str, Q] = defaultdict(Q)
    for model in apps.get_models():
        names = names_of_today(model)
        if names and (field := fields_by_name(model).get(name)) is not None:
            for old, today in names.items():
                if today == recorded_name(field):
                    conditions[old] |= _is_type_of(model)
    return _types(conditions)


def _types_by_attname(name: str) -> dict[str, QuerySet[ContentType]]:
    """Return the content types of the models of which a field of that name is recorded under another, its attname."""
    conditions: dict[str, Q] = defaultdict(Q)
    for model in apps.get_models():
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if field.concrete and not field.many_to_many and field.attname != name:
            conditions[field.attname] |= _is_type_of(model)
    return _types(conditions)


def _is_type_of(model: type[models.Model]) -> Q:
    return Q(app_label=model._meta.app_label, model=model._meta.model_name)


def _types(conditions: dict[str, Q]) -> dict[str, QuerySet[ContentType]]:
    return {name: ContentType.objects.filter(condition) for name, condition in conditions.items()}
