"""REVY_GRAPHQL["REQUIRE_COMMIT_MESSAGE"]."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import connection

from revy import Context
from tests.graphql.api import Api, counted_queries, is_empty, messages, recorded, request_of
from tests.graphql.app.models import Article
from tests.graphql.schema import bare_schema, schema

pytestmark = pytest.mark.django_db

CREATE = 'mutation { createArticle(title: "t") { article { id } } }'


@pytest.fixture(autouse=True)
def _required(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"REQUIRE_COMMIT_MESSAGE": True}


@pytest.mark.parametrize(
    "field",
    [
        'createArticle(title: "t") { article { id } }',
        'createArticle(title: "t", commitMessage: null) { article { id } }',
        'createArticle(title: "t", commitMessage: " \\n") { article { id } }',
        'ownMessageArticle(title: "t") { heard }',
        'ownMessageArticle(title: "t", commitMessage: "") { heard }',
        'inputMessageArticle(input: {title: "t"}) { heard }',
        'inputMessageArticle(input: {title: "t", commitMessage: " "}) { heard }',
        "plainArticle { ok }",
    ],
)
def test_mutation_without_a_message_is_refused(field: str, as_editor: Api) -> None:
    answer = as_editor(f"mutation {{ {field} }}")
    assert answer.codes == ["COMMIT_MESSAGE_REQUIRED"]
    assert answer.errors[0]["message"] == "Say why: a commit message is required."
    assert not Article.objects.exists()
    assert is_empty()


def test_refusal_comes_before_anything_runs(settings: Any) -> None:
    called: list[Any] = []
    settings.REVY_GRAPHQL = {"REQUIRE_COMMIT_MESSAGE": True, "GET_ACTOR": called.append}
    with counted_queries() as queries:
        result = schema.execute(CREATE)
    assert [error.extensions for error in result.errors or ()] == [{"code": "COMMIT_MESSAGE_REQUIRED"}]
    assert called == []
    assert str(queries) == ""


def test_refusal_leaves_siblings_alone(as_editor: Api) -> None:
    answer = as_editor(
        """mutation {
            a: createArticle(title: "a") { article { title } }
            b: createArticle(title: "b", commitMessage: "why") { article { title } }
            articles { c: create(title: "c") { article { title } } }
        }"""
    )
    assert answer.codes == ["COMMIT_MESSAGE_REQUIRED"] * 2
    assert messages() == ["why"]


@pytest.mark.parametrize(
    "field",
    [
        'createArticle(title: "t", commitMessage: "why") { article { id } }',
        'ownMessageArticle(title: "t", commitMessage: "why") { heard }',
        'inputMessageArticle(input: {title: "t", commitMessage: "why"}) { heard }',
        'inputMessageArticle(input: {title: "t", commitMessage: "why"}, commitMessage: "") { heard }',
    ],
)
def test_message_of_any_source_will_do(field: str, as_editor: Api) -> None:
    as_editor.ask(f"mutation {{ {field} }}")
    assert messages() == ["why"]


def test_header_stands_in_for_a_blank_argument(as_editor: Api) -> None:
    query = 'mutation { createArticle(title: "t", commitMessage: " ") { article { id } } }'
    assert as_editor(query, headers={"X-Commit-Message": "header"}).errors == []
    assert messages() == ["header"]


def test_context_around_the_mutation_is_a_source(editor: User) -> None:
    with Context.via_revision_description("outer"):
        result = schema.execute(CREATE, context_value=request_of(editor))
    assert result.errors is None
    assert messages() == ["outer"]
    with Context.via_revision_description(" "):
        result = schema.execute(CREATE, context_value=request_of(editor))
    assert [error.extensions for error in result.errors or ()] == [{"code": "COMMIT_MESSAGE_REQUIRED"}]


def test_middleware_refuses_and_takes_the_header(as_editor: Api) -> None:
    assert as_editor(CREATE, path="/middleware").codes == ["COMMIT_MESSAGE_REQUIRED"]
    assert not Article.objects.exists()
    assert as_editor(CREATE, path="/middleware", headers={"X-Commit-Message": "m"}).errors == []
    assert messages() == ["m"]


@pytest.mark.parametrize("path", ["/graphql", "/bare", "/middleware", "/both"])
def test_restore_without_a_message_is_refused(path: str, as_editor: Api) -> None:
    with recorded(message="1"):
        article = Article.objects.create(title="t", body="1")
    Article.objects.update(body="2")
    query = """mutation ($pk: ID!, $m: String) {
        restoreObject(contentType: "gqlapp.article", contentId: $pk, version: 1, commitMessage: $m) { errors { code } }
    }"""
    assert as_editor(query, path=path, pk=article.pk).codes == ["COMMIT_MESSAGE_REQUIRED"]
    article.refresh_from_db()
    assert article.body == "2"
    assert as_editor(query, path=path, pk=article.pk, m="back").errors == []
    assert messages() == ["1", "back"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tested", [schema, bare_schema])
def test_mutation_without_a_message_is_refused_on_an_event_loop(tested: Any) -> None:
    from revy_graphql import RevyMutationMiddleware

    execute = async_to_sync(tested.execute_async)
    for query in (CREATE, 'mutation { asyncArticle(title: "t") { title } }'):
        result = execute(query, context_value=request_of(None), middleware=[RevyMutationMiddleware()])
        assert [error.extensions for error in result.errors or ()] == [{"code": "COMMIT_MESSAGE_REQUIRED"}]
    assert not Article.objects.exists()
    assert not connection.in_atomic_block


def test_queries_need_no_message(as_editor: Api) -> None:
    assert as_editor.ask("{ hello }") == {"hello": "hello"}
