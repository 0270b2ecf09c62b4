"""Recording for schemas that are not wrapped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo, OperationType

from revy_graphql.namespace import find_mutation_fields
from revy_graphql.tracking import TrackedResolver


class RevyMutationMiddleware:
    """A graphene middleware that does what `track` does, for GRAPHENE["MIDDLEWARE"] or `GraphQLView(middleware=[…])`.

    It cannot add the argument `commitMessage`: the message is the mutation's own argument `commit_message`, the field
    of that name in its `input`, or the header X-Commit-Message. Fields that are wrapped already pass through.
    """

    def resolve(self, next: Callable[..., Any], root: Any, info: GraphQLResolveInfo, /, **args: Any) -> Any:
        if info.operation.operation is OperationType.MUTATION:
            field = find_mutation_fields(info.schema).get((info.parent_type.name, info.field_name))
            if field is not None and not isinstance(field.resolve, TrackedResolver):
                return TrackedResolver(next)(root, info, **args)
        return next(root, info, **args)
