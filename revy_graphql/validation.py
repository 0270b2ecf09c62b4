"""The validation rules of the API: GraphQL's own, and limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    IntValueNode,
    OperationDefinitionNode,
    ValidationRule,
    specified_rules,
)
from graphql.validation.validate import ValidationAbortedError

from revy_graphql import conf
from revy_graphql.budget import find_excess
from revy_graphql.complexity import Complexity, measure
from revy_graphql.cursor import DEFAULT_SIZE
from revy_graphql.errors import Forbidden, TooComplex
from revy_graphql.page_size import read_integer

# The limits, what is measured for them, and what that is called.
_MEASURED: Final = (
    ("MAX_DEPTH", "depth", "levels of fields"),
    ("MAX_ALIASES", "aliases", "aliases"),
    ("MAX_MUTATIONS", "mutations", "mutations"),
)


class ComplexityRule(ValidationRule):
    """Refuses documents that ask for more than the limits of REVY_GRAPHQL allow.

    It comes first, and ends the validation of a document that it refuses: other rules take quadratic time.
    """

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        errors = list(self._errors(node))
        for error in errors:
            self.report_error(error)
        if errors:
            raise ValidationAbortedError("The document was not looked at any further.")

    def _errors(self, document: DocumentNode) -> Iterator[TooComplex]:
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        limit = conf.get_limit("MAX_OPERATIONS")
        if len(operations) > limit:
            yield TooComplex(f"The document has {len(operations):,} operations; at most {limit:,} are allowed.")
            return
        fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
        max_fields = conf.get_limit("MAX_FIELDS")
        for operation in operations:
            variables = _expected_sizes(operation)
            yield from _limit_errors(measure(self.context.schema, operation, fragments, variables, max_fields))


class IntrospectionRule(ASTValidationRule):
    """Refuses `__schema` and `__type`, but not `__typename`, unless REVY_GRAPHQL["INTROSPECTION"] allows them."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in ("__schema", "__type") and not conf.allows_introspection():
            self.report_error(Forbidden(f"Introspection is switched off: `{node.name.value}` cannot be selected."))


VALIDATION_RULES: Final[tuple[type[ASTValidationRule], ...]] = (ComplexityRule, *specified_rules, IntrospectionRule)


def _limit_errors(complexity: Complexity) -> Iterator[TooComplex]:
    excess = find_excess(complexity)
    if excess is not None:
        yield TooComplex(excess)
    if not complexity.is_complete:
        return
    for name, attribute, noun in _MEASURED:
        limit, measured = conf.get_limit(name), getattr(complexity, attribute)
        if measured > limit:
            yield TooComplex(f"The operation has {measured:,} {noun}; at most {limit:,} are allowed.")


def _expected_sizes(operation: OperationDefinitionNode) -> dict[str, int]:
    """Return what variables hold if they are sizes: their default values, else what our own connections have.

    Clients may pass other values, which count when the operation is executed.
    """
    return {
        definition.variable.name.value: read_integer(definition.default_value)
        if isinstance(definition.default_value, IntValueNode)
        else DEFAULT_SIZE
        for definition in operation.variable_definitions
    }
