"""Resolvers that read the database."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo

from revy_graphql import event_loop
from revy_graphql.errors import masked_errors


def read(info: GraphQLResolveInfo, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call the function with its errors masked; on an event loop, in the thread of the database."""

    def call() -> Any:
        with masked_errors(info):
            return function(*args, **kwargs)

    return event_loop.call(call)


def reads(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Make a resolver out of a function that reads the database."""

    @functools.wraps(resolve)
    def resolver(root: Any, info: GraphQLResolveInfo, **args: Any) -> Any:
        return read(info, resolve, root, info, **args)

    return resolver
