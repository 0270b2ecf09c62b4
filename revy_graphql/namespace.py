"""Which fields of a schema are mutations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from weakref import WeakKeyDictionary

import graphene
from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLSchema


class MutationNamespace:
    """Marks an object type whose fields are mutations: `class PostMutations(MutationNamespace, graphene.ObjectType)`.

    Needed only for a namespace without any field made by a Mutation class; the others are found without it.
    """


MutationFields = dict[tuple[str, str], GraphQLField]

_found: WeakKeyDictionary[GraphQLSchema, MutationFields] = WeakKeyDictionary()


def find_mutation_fields(schema: GraphQLSchema) -> MutationFields:
    """Return the mutation fields of a schema by the names of type and field.

    These are the fields of the mutation type. A field there is not a mutation but a namespace, and the fields of its
    type are the mutations, if that is an object type that is marked with MutationNamespace, or that has a field made by
    `SomeMutation.Field()`, or that has such a namespace as a field. What `SomeMutation.Field()` makes is a mutation in
    any case.
    """
    fields = _found.get(schema)
    if fields is None:
        fields = _found[schema] = {}
        rule = _NamespaceRule()
        parents = [] if schema.mutation_type is None else [schema.mutation_type]
        for parent in parents:
            for name, field in parent.fields.items():
                namespace = rule.namespace_of(field)
                if namespace is None:
                    fields[parent.name, name] = field
                elif namespace not in parents:
                    parents.append(namespace)
    return fields


class _NamespaceRule:
    def __init__(self) -> None:
        # Fields keep the resolver of their Mutation class, but not the class.
        self._resolvers = tuple(_mutation_resolvers(graphene.Mutation))
        self._answers: dict[str, bool] = {}

    def namespace_of(self, field: GraphQLField) -> GraphQLObjectType | None:
        kind = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        if field.resolve in self._resolvers or not isinstance(kind, GraphQLObjectType) or not self._is_namespace(kind):
            return None
        return kind

    def _is_namespace(self, kind: GraphQLObjectType) -> bool:
        if kind.name not in self._answers:
            # A type that is asked about while it is looked at contains itself, which makes it no namespace.
            self._answers[kind.name] = False
            self._answers[kind.name] = self._has_mutations(kind)
        return self._answers[kind.name]

    def _has_mutations(self, kind: GraphQLObjectType) -> bool:
        graphene_type: Any = kind.graphene_type  # type: ignore[attr-defined]  # what graphene makes has it
        if issubclass(graphene_type, MutationNamespace):
            return True
        declared = graphene_type._meta.fields.values()
        return any(getattr(field, "resolver", None) in self._resolvers for field in declared) or any(
            self.namespace_of(field) is not None for field in kind.fields.values()
        )


def _mutation_resolvers(base: type[Any]) -> Iterator[Callable[..., Any]]:
    for mutation in base.__subclasses__():
        resolver = getattr(mutation._meta, "resolver", None)
        if resolver is not None:
            yield resolver
        yield from _mutation_resolvers(mutation)
