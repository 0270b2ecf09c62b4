"""How much an operation asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
)

from revy_graphql.cursor import DEFAULT_SIZE
from revy_graphql.namespace import find_mutation_fields
from revy_graphql.page_size import Variables, find_page_size

# What GraphQL itself adds to the query type is no field of it.
_SCHEMA_FIELDS: Final = {"__schema": "__Schema", "__type": "__Type"}


@dataclass(slots=True)
class Complexity:
    """What was measured of an operation; of a part of it only if `is_complete` is False."""

    depth: int = 0
    aliases: int = 0
    mutations: int = 0
    fields: int = 0
    nodes: int = 0
    is_complete: bool = True


class _Selections(NamedTuple):
    """A selection set on a type; `fragments` are those that lead to it, by which cycles are noticed."""

    selection_set: SelectionSetNode
    parent: GraphQLNamedType | None
    fragments: tuple[str, ...] = ()


class _Selected(NamedTuple):
    node: FieldNode
    parent: GraphQLNamedType | None
    definition: GraphQLField | None
    fragments: tuple[str, ...]


class _Level(NamedTuple):
    """What is selected on that many objects at most; lists among it have `page_size` elements if they are a page's."""

    selections: list[_Selections]
    depth: int
    objects: int
    page_size: int | None = None


def measure(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Variables,
    max_fields: int,
) -> Complexity:
    """Measure an operation, valid or not, without executing it.

    Fields are merged as the execution merges them, so that it does not matter how the document is divided into
    fragments. `variables` holds the values that are known. What @skip or @include leave out for certain does not count.
    The work is bounded by `max_fields`: when there are more selections, the measurement ends.
    """
    measurement = _Measurement(schema, fragments, variables, max_fields)
    root = schema.get_root_type(operation.operation)
    mutations = find_mutation_fields(schema) if operation.operation is OperationType.MUTATION else {}
    levels = [_Level([_Selections(operation.selection_set, root)], depth=1, objects=1)]
    while levels and measurement.result.is_complete:
        level = levels.pop()
        for key, selected in measurement.collect(level).items():
            levels.extend(measurement.add(level, key, selected))
            if mutations:
                measurement.result.mutations += any(
                    one.parent is not None and (one.parent.name, one.node.name.value) in mutations for one in selected
                )
    return measurement.result


@dataclass(slots=True)
class _Measurement:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Variables
    max_fields: int
    result: Complexity = field(default_factory=Complexity)

    def add(self, level: _Level, key: str, selected: list[_Selected]) -> Iterator[_Level]:
        """Add a field of the response, which is selected once or more, and yield what is below it."""
        result = self.result
        result.depth = max(result.depth, level.depth)
        result.aliases += key != selected[0].node.name.value
        below = [
            _Selections(one.node.selection_set, _type_of(one.definition), one.fragments)
            for one in selected
            if one.node.selection_set is not None
        ]
        if not below:
            return
        objects, page_size = level.objects, None
        sizes = [find_page_size(one.definition, one.node, self.variables) for one in selected if one.definition]
        size = max((size for size in sizes if size is not None), default=None)
        is_list = any(_is_list(one.definition) for one in selected)
        if size is not None:
            result.nodes += objects * size
            # The elements are this list's, or those of the lists in the connection: its edges.
            objects, page_size = (objects * size, None) if is_list else (objects, size)
        elif is_list and level.page_size is not None:
            objects *= level.page_size
        elif is_list:
            objects *= max(_list_size(one.definition) for one in selected)
            result.nodes += objects
        yield _Level(below, level.depth + 1, objects, page_size)

    def collect(self, level: _Level) -> dict[str, list[_Selected]]:
        """Return the fields of a level by the names that they have in the response."""
        found: dict[str, list[_Selected]] = {}
        spread: set[str] = set()
        pending = level.selections[::-1]
        while pending and self.result.is_complete:
            selections = pending.pop()
            for node in selections.selection_set.selections:
                self.result.fields += 1
                if self.result.fields > self.max_fields:
                    self.result.is_complete = False
                    break
                if node.directives and self._is_left_out(node):
                    continue
                if isinstance(node, FieldNode):
                    key = (node.alias or node.name).value
                    definition = self._definition_of(selections.parent, node.name.value)
                    selected = _Selected(node, selections.parent, definition, selections.fragments)
                    found.setdefault(key, []).append(selected)
                else:
                    pending.extend(self._enter(node, selections, spread))
        return found

    def _enter(self, node: SelectionNode, selections: _Selections, spread: set[str]) -> Iterator[_Selections]:
        """Yield the selections of a fragment; nothing if it is unknown, there already, or spreads itself."""
        if isinstance(node, InlineFragmentNode):
            parent = self._narrow(selections.parent, node)
            yield _Selections(node.selection_set, parent, selections.fragments)
        elif isinstance(node, FragmentSpreadNode):
            name = node.name.value
            fragment = self.fragments.get(name)
            if fragment is not None and name not in spread and name not in selections.fragments:
                spread.add(name)
                parent = self._narrow(selections.parent, fragment)
                yield _Selections(fragment.selection_set, parent, (*selections.fragments, name))

    def _narrow(
        self, parent: GraphQLNamedType | None, fragment: InlineFragmentNode | FragmentDefinitionNode
    ) -> GraphQLNamedType | None:
        condition = fragment.type_condition
        return parent if condition is None else self.schema.get_type(condition.name.value)

    def _definition_of(self, parent: GraphQLNamedType | None, name: str) -> GraphQLField | None:
        definition: GraphQLField | None = getattr(parent, "fields", {}).get(name)
        if definition is None and name in _SCHEMA_FIELDS and parent is self.schema.query_type:
            return GraphQLField(self.schema.type_map[_SCHEMA_FIELDS[name]])  # type: ignore[arg-type]
        return definition

    def _is_left_out(self, node: SelectionNode) -> bool:
        return any(self._leaves_out(directive) for directive in node.directives)

    def _leaves_out(self, directive: DirectiveNode) -> bool:
        leaving_out = {"skip": True, "include": False}.get(directive.name.value)
        if leaving_out is None:
            return False
        for argument in directive.arguments:
            if argument.name.value == "if":
                return self._condition(argument.value) is leaving_out
        return False

    def _condition(self, value: Any) -> Any:
        if isinstance(value, BooleanValueNode):
            return value.value
        return self.variables.get(value.name.value) if isinstance(value, VariableNode) else None


def _type_of(definition: GraphQLField | None) -> GraphQLNamedType | None:
    return None if definition is None else get_named_type(definition.type)


def _list_size(definition: GraphQLField | None) -> int:
    """Return how many objects a list counts that takes no argument for it: what their type says, by default a page."""
    size = getattr(getattr(_type_of(definition), "graphene_type", None), "list_size", DEFAULT_SIZE)
    return int(size)


def _is_list(definition: GraphQLField | None) -> bool:
    if definition is None:
        return False
    kind = definition.type.of_type if isinstance(definition.type, GraphQLNonNull) else definition.type
    return is_list_type(kind) and is_composite_type(get_named_type(kind))
