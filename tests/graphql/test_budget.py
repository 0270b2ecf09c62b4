"""The node budget is checked before any SQL is run, whatever the view."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from graphql import execute, parse

from revy_graphql import budget
from revy_graphql.complexity import measure
from tests.graphql.api import Api, counted_queries, is_empty, request_of
from tests.graphql.app.models import Article
from tests.graphql.schema import bare_schema, schema

pytestmark = pytest.mark.django_db

LIST = "query ($n: Int) { revisions(first: $n) { totalCount } }"
ENTRIES = {
    "revisions": LIST,
    "revision": """query ($n: Int, $id: ID = "UmV2aXNpb246MQ==") {
      revision(id: $id) { objectDeltas(first: $n) { totalCount } } }""",
    "node": """query ($n: Int, $id: ID = "UmV2aXNpb246MQ==") {
      node(id: $id) { ... on Revision { objectDeltas(first: $n) { totalCount } } } }""",
    "restoreObject": """mutation ($n: Int) { restoreObject(contentType: "gqlapp.article", contentId: "1") {
      revision { objectDeltas(first: $n) { totalCount } } } }""",
    "dryRun": """mutation ($n: Int) { restoreObject(contentType: "gqlapp.article", contentId: "1", dryRun: true) {
      plan { objects(first: $n) { contentId } } } }""",
    "revertRevision": """mutation ($n: Int) { revertRevision(id: "UmV2aXNpb246MQ==") {
      plan { objects(first: $n) { contentId } } } }""",
    "mutation": """mutation ($n: Int) {
      historyArticle(title: "t") { revision { objectDeltas(first: $n) { totalCount } } } }""",
}


@pytest.mark.parametrize("path", ["/graphql", "/rules", "/unlimited"])
@pytest.mark.parametrize("entry", ENTRIES)
def test_every_entry_is_refused_before_any_sql(entry: str, path: str, settings: Any, as_superuser: Api) -> None:
    settings.REVY_GRAPHQL = {"MAX_NODES": 50}
    query = ENTRIES[entry].replace("ID =", "ID! =")
    as_superuser(query, path, n=1)
    Article.objects.all().delete()
    with counted_queries() as queries:
        answer = as_superuser(query, path, n=51)
    assert answer.codes == ["TOO_COMPLEX"]
    assert "51 nodes; at most 50" in answer.errors[0]["message"]
    # The user of the session, for which the view asks before there is an operation.
    assert len(queries) == 0, str(queries)
    assert not Article.objects.exists()
    assert as_superuser(query, path, n=50).codes != ["TOO_COMPLEX"]


def test_every_entry_is_refused_on_an_event_loop(settings: Any, reader: User) -> None:
    settings.REVY_GRAPHQL = {"MAX_NODES": 50}
    for query in ENTRIES.values():
        run = async_to_sync(schema.execute_async)
        result = run(query.replace("ID =", "ID! ="), context_value=request_of(reader), variable_values={"n": 51})
        assert [error.extensions["code"] for error in result.errors] == ["TOO_COMPLEX"]
    assert is_empty()


@pytest.mark.parametrize("context", [None, {"user": None}])
def test_context_of_any_kind_will_do(context: Any, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_NODES": 50}
    assert schema.execute(LIST, context_value=context, variable_values={"n": 50}).errors is None
    (error,) = schema.execute(LIST, context_value=context, variable_values={"n": 51}).errors
    assert error.extensions == {"code": "TOO_COMPLEX"}


def test_bare_schema_is_limited_too(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_NODES": 50}
    (error,) = bare_schema.execute(LIST, variable_values={"n": 51}).errors
    assert error.extensions == {"code": "TOO_COMPLEX"}


def test_fields_are_bounded_without_the_rules(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_FIELDS": 5}
    (error,) = schema.execute("{ revisions { totalCount pageInfo { startCursor endCursor hasNextPage } } }").errors
    assert "more than 5 fields" in error.message


def test_operation_is_measured_once(monkeypatch: Any, as_reader: Api) -> None:
    calls = []
    monkeypatch.setattr(budget, "measure", lambda *args: calls.append(args) or measure(*args))
    as_reader.ask("{ a: revisions { totalCount } b: revisions { totalCount } c: revisions { edges { node { id } } } }")
    assert len(calls) == 1
    as_reader.ask("{ a: revisions { totalCount } }")
    assert len(calls) == 2


def test_mutation_without_a_connection_is_not_measured(monkeypatch: Any, editor: User) -> None:
    calls = []
    monkeypatch.setattr(budget, "measure", lambda *args: calls.append(args) or measure(*args))
    create = 'mutation { createArticle(title: "%s") { article { id ...F } } } fragment F on ArticleType { title }'
    assert schema.execute(create % "a", context_value=request_of(editor)).errors is None
    assert calls == []
    query = """mutation { historyArticle(title: "b") { ...F } }
    fragment F on HistoryArticle { revision { objectDeltas { totalCount } } }"""
    result = schema.execute(query, context_value=request_of(editor))
    assert result.errors is None
    assert len(calls) == 1


def test_document_that_is_executed_again_is_measured_with_its_new_values(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_NODES": 50}
    document, context = parse(LIST), SimpleNamespace(user=None)
    for size, refused in (10, False), (51, True), (50, False):
        variables = {"n": size}
        result = execute(schema.graphql_schema, document, context_value=context, variable_values=variables)
        assert bool(result.errors) is refused


def test_pages_of_users_types_count_what_graphene_django_returns() -> None:
    def nodes(query: str) -> int:
        return measure(schema.graphql_schema, parse(query).definitions[0], {}, {}, 1_000).nodes

    assert nodes("{ articlePages { edges { node { id } } } }") == 100
    assert nodes("{ articlePages(first: 3) { edges { node { id } } } }") == 3
    assert nodes("{ revisions { edges { node { id } } } }") == 20


def test_objects_of_a_plan_count_with_their_parts() -> None:
    def nodes(arguments: str) -> int:
        below = f"objects{arguments} {{ changes {{ now }} conflicts {{ now }} problems {{ code }} }}"
        query = f'mutation {{ revertRevision(id: "x") {{ plan {{ {below} }} }} }}'
        return measure(schema.graphql_schema, parse(query).definitions[0], {}, {}, 1_000).nodes

    assert nodes("") == 20 * 4
    assert nodes("(first: 5)") == 5 * 4
