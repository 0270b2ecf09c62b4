"""`restoreObject(dryRun: true)`, and the plan that it tells."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from tests.graphql.api import Api, counted_queries, grant, history_of, messages, recorded, request_of
from tests.graphql.app.models import Article, Comment, Draft, Outline
from tests.graphql.plans import RESTORE, changes, codes, objects, restore, revert, write_deleted
from tests.graphql.schema import bare_schema, schema

pytestmark = pytest.mark.django_db


@pytest.fixture
def article(db: None) -> Article:
    """An article with two versions."""
    with recorded(message="1"):
        article = Article.objects.create(title="t", body="1", secret="s")
    with recorded(message="2"):
        article.body, article.secret = "2", "other"
        article.save()
    return article


def test_dry_run_tells_what_would_change_and_writes_nothing(article: Article, as_editor: Api) -> None:
    payload = restore(as_editor, article, version=1, dryRun=True, message="not this time")
    assert codes(payload) == []
    assert payload["object"] == {"__typename": "ArticleType"}
    plan = payload["plan"]
    assert (plan["isEmpty"], plan["objectCount"]) == (False, 1)
    told = objects(payload)["article"]
    assert (told["contentId"], told["action"], told["object"]["__typename"]) == (
        str(article.pk),
        "UPDATE",
        "ArticleType",
    )
    assert changes(told) == {"body": ("2", "1"), "secret": "masked"}
    assert (told["conflicts"], told["problems"]) == ([], [])
    article.refresh_from_db()
    assert article.body == "2"
    assert messages() == ["1", "2"]


def test_dry_run_of_what_is_there_already_is_empty(article: Article, as_editor: Api) -> None:
    payload = restore(as_editor, article, version=2, dryRun=True)
    assert (payload["errors"], payload["plan"]["isEmpty"], payload["plan"]["objects"]) == ([], True, [])


@pytest.mark.parametrize("path", ["/graphql", "/bare", "/middleware", "/both"])
def test_dry_run_needs_no_message_and_no_transaction(
    path: str, article: Article, as_editor: Api, settings: Any
) -> None:
    settings.REVY_GRAPHQL = {"REQUIRE_COMMIT_MESSAGE": True, "GET_ACTOR": "not.asked"}
    variables = {"type": "gqlapp.article", "id": str(article.pk), "version": 1}
    with counted_queries() as queries:
        answer = as_editor(RESTORE, path=path, **variables, dryRun=True)
    assert answer.errors == []
    assert answer.data["restoreObject"]["errors"] == []
    told = str(queries).upper()
    for word in ("INSERT", "UPDATE", "DELETE", "SAVEPOINT", "BEGIN", "FOR "):
        assert word not in told.replace("UPDATED", "").replace("DELETED", ""), told
    settings.REVY_GRAPHQL = {"REQUIRE_COMMIT_MESSAGE": True}
    assert as_editor(RESTORE, path=path, **variables).codes == ["COMMIT_MESSAGE_REQUIRED"]


def test_plan_that_was_seen_is_carried_out(article: Article, as_editor: Api) -> None:
    token = restore(as_editor, article, version=1, dryRun=True)["plan"]["token"]
    payload = restore(as_editor, article, version=1, expectedPlan=token, message="as seen")
    assert payload["errors"] == []
    assert payload["revision"] == {"description": "as seen"}
    assert payload["plan"]["token"] == token
    assert changes(objects(payload)["article"]) == {"body": ("2", "1"), "secret": "masked"}
    article.refresh_from_db()
    assert (article.body, article.secret) == ("1", "s")


@pytest.mark.parametrize("is_dry", [True, False])
def test_plan_that_would_do_something_else_by_now_is_a_conflict(is_dry: bool, article: Article, as_editor: Api) -> None:
    token = restore(as_editor, article, version=1, dryRun=True)["plan"]["token"]
    with recorded(message="meanwhile"):
        article.title = "another"
        article.save()
    payload = restore(as_editor, article, version=1, expectedPlan=token, dryRun=is_dry)
    assert codes(payload) == ["CONFLICT"]
    assert payload["plan"]["token"] != token
    assert changes(objects(payload)["article"])["title"] == ("another", "t")
    assert messages()[-1] == "meanwhile"
    # What has nothing to do with it does not matter.
    token = payload["plan"]["token"]
    with recorded():
        Draft.objects.create(title="d")
    assert restore(as_editor, article, version=1, expectedPlan=token)["errors"] == []


@pytest.mark.parametrize("token", ["", "nonsense", "\ud800", "0" * 64])
def test_token_of_no_plan_is_a_conflict(token: str, article: Article, as_editor: Api) -> None:
    assert codes(restore(as_editor, article, version=1, expectedPlan=token)) == ["CONFLICT"]


def test_expected_version_is_checked_by_a_dry_run_too(article: Article, as_editor: Api) -> None:
    assert codes(restore(as_editor, article, version=1, expectedVersion=1, dryRun=True)) == ["CONFLICT"]
    # Where there is nothing to do, too.
    assert codes(restore(as_editor, article, version=2, expectedVersion=1, dryRun=True)) == ["CONFLICT"]
    assert codes(restore(as_editor, article, version=1, expectedVersion=2, dryRun=True)) == []


def test_what_stands_in_the_way_is_told_at_its_object(article: Article, as_editor: Api) -> None:
    with recorded():
        article.title = "u"
        article.save()
    Article.objects.create(title="t")
    for is_dry in (True, False):
        payload = restore(as_editor, article, version=1, dryRun=is_dry)
        assert codes(payload) == ["UNIQUE"]
        assert objects(payload)["article"]["problems"] == payload["errors"]
        assert payload["plan"]["isEmpty"] is False
    assert len(history_of(article)) == 3


def test_what_fell_comes_back_if_it_is_asked_for(as_superuser: Api) -> None:
    article = write_deleted()
    alone = objects(restore(as_superuser, article, dryRun=True))
    assert list(alone) == ["article"]
    payload = restore(as_superuser, article, related=True, dryRun=True)
    both = objects(payload)
    assert {name: plan["action"] for name, plan in both.items()} == {"article": "CREATE", "comment": "CREATE"}
    assert changes(both["comment"])["text"] == (None, "fell")
    assert both["comment"]["object"] is None
    done = restore(as_superuser, article, related=True, expectedPlan=payload["plan"]["token"], message="both")
    assert (done["errors"], done["objectDelta"]) == ([], {"version": 3})
    assert Comment.objects.get().text == "fell"
    assert messages() == ["written", "deleted", "both"]


def test_references_that_were_taken_away_are_given_back(as_superuser: Api) -> None:
    with recorded():
        draft = Draft.objects.create(title="d", is_public=True)
        article = Article.objects.create(title="t", draft=draft)
    pk = draft.pk
    with recorded():
        draft.delete()
    draft.pk = pk
    told = objects(restore(as_superuser, draft, related=True, dryRun=True))
    assert {name: plan["action"] for name, plan in told.items()} == {"draft": "CREATE", "article": "UPDATE"}
    assert changes(told["article"])["draft_id"] == (None, pk)
    assert restore(as_superuser, draft, related=True)["errors"] == []
    article.refresh_from_db()
    assert article.draft_id == pk


def test_inherited_rows_are_parts_of_the_object(db: None) -> None:
    with recorded():
        outline = Outline.objects.create(title="1", is_public=True)
    with recorded():
        outline.title, outline.depth = "2", 2
        outline.save()
    viewer = Api.of(grant(User.objects.create_user("viewer"), "view_outline", "change_outline"))
    payload = restore(viewer, outline, version=1, dryRun=True)
    assert payload["errors"] == []
    # The viewer may not see drafts, and so not that there is one.
    assert changes(objects(payload)["outline"]) == {"depth": (2, 1), "title": ("2", "1")}
    assert restore(viewer, outline, version=1)["errors"] == []
    outline.refresh_from_db()
    assert (outline.title, outline.depth) == ("1", 1)


def test_who_may_do_a_part_of_it_may_not_do_the_rest(db: None) -> None:
    with recorded():
        outline = Outline.objects.create(title="1", is_public=True)
    with recorded():
        outline.title = "2"
        outline.save()
    names = ("view_draft", "view_outline", "change_draft")
    viewer = Api.of(grant(User.objects.create_user("viewer"), *names))
    # What drafts have, those who may change drafts may change, of outlines too.
    assert revert(viewer)["errors"] == []
    with recorded():
        outline.title, outline.depth = "3", 3
        outline.save()
    assert codes(revert(viewer)) == ["FORBIDDEN"]
    viewer = Api.of(grant(User.objects.get(username="viewer"), "change_outline"))
    assert revert(viewer)["errors"] == []
    outline.refresh_from_db()
    assert (outline.title, outline.depth) == ("1", 1)


def test_pages_of_a_plan_follow_each_other(as_superuser: Api) -> None:
    with recorded():
        article = Article.objects.create(title="t")
        for number in range(30):
            Comment.objects.create(article=article, text=str(number))
    pk = article.pk
    with recorded():
        article.delete()
    query = """mutation ($id: ID!, $first: Int, $offset: Int) {
        restoreObject(contentType: "gqlapp.article", contentId: $id, related: true, dryRun: true) {
            plan { objectCount objects(first: $first, offset: $offset) { contentType contentId } }
        }
    }"""

    def page(**variables: Any) -> Any:
        plan = as_superuser.ask(query, id=str(pk), **variables)["restoreObject"]["plan"]
        assert plan["objectCount"] == 31
        return [(each["contentType"], each["contentId"]) for each in plan["objects"]]

    everything = page(first=100)
    assert len(everything) == 31
    assert page() == everything[:20]
    assert page(first=5, offset=28) == everything[28:]
    assert page(first=0) == page(offset=31) == []
    for variables in ({"first": 101}, {"first": -1}, {"offset": -1}):
        assert as_superuser(query, id=str(pk), **variables).codes == ["INVALID"]


def test_queries_do_not_depend_on_the_number_of_objects(as_superuser: Api) -> None:
    counts = []
    for number in (2, 40):
        with recorded():
            article = Article.objects.create(title=f"{number}")
            draft = Draft.objects.create(title="d")
            for _ in range(number):
                Comment.objects.create(article=article)
                Article.objects.create(title=f"{number} {_}", draft=draft)
        pk = draft.pk
        with recorded():
            article.delete()
            draft.delete()
        draft.pk = pk
        ContentType.objects.clear_cache()
        with counted_queries() as queries:
            payload = restore(as_superuser, draft, related=True, dryRun=True)
        assert payload["plan"]["objectCount"] == number + 1
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tested", [schema, bare_schema])
def test_dry_run_on_an_event_loop_opens_no_transaction(tested: Any, article: Article) -> None:
    root = User.objects.create_superuser("root")
    variables = {"type": "gqlapp.article", "id": str(article.pk), "version": 1, "dryRun": True}
    execute = async_to_sync(tested.execute_async)
    result = execute(RESTORE, context_value=request_of(root), variable_values=variables)
    assert result.errors is None
    payload = result.data["restoreObject"]
    assert changes(objects(payload)["article"])["body"] == ("2", "1")
    assert not connection.in_atomic_block
    assert messages() == ["1", "2"]
    variables = {**variables, "dryRun": False, "expectedPlan": payload["plan"]["token"], "message": "done"}
    result = execute(RESTORE, context_value=request_of(root), variable_values=variables)
    assert (result.errors, result.data["restoreObject"]["errors"]) == (None, [])
    assert messages() == ["1", "2", "done"]
