"""The node budget of an operation, checked before its fields are resolved."""

from __future__ import annotations

from typing import Any, Final
from weakref import WeakKeyDictionary

from graphql import (
    ExecutableDefinitionNode,
    FieldNode,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
)

from revy_graphql import conf
from revy_graphql.complexity import Complexity, measure
from revy_graphql.errors import TooComplex
from revy_graphql.page_size import Variables, default_page_size

_MEASURED: Final = "_revy_measured"

_names: WeakKeyDictionary[GraphQLSchema, frozenset[str]] = WeakKeyDictionary()


def check_budget(info: GraphQLResolveInfo) -> None:
    """Raise TooComplex if the operation, with the values of its variables, may return too many nodes.

    It is measured once per operation, if the context takes attributes, as a request does.
    """
    check_operation(info.context, info.schema, info.operation, info.fragments, info.variable_values)


def check_mutation(info: GraphQLResolveInfo) -> None:
    """Do what `check_budget` does, at next to no cost if the operation selects no connection of revy."""
    names = _connection_fields(info.schema)
    definitions: list[ExecutableDefinitionNode] = [info.operation, *info.fragments.values()]
    if any(_mentions(definition.selection_set, names) for definition in definitions):
        check_budget(info)


def check_operation(
    context: Any,
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: dict[str, Any],
    variables: Variables,
) -> None:
    """Do what `check_budget` does, where there is no field yet."""
    measured = getattr(context, _MEASURED, None)
    # One request may have many operations, and one document many executions: each has variables of its own.
    if measured is None or measured[0] is not operation or measured[1] is not variables:
        complexity = measure(schema, operation, fragments, variables, conf.get_limit("MAX_FIELDS"))
        measured = operation, variables, find_excess(complexity)
        _remember(context, measured)
    if measured[2] is not None:
        raise TooComplex(measured[2])


def find_excess(complexity: Complexity) -> str | None:
    """Return what an operation of that complexity has too much of, or None."""
    if not complexity.is_complete:
        return f"The operation selects more than {conf.get_limit('MAX_FIELDS'):,} fields. Select less."
    limit = conf.get_limit("MAX_NODES")
    if complexity.nodes > limit:
        return f"The operation may return {complexity.nodes:,} nodes; at most {limit:,} are allowed. Ask for less."
    return None


def _connection_fields(schema: GraphQLSchema) -> frozenset[str]:
    names = _names.get(schema)
    if names is None:
        fields = [item for kind in schema.type_map.values() for item in getattr(kind, "fields", {}).items()]
        names = _names[schema] = frozenset(name for name, field in fields if default_page_size(field.type) is not None)
    return names


def _mentions(selection_set: SelectionSetNode, names: frozenset[str]) -> bool:
    pending = [selection_set]
    while pending:
        for node in pending.pop().selections:
            if isinstance(node, FieldNode) and node.name.value in names:
                return True
            below: SelectionSetNode | None = getattr(node, "selection_set", None)
            if below is not None:
                pending.append(below)
    return False


def _remember(context: Any, measured: tuple[OperationDefinitionNode, Variables, str | None]) -> None:
    if hasattr(context, "__dict__"):
        setattr(context, _MEASURED, measured)
