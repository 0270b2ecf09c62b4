"""How many objects a field returns at most, as its arguments say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from graphene_django.settings import graphene_settings
from graphql import FieldNode, GraphQLField, IntValueNode, ValueNode, VariableNode, get_named_type

from revy_graphql.cursor import MAX_SIZE

ARGUMENTS: Final = ("first", "last", "limit")
# Converting longer ones takes quadratic time.
_MAX_DIGITS: Final = 18

Variables = Mapping[str, Any]


def find_page_size(definition: GraphQLField, node: FieldNode, variables: Variables) -> int | None:
    """Return the size of the page that a field asks for; None if it takes no argument of ARGUMENTS.

    A field that is given no size counts as the `default_page_size` of its connection, else as what graphene-django
    returns at most.
    """
    names = [name for name in ARGUMENTS if name in definition.args]
    if not names:
        return None
    given = [_size(argument.value, variables) for argument in node.arguments if argument.name.value in names]
    sizes = [size for size in given if size is not None]
    sizes = sizes or [size for size in (definition.args[name].default_value for name in names) if _is_size(size)]
    if sizes:
        return max(sizes)
    size = default_page_size(definition.type)
    return int(graphene_settings.RELAY_CONNECTION_MAX_LIMIT or MAX_SIZE) if size is None else size


def _size(value: ValueNode, variables: Variables) -> int | None:
    if isinstance(value, VariableNode):
        size = variables.get(value.name.value)
    else:
        size = read_integer(value) if isinstance(value, IntValueNode) else None
    return size if _is_size(size) else None


def read_integer(node: IntValueNode) -> int:
    """Return the value of a literal; of one that is too long for any purpose, something as useless."""
    return int(node.value) if len(node.value) <= _MAX_DIGITS else 10**_MAX_DIGITS


def _is_size(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def default_page_size(kind: Any) -> int | None:
    """Return what a connection type says that it has if no size is asked for; None for other types."""
    size = getattr(getattr(get_named_type(kind), "graphene_type", None), "default_page_size", None)
    return size if _is_size(size) else None
