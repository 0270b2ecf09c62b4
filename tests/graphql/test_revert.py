"""`revertRevision`."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models.signals import post_delete
from graphql_relay import to_global_id

from revy import Context
from revy.contrib.django import get_revision_model
from revy_graphql import Policy
from tests.graphql.api import Api, counted_queries, grant, history_of, messages, recorded, request_of
from tests.graphql.app.models import Article, Comment, Draft
from tests.graphql.plans import REVERT, changes, codes, last_revision, objects, restore, revert, write_deleted
from tests.graphql.schema import bare_schema, schema

pytestmark = pytest.mark.django_db


class Once(Policy):
    """Lets a comment be deleted for as long as nobody has asked."""

    asked: ClassVar[list[str]] = []

    def can_delete(self, info: Any, model: Any, instance: Any) -> bool:
        self.asked.append(model._meta.model_name)
        return len(self.asked) == 1


@pytest.fixture
def article(db: None) -> Article:
    """An article that was written, and then changed with a comment in one revision."""
    with recorded(message="written"):
        article = Article.objects.create(title="t", body="1")
    with recorded(message="changed"):
        article.title, article.body = "u", "2"
        article.save()
        Comment.objects.create(article=article, text="c", is_public=True)
    return article


def test_revision_is_undone_as_a_new_one(article: Article, as_moderator: Api) -> None:
    payload = revert(as_moderator, message="undone")
    assert payload["errors"] == []
    told = objects(payload)
    assert {name: plan["action"] for name, plan in told.items()} == {"article": "UPDATE", "comment": "DELETE"}
    assert changes(told["article"]) == {"title": ("u", "t"), "body": ("2", "1"), "secret": "masked"}
    # What is deleted may not be seen any more by those who see the public ones alone.
    assert payload["revision"] == {"description": "undone", "objectDeltas": {"totalCount": 1}}
    article.refresh_from_db()
    assert (article.title, article.body) == ("t", "1")
    assert not Comment.objects.exists()
    assert messages() == ["written", "changed", "undone"]
    assert [delta.actor.username for delta in history_of(article)[2:]] == ["moderator"]


def test_dry_run_tells_what_would_be_undone_and_writes_nothing(
    article: Article, as_moderator: Api, settings: Any
) -> None:
    settings.REVY_GRAPHQL = {"REQUIRE_COMMIT_MESSAGE": True}
    payload = revert(as_moderator, dryRun=True)
    assert codes(payload) == []
    assert changes(objects(payload)["comment"])["text"] == ("c", None)
    assert objects(payload)["comment"]["object"]["__typename"] == "CommentType"
    assert messages() == ["written", "changed"]
    answer = as_moderator(REVERT, id=to_global_id("Revision", last_revision().pk))
    assert answer.codes == ["COMMIT_MESSAGE_REQUIRED"]
    assert revert(as_moderator, expectedPlan=payload["plan"]["token"], message="as seen")["errors"] == []


def test_revert_of_a_revert_brings_everything_back(article: Article, as_superuser: Api) -> None:
    revert(as_superuser)
    payload = revert(as_superuser)
    assert payload["errors"] == []
    assert payload["revision"]["objectDeltas"]["totalCount"] == 2
    article.refresh_from_db()
    assert (article.title, Comment.objects.get().text) == ("u", "c")


def test_what_was_changed_since_is_in_the_way_of_all_of_it(article: Article, as_moderator: Api) -> None:
    revision = last_revision()
    with recorded(message="since"):
        article.body = "3"
        article.save()
    for is_dry in (True, False):
        payload = revert(as_moderator, revision, dryRun=is_dry)
        assert codes(payload) == ["CHANGED_SINCE"]
        assert payload["errors"] == [{"field": "body", "message": "It was changed since.", "code": "CHANGED_SINCE"}]
        told = objects(payload)["article"]
        assert told["conflicts"] == [{"fieldName": "body", "now": "3", "then": "1", "isMasked": False}]
        assert changes(told) == {"title": ("u", "t"), "secret": "masked"}
    assert Comment.objects.exists()
    assert messages()[-1] == "since"


def test_conflicts_are_skipped_if_it_is_asked_for(article: Article, as_moderator: Api) -> None:
    revision = last_revision()
    with recorded():
        article.body = "3"
        article.save()
    payload = revert(as_moderator, revision, skipConflicts=True)
    assert payload["errors"] == []
    assert [each["fieldName"] for each in objects(payload)["article"]["conflicts"]] == ["body"]
    article.refresh_from_db()
    assert (article.title, article.body) == ("t", "3")
    assert not Comment.objects.exists()


def test_what_others_refer_to_by_now_is_in_the_way(as_moderator: Api) -> None:
    with recorded():
        article = Article.objects.create(title="t")
    revision = last_revision()
    Comment.objects.create(article=article, is_public=True)
    payload = revert(as_moderator, revision)
    assert payload["errors"] == [{"field": None, "message": "Others refer to it by now.", "code": "DEPENDENT"}]
    skipped = revert(as_moderator, revision, skipConflicts=True)
    assert (codes(skipped), skipped["plan"]["isEmpty"]) == ([], True)
    assert Article.objects.exists()


def test_plan_that_would_do_something_else_by_now_is_a_conflict(article: Article, as_moderator: Api) -> None:
    revision = last_revision()
    token = revert(as_moderator, revision, skipConflicts=True, dryRun=True)["plan"]["token"]
    with recorded():
        article.body = "3"
        article.save()
    payload = revert(as_moderator, revision, skipConflicts=True, expectedPlan=token)
    assert codes(payload) == ["CONFLICT"]
    article.refresh_from_db()
    assert (article.title, article.body) == ("u", "3")


def test_unknown_hidden_and_missing_look_the_same(article: Article, as_editor: Api, anonymous: Api) -> None:
    with recorded():
        Draft.objects.create(title="d")
    hidden = last_revision()
    missing = get_revision_model()(pk=12345)
    nothing = {"revision": None, "plan": None}
    error = {"field": None, "message": "Not found.", "code": "NOT_FOUND"}
    payloads = [revert(as_editor, hidden), revert(as_editor, missing), revert(anonymous, hidden)]
    payloads += [revert(as_editor, hidden, dryRun=True), revert(as_editor, missing, skipConflicts=True)]
    assert payloads == [{**nothing, "errors": [error]}] * len(payloads)
    for broken in ("", "x", to_global_id("Revision", "x"), to_global_id("ObjectDelta", "1")):
        answer = as_editor.ask(REVERT, id=broken)["revertRevision"]
        assert [each["code"] for each in answer["errors"]] == ["INVALID"]


@pytest.mark.parametrize("missing", ["change_article", "delete_comment"])
def test_each_object_needs_the_permission_of_what_happens_to_it(missing: str, article: Article) -> None:
    names = {"view_article", "view_comment", "change_article", "delete_comment"}
    viewer = Api.of(grant(User.objects.create_user("viewer"), *names - {missing}))
    for variables in ({}, {"dryRun": True}, {"skipConflicts": True}):
        payload = revert(viewer, **variables)
        assert (codes(payload), payload["plan"]) == (["FORBIDDEN"], None)
    viewer = Api.of(grant(User.objects.get(username="viewer"), missing))
    assert revert(viewer)["errors"] == []


def test_policy_is_asked_again_when_the_plan_is_carried_out(article: Article, as_moderator: Api, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"POLICY": "tests.graphql.test_revert.Once"}
    Once.asked.clear()
    payload = revert(as_moderator)
    assert (codes(payload), payload["plan"]) == (["FORBIDDEN"], None)
    # When it was planned, when it was to be carried out, and when it was planned anew.
    assert Once.asked == ["comment"] * 3
    assert messages() == ["written", "changed"]
    assert Comment.objects.exists()


def test_failure_in_the_middle_takes_all_of_it_back(article: Article, as_moderator: Api) -> None:
    def fail(sender: Any, **options: Any) -> None:
        raise ValueError("secret text")

    post_delete.connect(fail, Comment)
    try:
        answer = as_moderator(REVERT, id=to_global_id("Revision", last_revision().pk), message="m")
    finally:
        post_delete.disconnect(fail, Comment)
    assert answer.codes == ["INTERNAL"]
    article.refresh_from_db()
    assert article.title == "u"
    assert messages() == ["written", "changed"]


def test_deletion_is_undone_with_all_that_fell(as_superuser: Api) -> None:
    article = write_deleted()
    assert revert(as_superuser)["errors"] == []
    assert Comment.objects.get().article == article


def test_queries_do_not_depend_on_the_number_of_objects(as_superuser: Api) -> None:
    counts = []
    for number in (2, 40):
        with recorded():
            article = Article.objects.create(title=f"{number}")
            for _ in range(number):
                Comment.objects.create(article=article)
        with recorded():
            for comment in article.comment_set.all():
                comment.text = "changed"
                comment.save()
        ContentType.objects.clear_cache()
        with counted_queries() as queries:
            payload = revert(as_superuser, dryRun=True)
        assert payload["plan"]["objectCount"] == number
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tested", [schema, bare_schema])
def test_revert_on_an_event_loop_is_one_revision(tested: Any, article: Article) -> None:
    root = User.objects.create_superuser("root")
    variables = {"id": to_global_id("Revision", last_revision().pk), "message": "undone"}
    result = async_to_sync(tested.execute_async)(REVERT, context_value=request_of(root), variable_values=variables)
    assert result.errors is None
    assert result.data["revertRevision"]["revision"] == {"description": "undone", "objectDeltas": {"totalCount": 2}}
    assert {delta.actor for delta in history_of(article)[2:]} == {root}


def test_revert_is_recorded_although_recording_is_switched_off_around_it(article: Article) -> None:
    root = User.objects.create_superuser("root")
    variables = {"id": to_global_id("Revision", last_revision().pk)}
    with Context(), Context.as_disabled():
        result = schema.execute(REVERT, context_value=request_of(root), variable_values=variables)
    assert result.errors is None
    assert len(history_of(article)) == 3


def test_restore_of_a_reverted_object_goes_on(article: Article, as_superuser: Api) -> None:
    revert(as_superuser)
    assert restore(as_superuser, article, version=2)["objectDelta"] == {"version": 4}
