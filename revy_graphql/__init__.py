"""The history of a Django project for the users of its GraphQL API."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from revy_graphql.middleware import RevyMutationMiddleware
    from revy_graphql.mutation import Mutation
    from revy_graphql.namespace import MutationNamespace
    from revy_graphql.policy import Policy
    from revy_graphql.query import Query
    from revy_graphql.revisions_field import RevisionsField
    from revy_graphql.schema import Schema, track
    from revy_graphql.validation import VALIDATION_RULES
    from revy_graphql.view import GraphQLView

__all__ = [
    "GraphQLView",
    "Mutation",
    "MutationNamespace",
    "Policy",
    "Query",
    "RevisionsField",
    "RevyMutationMiddleware",
    "Schema",
    "VALIDATION_RULES",
    "track",
]

# graphene_django reads the settings when it is imported, which is too early for `python -m revy_graphql.print_schema`.
_MODULES = {
    "GraphQLView": "view",
    "Mutation": "mutation",
    "MutationNamespace": "namespace",
    "Policy": "policy",
    "Query": "query",
    "RevisionsField": "revisions_field",
    "RevyMutationMiddleware": "middleware",
    "Schema": "schema",
    "VALIDATION_RULES": "validation",
    "track": "schema",
}


# Type checkers would take any name for one that is here.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
