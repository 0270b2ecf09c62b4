"""Documents that ask for too much are refused, by rules that are cheap themselves."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import get_introspection_query, parse, specified_rules, validate

import revy_graphql
from revy_graphql.complexity import measure
from tests.docs.blocks import blocks
from tests.graphql.schema import schema

RULES = revy_graphql.VALIDATION_RULES
NOTHING_MORE = "The document was not looked at any further."


def refusals(query: str) -> list[str]:
    """Return what the rules say, and check that they say it with a code."""
    errors = validate(schema.graphql_schema, parse(query), RULES)
    if not errors:
        return []
    assert errors.pop().message == NOTHING_MORE
    assert {error.extensions["code"] for error in errors} == {"TOO_COMPLEX"}
    return [error.message for error in errors]


def selections_looked_at(query: str) -> int:
    document = parse(query)
    operation, *fragments = document.definitions
    found = {fragment.name.value: fragment for fragment in fragments}
    return measure(schema.graphql_schema, operation, found, {}, 1_000).fields


def chain(length: int, body: str) -> str:
    """Return a document whose fragments each spread the next one in `body`."""
    fragments = [
        f"fragment F{place} on Query {{ {body.replace('%s', f'...F{place + 1}')} }}" for place in range(length)
    ]
    return "\n".join(["{ ...F0 }", *fragments, f"fragment F{length} on Query {{ hello }}"])


def test_rules_include_those_of_graphql() -> None:
    assert set(specified_rules) < set(RULES)


@pytest.mark.parametrize("query", blocks("docs/graphql.md", "graphql"))
def test_documented_documents_are_within_the_limits(query: str) -> None:
    assert refusals(query.replace("on Article ", "on ArticleType ")) == []


def test_introspection_of_graphiql_is_within_the_limits(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"INTROSPECTION": True}
    query = get_introspection_query(schema_description=True, specified_by_url=True, input_value_deprecation=True)
    assert refusals(query) == []


DELTAS = "revisions { edges { node { objectDeltas { edges { node { revision { %s } } } } } } }"
ALIASES = " ".join(f"a{number}: hello" for number in range(4))
OPERATIONS = " ".join(f"query Q{number} {{ hello }}" for number in range(4))
MUTATIONS = " ".join(f'a{number}: createArticle(title: "t") {{ __typename }}' for number in range(4))


@pytest.mark.parametrize(
    ("limit", "query", "message"),
    [
        ("MAX_DEPTH", "{ revisions { edges { node { id } } } }", "The operation has 4 levels of fields; at most 3"),
        ("MAX_DEPTH", "{ ...{ ...F } } fragment F on Query { revisions { edges { node { id } } } }", "has 4 levels"),
        ("MAX_ALIASES", f"{{ {ALIASES} }}", "The operation has 4 aliases; at most 3 are allowed."),
        ("MAX_ALIASES", "{ a: hello b: hello ...F } fragment F on Query { c: hello d: hello }", "has 4 aliases"),
        ("MAX_MUTATIONS", f"mutation {{ {MUTATIONS} }}", "The operation has 4 mutations; at most 3 are allowed."),
        ("MAX_MUTATIONS", f"mutation {{ articles {{ {MUTATIONS.replace('createA', 'a').replace('article(', 'create(')} }} }}", "has 4 mutations"),  # noqa: E501
        ("MAX_OPERATIONS", OPERATIONS, "The document has 4 operations; at most 3 are allowed."),
        ("MAX_FIELDS", "{ hello revisions { totalCount pageInfo { endCursor } } }", "selects more than 3 fields"),
        ("MAX_NODES", "{ revisions(first: 4) { totalCount } }", "may return 4 nodes; at most 3 are allowed"),
        ("MAX_NODES", "query ($n: Int = 4) { revisions(first: $n) { totalCount } }", "may return 4 nodes"),
        ("MAX_NODES", "query ($n: Int) { revisions(last: $n) { totalCount } }", "may return 20 nodes"),
        ("MAX_NODES", "{ articles { id } }", "may return 20 nodes"),
    ],
)  # fmt: skip
def test_documents_above_a_limit_are_refused(limit: str, query: str, message: str, settings: Any) -> None:
    settings.REVY_GRAPHQL = {limit: 3}
    (refusal,) = refusals(query)
    assert message in refusal
    settings.REVY_GRAPHQL = {limit: 20}
    assert refusals(query) == []


def test_each_operation_is_measured_for_itself(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_ALIASES": 1}
    assert refusals("query A { a: hello } query B { b: hello }") == []
    assert len(refusals("query A { a: hello } query B { b: hello c: hello } query C { d: hello e: hello }")) == 2


def test_every_excess_of_an_operation_is_named(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_DEPTH": 1, "MAX_ALIASES": 1, "MAX_NODES": 10}
    nodes, depth, aliases = refusals("{ a: revisions { totalCount } b: hello }")
    assert "20 nodes" in nodes
    assert "2 levels" in depth
    assert "2 aliases" in aliases


@pytest.mark.parametrize(
    ("directive", "counts"),
    [
        ("@skip(if: true)", False),
        ("@include(if: false)", False),
        ("@skip(if: $yes)", True),
        ("@include(if: $no)", True),
        ("@skip(if: false) @include(if: true)", True),
    ],
)
@pytest.mark.parametrize("what", ["hello %s", "... %s { hello }", "...F %s"])
def test_only_what_is_left_out_for_certain_does_not_count(what: str, directive: str, counts: bool) -> None:
    query = f"query ($yes: Boolean = true, $no: Boolean = false) {{ a: hello {what % directive} }}"
    operation, fragment = parse(f"{query} fragment F on Query {{ hello }}").definitions
    variables = {"yes": 20, "no": 20}  # as the rule has it: what they will be is not known
    found = measure(schema.graphql_schema, operation, {"F": fragment}, variables, 1_000)
    within = 0 if what.startswith("hello") else 1
    assert found.fields == 2 + (within if counts else 0)
    assert found.depth == 1


def test_fragments_that_double_each_other_take_no_more_than_the_limit() -> None:
    query = chain(200, 'a: node(id: "x") { ... on Query { %s } } b: __typename')
    doubling = query.replace("b: __typename", 'b: node(id: "y") { ...F0 }')
    assert selections_looked_at(doubling) <= 1_001
    assert "more than 1,000 fields" in refusals(doubling)[0]


def test_fragments_that_spread_each_other_many_times_are_looked_at_once_a_place() -> None:
    query = chain(40, "%s ... { %s } %s hello")
    assert selections_looked_at(query) == 1 + 40 * 5 + 1
    assert refusals(query) == []


@pytest.mark.parametrize(
    "query",
    [
        "{ ...A } fragment A on Query { hello ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A hello }",
        "{ revisions { edges { node { ...A } } } } fragment A on Revision { objectDeltas { edges { node { revision "
        "{ ...A } } } } }",
    ],
)
def test_cycles_are_left_to_the_rule_of_graphql(query: str) -> None:
    errors = validate(schema.graphql_schema, parse(query), RULES)
    assert {error.message.partition(" ")[0] for error in errors} == {"Cannot"}


def test_fragment_on_two_ways_to_one_field_is_no_cycle() -> None:
    query = """{ ...A revisions { edges { node { objectDeltas { edges { node { revision { ...B } } } } } } } }
    fragment A on Query { revisions { edges { node { ...B } } } } fragment B on Revision { id actors { display } }"""
    operation, *fragments = parse(query).definitions
    found = measure(schema.graphql_schema, operation, {f.name.value: f for f in fragments}, {}, 1_000)
    revisions, deltas = 20, 20 * 20
    # Each revision has one actor, as many as the budget counts.
    assert found.nodes == revisions + revisions + deltas + deltas


@pytest.mark.parametrize(
    "query",
    [
        "{ " + "hello " * 7_000 + "}",
        "{ " + " ".join(f"...F{n}" for n in range(900)) + " }"
        + " ".join(f"fragment F{n} on Query {{ hello }}" for n in range(900)),
        "{ " + "a { " * 150 + "b" + " }" * 151,
        "{ " + " ".join(f"a{n}: hello" for n in range(4_000)) + " }",
    ],
)  # fmt: skip
def test_documents_that_take_other_rules_long_are_refused_before_them(query: str) -> None:
    assert len(refusals(query)) == 1


@pytest.mark.parametrize(
    "query",
    [
        "{ nothing { below(first: 5) { it } } }",
        "{ ...Nowhere }",
        "{ ... on Nothing { hello } }",
        "{ hello { hello } }",
        '{ revisions(first: "5") { totalCount } }',
        "{ revisions(first: 99999999999999999999999999, last: $undefined) { totalCount } }",
        "{ revisions(nothing: 1) @nothing(if: 1) { totalCount @skip } }",
        "query ($n: Nothing = 5) { revisions(first: $n) { totalCount } }",
        "type Query { hello: String }",
        "{ __schema(first: 3) { types } __type }",
    ],
)
def test_invalid_documents_are_measured_without_failing(query: str, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"INTROSPECTION": True}
    assert validate(schema.graphql_schema, parse(query), RULES) != []


@pytest.mark.parametrize("query", ["{ __schema { description } }", '{ a: __type(name: "Query") { name } }'])
def test_introspection_is_refused_unless_it_is_allowed(query: str, settings: Any) -> None:
    def errors() -> list[Any]:
        return validate(schema.graphql_schema, parse(query), RULES)

    (error,) = errors()
    assert error.extensions == {"code": "FORBIDDEN"}
    settings.DEBUG = True
    assert errors() == []
    settings.REVY_GRAPHQL = {"INTROSPECTION": False}
    assert len(errors()) == 1


def test_typename_is_no_introspection() -> None:
    assert refusals("{ __typename revisions { __typename edges { __typename } } }") == []


def test_deep_introspection_is_too_much(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"INTROSPECTION": True, "MAX_NODES": 100_000}
    assert (
        "168,420 nodes"
        in refusals("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }")[0]
    )
