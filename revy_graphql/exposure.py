"""What the object types of a schema show of their models at present."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import graphene
from django.db import models
from graphene.types.utils import get_field_as
from graphene_django import DjangoObjectType
from graphene_django.registry import get_global_registry
from graphql import GraphQLSchema

ObjectType = type[DjangoObjectType]

_types: WeakKeyDictionary[GraphQLSchema, dict[type[models.Model], list[ObjectType]]] = WeakKeyDictionary()


def get_registered_type(schema: GraphQLSchema, model: type[models.Model]) -> ObjectType | None:
    """Return the DjangoObjectType that shows the model in this schema, or None.

    It has to be registered: types with `skip_registry` and types that another one has replaced do not count, nor do
    types of other schemas. Of several (in registries of their own) the one in graphene-django's global registry counts.
    """
    if schema not in _types:
        _types[schema] = _types_by_model(schema)
    of_model = _types[schema].get(model, ())
    candidates = [kind for kind in of_model if _registry_of(kind).get_type_for_model(model) is kind]
    if len(candidates) > 1:
        candidates = [kind for kind in candidates if _registry_of(kind) is get_global_registry()]
    return candidates[0] if candidates else None


def is_node(schema: GraphQLSchema, kind: ObjectType) -> bool:
    """Tell whether objects of the type can be given where the schema says `Node`."""
    node, graphql_type = schema.get_type("Node"), schema.get_type(kind._meta.name)
    return node is not None and node in getattr(graphql_type, "interfaces", ())


def shows(kind: ObjectType, field: models.Field[Any, Any]) -> bool:
    """Tell whether the type shows the value of the model's field to everybody who sees the object.

    A field that the type leaves out is not shown. Neither is one that is resolved by code of the project, in a
    `resolve_*` method, a `resolver`, a field class or a default resolver: what that shows, and to whom, is not known.
    """
    declared = kind._meta.fields.get(field.name)
    if isinstance(declared, graphene.Dynamic):
        declared = get_field_as(declared.get_type(), _as=graphene.Field)
    if not isinstance(declared, graphene.Field):
        return False
    resolve = f"resolve_{field.name}"
    return (
        declared.resolver is None
        and declared.get_resolver is None
        and _is_library_code(type(declared).wrap_resolve)
        and kind._meta.default_resolver is None
        and all(_is_library_code(getattr(owner, resolve, None)) for owner in (kind, *kind._meta.interfaces))
    )


def _types_by_model(schema: GraphQLSchema) -> dict[type[models.Model], list[ObjectType]]:
    found: dict[type[models.Model], list[ObjectType]] = {}
    for graphql_type in schema.type_map.values():
        kind: Any = getattr(graphql_type, "graphene_type", None)
        if _is_object_type(kind):
            found.setdefault(kind._meta.model, []).append(kind)
    return found


def _is_object_type(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, DjangoObjectType)


def _registry_of(kind: ObjectType) -> Any:
    return kind._meta.registry


def _is_library_code(function: Any) -> bool:
    return function is None or function.__module__.partition(".")[0] in ("graphene", "graphene_django")
