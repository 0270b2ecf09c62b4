"""Schemas whose mutations are recorded."""

from __future__ import annotations

from typing import Any, TypeVar

import graphene
from graphql import GraphQLArgument, GraphQLField, GraphQLString, default_field_resolver

from revy_graphql.lists import ListResolver, find_list_fields
from revy_graphql.namespace import find_mutation_fields
from revy_graphql.tracking import ADDED_ARGUMENT, TrackedResolver

S = TypeVar("S", bound=graphene.Schema)

ARGUMENT_NAME = "commitMessage"
ARGUMENT_DESCRIPTION = "Why the change is made: the description of its revision."


class Schema(graphene.Schema):
    """A graphene.Schema whose mutations are recorded, as `track` does it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        track(self)


def track(schema: S) -> S:
    """Wrap every mutation field of the schema, once, and return the schema.

    A mutation then takes the argument `commitMessage`, and runs inside one transaction and one context: what it writes
    is one revision, or nothing if it fails. A mutation that has an argument of that name keeps it. Of the other fields
    only those are touched that give lists of objects with a `RevisionsField`.
    """
    for field in find_mutation_fields(schema.graphql_schema).values():
        if not isinstance(field.resolve, TrackedResolver):
            _track_field(field)
    for field in find_list_fields(schema.graphql_schema):
        if not isinstance(field.resolve, ListResolver):
            field.resolve = ListResolver(field.resolve)
    return schema


def _track_field(field: GraphQLField) -> None:
    field.resolve = TrackedResolver(field.resolve or default_field_resolver)
    if ARGUMENT_NAME not in field.args:
        field.args[ARGUMENT_NAME] = GraphQLArgument(
            GraphQLString, description=ARGUMENT_DESCRIPTION, out_name=ADDED_ARGUMENT
        )
