from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from revy import Context
from tests.graphql.api import Api, grant, history_of, messages, recorded, request_of
from tests.graphql.app.models import Article, Draft, Untyped
from tests.graphql.schema import schema

pytestmark = pytest.mark.django_db

RESTORE = """mutation ($type: String!, $id: ID!, $version: Int, $expected: Int, $message: String) {
  restoreObject(
    contentType: $type, contentId: $id, version: $version, expectedVersion: $expected, commitMessage: $message
  ) {
    revision { description actors { display } objectDeltas { edges { node { version } } } }
    objectDelta { version action attributeDeltas { fieldName oldValue newValue isMasked } }
    object { ... on ArticleType { title body } }
    errors { field message code }
  }
}"""


def restore(api: Api, instance: Any = None, id: Any = None, **variables: Any) -> Any:
    variables.setdefault("type", "gqlapp.article")
    return api.ask(RESTORE, id=str(instance.pk if id is None else id), **variables)["restoreObject"]


def codes(payload: Any) -> list[str]:
    assert (payload["revision"], payload["objectDelta"], payload["object"]) == (None, None, None)
    return [error["code"] for error in payload["errors"]]


@pytest.fixture
def article(db: None) -> Article:
    """An article with three versions."""
    with recorded(message="1"):
        article = Article.objects.create(title="t", body="1")
    for body in "23":
        with recorded(message=body):
            article.body = body
            article.save()
    return article


def test_version_is_restored_as_a_new_one(article: Article, as_editor: Api) -> None:
    assert restore(as_editor, article, version=1, message="back to 1") == {
        "revision": {
            "description": "back to 1",
            "actors": [{"display": "editor"}],
            "objectDeltas": {"edges": [{"node": {"version": 4}}]},
        },
        "objectDelta": {
            "version": 4,
            "action": "UPDATE",
            "attributeDeltas": [{"fieldName": "body", "oldValue": "3", "newValue": "1", "isMasked": False}],
        },
        "object": {"title": "t", "body": "1"},
        "errors": [],
    }
    article.refresh_from_db()
    assert article.body == "1"


def test_restore_without_message_has_an_empty_description(article: Article, as_editor: Api) -> None:
    assert restore(as_editor, article, version=1)["revision"]["description"] == ""


def test_restore_takes_the_header_for_its_message(article: Article, as_editor: Api) -> None:
    as_editor(RESTORE, headers={"X-Commit-Message": "header"}, type="gqlapp.article", id=str(article.pk), version=1)
    assert messages()[-1] == "header"


def test_restore_of_what_is_there_already_changes_nothing(article: Article, as_editor: Api) -> None:
    payload = restore(as_editor, article, version=3)
    assert payload == {
        "revision": None, "objectDelta": None, "object": {"title": "t", "body": "3"}, "errors": [],
    }  # fmt: skip
    assert len(history_of(article)) == 3


def test_deleted_object_comes_back_as_it_was(article: Article, as_editor: Api) -> None:
    pk = article.pk
    with recorded(message="deleted"):
        article.delete()
    payload = restore(as_editor, id=pk, message="undeleted")
    assert payload["errors"] == []
    assert payload["objectDelta"]["action"] == "CREATE"
    assert payload["object"] == {"title": "t", "body": "3"}
    assert Article.objects.get(pk=pk).body == "3"


def test_deleted_object_comes_back_at_an_earlier_version(article: Article, as_editor: Api) -> None:
    pk = article.pk
    with recorded():
        article.delete()
    assert restore(as_editor, id=pk, version=2)["object"] == {"title": "t", "body": "2"}


def test_expected_version_that_is_current_restores(article: Article, as_editor: Api) -> None:
    assert restore(as_editor, article, version=1, expected=3)["errors"] == []


@pytest.mark.parametrize("expected", [0, 1, 2, 4, -1, 2**31 - 1])
def test_expected_version_that_is_not_current_is_a_conflict(expected: int, article: Article, as_editor: Api) -> None:
    payload = restore(as_editor, article, version=1, expected=expected)
    assert codes(payload) == ["CONFLICT"]
    article.refresh_from_db()
    assert article.body == "3"
    assert len(history_of(article)) == 3
    assert messages() == ["1", "2", "3"]


def test_unknown_hidden_and_missing_look_the_same(article: Article, as_editor: Api) -> None:
    with recorded():
        draft = Draft.objects.create(title="d")
    payloads = [
        restore(as_editor, id="1", type="no.such"),
        restore(as_editor, draft, type="gqlapp.draft"),
        restore(as_editor, id="nonsense", type="gqlapp.draft"),
        restore(as_editor, id="12345"),
        restore(as_editor, article, version=99),
        restore(as_editor, article, version=0),
        restore(as_editor, article, version=-1),
    ]
    nothing = {"revision": None, "objectDelta": None, "object": None}
    error = {"field": None, "message": "Not found.", "code": "NOT_FOUND"}
    assert payloads == [{**nothing, "errors": [error]}] * len(payloads)


def test_object_that_get_queryset_hides_is_not_found(as_superuser: Api) -> None:
    with recorded():
        draft = Draft.objects.create(title="d")
    with recorded():
        draft.title = "e"
        draft.save()
    viewer = Api.of(grant(User.objects.create_user("viewer"), "view_draft", "change_draft"))
    assert codes(restore(viewer, draft, type="gqlapp.draft", version=1)) == ["NOT_FOUND"]
    assert restore(as_superuser, draft, type="gqlapp.draft", version=1)["errors"] == []


def test_key_that_no_object_can_have_is_invalid(article: Article, as_editor: Api) -> None:
    assert codes(restore(as_editor, id="x")) == ["INVALID"]


def test_anonymous_can_restore_nothing(article: Article, anonymous: Api) -> None:
    assert codes(restore(anonymous, article, version=1)) == ["NOT_FOUND"]
    article.refresh_from_db()
    assert article.body == "3"


def test_viewing_alone_is_not_enough(article: Article, as_reader: Api) -> None:
    assert codes(restore(as_reader, article, version=1)) == ["FORBIDDEN"]
    pk = article.pk
    with recorded():
        article.delete()
    assert codes(restore(as_reader, id=pk)) == ["FORBIDDEN"]


@pytest.mark.parametrize("codename", ["change", "add"])
def test_live_objects_need_change_and_deleted_ones_add(codename: str, article: Article) -> None:
    viewer = Api.of(grant(User.objects.create_user("viewer"), "view_article", f"{codename}_article"))
    assert (restore(viewer, article, version=1)["errors"] == []) is (codename == "change")
    pk = article.pk
    with recorded():
        article.delete()
    assert (restore(viewer, id=pk)["errors"] == []) is (codename == "add")


def test_model_without_object_type_is_restored_masked(as_superuser: Api) -> None:
    with recorded():
        untyped = Untyped.objects.create(title="1")
    with recorded():
        untyped.title = "2"
        untyped.save()
    payload = restore(as_superuser, untyped, type="gqlapp.untyped", version=1)
    assert payload["object"] is None
    assert payload["objectDelta"]["attributeDeltas"] == [
        {"fieldName": "title", "oldValue": None, "newValue": None, "isMasked": True}
    ]
    untyped.refresh_from_db()
    assert untyped.title == "1"


def test_everything_in_the_way_is_listed_and_nothing_written(as_editor: Api, article: Article) -> None:
    author = User.objects.create_user("author")
    with recorded():
        article.author, article.title = author, "u"
        article.save()
    with recorded():
        article.author, article.title = None, "v"
        article.save()
    Article.objects.create(title="u")
    payload = restore(as_editor, article, version=4)
    assert [error["field"] for error in payload["errors"]] == ["title"]
    assert codes(payload) == ["UNIQUE"]
    article.refresh_from_db()
    assert article.title == "v"
    assert len(history_of(article)) == 5


def test_problem_with_a_masked_field_tells_nothing_of_it(as_editor: Api, article: Article) -> None:
    first = history_of(article)[0]
    first.state["secret"] = "x" * 101
    first.save()
    payload = restore(as_editor, article, version=1)
    (error,) = payload["errors"]
    assert error["field"] is None
    assert error["message"] == "A value that you may not see cannot be restored."


def test_restore_is_recorded_although_recording_is_switched_off_around_it(article: Article, editor: User) -> None:
    variables = {"type": "gqlapp.article", "id": str(article.pk), "version": 1}
    with Context(), Context.as_disabled():
        result = schema.execute(RESTORE, context_value=request_of(editor), variable_values=variables)
    assert result.errors is None
    assert len(history_of(article)) == 4


def test_restore_that_hides_the_object_from_the_viewer_succeeds_silently() -> None:
    with recorded():
        draft = Draft.objects.create(title="d", is_public=False)
    with recorded():
        draft.is_public = True
        draft.save()
    viewer = Api.of(grant(User.objects.create_user("viewer"), "view_draft", "change_draft"))
    payload = restore(viewer, draft, type="gqlapp.draft", version=1)
    assert payload == {"revision": None, "objectDelta": None, "object": None, "errors": []}
    draft.refresh_from_db()
    assert draft.is_public is False


def test_two_restores_in_one_document_are_two_revisions(article: Article, as_editor: Api) -> None:
    as_editor.ask(
        """mutation ($id: ID!) {
            a: restoreObject(contentType: "gqlapp.article", contentId: $id, version: 1, commitMessage: "a") { errors { code } }
            b: restoreObject(contentType: "gqlapp.article", contentId: $id, version: 2, commitMessage: "b") { errors { code } }
        }""",  # noqa: E501
        id=str(article.pk),
    )
    assert messages()[-2:] == ["a", "b"]
