"""The whole way once, as a client goes it: over HTTP."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.graphql.api import Api, is_empty
from tests.graphql.app.models import Article

pytestmark = pytest.mark.django_db

UPDATE = """mutation ($pk: ID!, $body: String, $message: String) {
  updateArticle(input: {pk: $pk, body: $body}, commitMessage: $message) { article { body } }
}"""
HISTORY = """query ($id: ID!) {
  revisions(contentType: "gqlapp.article", contentId: $id) { edges { node {
    description actors { display }
    objectDeltas { edges { node { version action actor { display }
      attributeDeltas { fieldName oldValue newValue action }
    } } }
  } } }
}"""


def test_change_is_recorded_read_back_and_restored(as_editor: Api, editor: User) -> None:
    article = Article.objects.create(title="t", body="before")
    as_editor.ask(UPDATE, pk=article.pk, body="after", message="Say it better.")

    (edge,) = as_editor.ask(HISTORY, id=str(article.pk))["revisions"]["edges"]
    assert edge["node"] == {
        "description": "Say it better.",
        "actors": [{"display": "editor"}],
        "objectDeltas": {"edges": [{"node": {
            "version": 1, "action": "UPDATE", "actor": {"display": "editor"},
            "attributeDeltas": [
                {"fieldName": "body", "oldValue": "before", "newValue": "after", "action": "SET"},
            ],
        }}]},
    }  # fmt: skip

    as_editor.ask(UPDATE, pk=article.pk, body="worse", message="Say it worse.")
    restored = as_editor.ask(
        """mutation ($id: ID!) { restoreObject(
            contentType: "gqlapp.article", contentId: $id, version: 1, expectedVersion: 2, commitMessage: "Undo."
        ) { object { ... on ArticleType { body } } objectDelta { version } errors { code } } }""",
        id=str(article.pk),
    )["restoreObject"]
    assert restored == {"object": {"body": "after"}, "objectDelta": {"version": 3}, "errors": []}
    descriptions = [
        edge["node"]["description"] for edge in as_editor.ask(HISTORY, id=str(article.pk))["revisions"]["edges"]
    ]
    assert descriptions == ["Undo.", "Say it worse.", "Say it better."]


def test_mutation_that_raises_leaves_no_trace(as_editor: Api) -> None:
    answer = as_editor('mutation { failArticle(title: "t", kind: "raised", commitMessage: "m") { ok } }')
    assert answer.status == 200
    assert answer.codes == ["INTERNAL"]
    assert not Article.objects.exists()
    assert is_empty()


def test_first_of_two_fields_fails_and_exactly_the_second_is_left(as_editor: Api) -> None:
    answer = as_editor(
        """mutation {
            first: failArticle(title: "one", kind: "database", commitMessage: "1") { ok }
            second: createArticle(title: "two", commitMessage: "2") { article { title } }
        }"""
    )
    assert answer.data == {"first": None, "second": {"article": {"title": "two"}}}
    (edge,) = as_editor.ask("{ revisions { edges { node { description objectDeltas { totalCount } } } } }")[
        "revisions"
    ]["edges"]
    assert edge["node"] == {"description": "2", "objectDeltas": {"totalCount": 1}}
    assert [article.title for article in Article.objects.all()] == ["two"]


def test_anonymous_client_sees_nothing_and_restores_nothing(as_editor: Api, anonymous: Api) -> None:
    as_editor.ask('mutation { createArticle(title: "t", body: "b", commitMessage: "m") { article { id } } }')
    article = Article.objects.get()
    answer = anonymous(HISTORY, id=str(article.pk))
    assert (answer.data, answer.codes) == (None, ["NOT_FOUND"])
    assert anonymous.ask("{ revisions { totalCount edges { node { id } } } }")["revisions"] == {
        "totalCount": 0, "edges": [],
    }  # fmt: skip
    restored = anonymous.ask(
        """mutation ($id: ID!) { restoreObject(contentType: "gqlapp.article", contentId: $id) {
            object { id } objectDelta { id } errors { code } } }""",
        id=str(article.pk),
    )["restoreObject"]
    assert restored == {"object": None, "objectDelta": None, "errors": [{"code": "NOT_FOUND"}]}
