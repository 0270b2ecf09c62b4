"""The fields of a schema that give lists of objects with a history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    default_field_resolver,
    get_named_type,
)

from revy_graphql.peers import introduce
from revy_graphql.revisions_field import RevisionsField

_NODE: Final = "node"


def find_list_fields(schema: GraphQLSchema) -> Iterator[GraphQLField]:
    """Yield the fields whose value is a list of objects with a field `revisions`, or of edges to such objects."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                if _is_list(field.type) and _has_history(schema, get_named_type(field.type)):
                    yield field


class ListResolver:
    """Resolves a list, and makes the objects in it know each other, so that their histories are read at once."""

    __slots__ = ("resolve",)

    def __init__(self, resolve: Any) -> None:
        self.resolve = resolve or default_field_resolver

    def __call__(self, root: Any, info: GraphQLResolveInfo, /, **args: Any) -> Any:
        result = self.resolve(root, info, **args)
        return self._await(result) if info.is_awaitable(result) else _introduced(result)

    async def _await(self, result: Any) -> Any:
        return _introduced(await result)


def _introduced(result: Any) -> Any:
    if not isinstance(result, Iterable) or isinstance(result, str | bytes):
        # Nothing, an exception, or what graphql-core has something to say about.
        return result
    rows = list(result)
    introduce(rows)
    return rows


def _is_list(kind: Any) -> bool:
    return isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)


def _has_history(schema: GraphQLSchema, kind: Any) -> bool:
    if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
        return any(_has_history(schema, possible) for possible in schema.get_possible_types(kind))
    if not isinstance(kind, GraphQLObjectType):
        return False
    if issubclass(getattr(kind, "graphene_type", object), RevisionsField):
        return True
    node = kind.fields.get(_NODE)
    return kind.name.endswith("Edge") and node is not None and _has_history(schema, get_named_type(node.type))
