from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.contrib.contenttypes.fields import GenericForeignKey
from django.core.exceptions import ObjectDoesNotExist
from django.db import models, router
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor

from revy.contrib.django.objects import Reference, find_objects

MAX_KEY_LENGTH: Final = 255
# Behind the name of an ObjectKey: where an instance keeps which reference it knows the object of.
_REFERENCE: Final = " reference"


class KeyField(models.CharField):  # type: ignore[type-arg]  # not generic at run time
    """The primary key of any object as text, told apart letter by letter on every database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", MAX_KEY_LENGTH)
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            # The usual collation of MySQL and MariaDB takes 'a' and 'A' for the same key.
            parameters["collation"] = "utf8mb4_bin"
        return parameters


class _TypeDescriptor(ForwardManyToOneDescriptor):  # type: ignore[type-arg]  # not generic at run time
    def __get__(self, instance: Any, cls: Any = None) -> Any:
        try:
            return super().__get__(instance, cls)
        except ObjectDoesNotExist:
            if getattr(instance, self.field.attname) is None:
                raise
            return None


class TypeKey(models.ForeignKey):  # type: ignore[type-arg]  # not generic at run time
    """The content type of an object; None when it is gone. To migrations it is Django's foreign key, as it was."""

    forward_related_accessor_class = _TypeDescriptor

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.ForeignKey", args, kwargs


class ObjectKey(GenericForeignKey):
    """The object that a pair of content type and text key names; None when either is gone or makes no sense today."""

    def contribute_to_class(self, cls: Any, name: str, **kwargs: Any) -> None:  # type: ignore[override]  # as Django's
        super().contribute_to_class(cls, name, **kwargs)
        if name in cls.__dict__:  # not on an abstract model
            setattr(cls, name, _ObjectDescriptor(self, cls.__dict__[name]))


def keep_object(instance: Any, name: str, reference: Reference, found: models.Model | None) -> None:
    """Have an instance know the object of an ObjectKey, so that it is not looked up, nor compared at each access."""
    cache = instance._state.fields_cache
    cache[name] = found
    cache[name + _REFERENCE] = reference


class _ObjectDescriptor:
    """Looks objects up where Django's descriptor raises whatever a stale content type or an odd key leads to."""

    def __init__(self, field: ObjectKey, descriptor: Any) -> None:
        self.field = field
        self._descriptor = descriptor
        self._type_attname = f"{field.ct_field}_id"
        self._key_attname = field.fk_field
        self._name = field.name
        self._reference_name = field.name + _REFERENCE

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        cache = instance._state.fields_cache
        reference = self._reference_of(instance)
        if self._name in cache and cache.get(self._reference_name, reference) == reference:
            return cache[self._name]
        fetch_mode = _fetch_mode_of(instance)
        if fetch_mode is None:
            self.fetch_one(instance)
        else:
            cache.pop(self._name, None)
            fetch_mode.fetch(self, instance)
        return cache[self._name]

    def __set__(self, instance: Any, value: Any) -> None:
        self._descriptor.__set__(instance, value)
        keep_object(instance, self._name, self._reference_of(instance), value)

    def is_cached(self, instance: Any) -> bool:
        return self._name in instance._state.fields_cache

    def fetch_one(self, instance: Any) -> None:
        self._find([instance])

    def fetch_many(self, instances: Any) -> None:
        models.prefetch_related_objects([each for each in instances if not self.is_cached(each)], self._name)

    def get_prefetch_querysets(self, instances: Any, querysets: Any = None) -> Any:
        if querysets is not None:
            return self._descriptor.get_prefetch_querysets(instances, querysets)
        objects = self._find(instances)

        def identity(instance: Any) -> int:
            return id(instance._state.fields_cache[self._name])

        return objects, id, identity, True, self._name, False

    def _find(self, instances: Any) -> list[models.Model]:
        """Have the instances know their objects, and return these."""
        references: dict[str, set[Reference]] = {}
        for instance in instances:
            references.setdefault(database_of(instance), set()).add(self._reference_of(instance))
        found = {using: find_objects(wanted, using) for using, wanted in references.items()}
        for instance in instances:
            reference = self._reference_of(instance)
            keep_object(instance, self._name, reference, found[database_of(instance)].get(reference))
        objects = [each for of_database in found.values() for each in of_database.values()]
        fetch_mode = _fetch_mode_of(instances[0])
        if fetch_mode is not None:
            for each in objects:
                each._state.fetch_mode = fetch_mode
        return objects

    def _reference_of(self, instance: Any) -> Reference:
        return getattr(instance, self._type_attname), getattr(instance, self._key_attname)


def database_of(instance: Any) -> str:
    """Return the database that an instance is of."""
    return instance._state.db or router.db_for_read(type(instance), instance=instance)


def _fetch_mode_of(instance: Any) -> Any:
    return getattr(instance._state, "fetch_mode", None)  # Django 6.1


def in_field_order(model: type[models.Model], names: Iterable[str]) -> list[str]:
    """Return the names of attributes in the order of the model's fields, those that are no columns last."""
    places = {field.attname: place for place, field in enumerate(model._meta.concrete_fields)}
    return sorted(names, key=lambda name: (places.get(name, len(places)), name))
