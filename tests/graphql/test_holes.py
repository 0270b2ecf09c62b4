"""Holes that a history could have, and the table of all of them in docs/policy.md."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import graphene
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models
from graphene import relay
from graphene_django import DjangoObjectType
from graphene_django.registry import Registry

import revy_graphql
from revy import Context
from revy.contrib.django import get_object_delta_model, get_revision_model
from revy.contrib.django.restore import plan_restore
from revy_graphql.cursor import Axis
from tests.graphql.api import Api, grant, recorded, request_of
from tests.graphql.app.models import Article, Comment, Draft
from tests.graphql.plans import changes, codes, objects, restore, revert
from tests.graphql.schema import schema


class OpenPolicy(revy_graphql.Policy):
    """Shows all values, and everything that is deleted."""

    def can_view_field(self, info: Any, model: Any, field: Any) -> bool:
        return True

    def can_view_deleted(self, info: Any, model: Any) -> bool:
        return True


ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "policy.md"
TESTS = ROOT / "tests" / "graphql"


def named_tests() -> list[tuple[str, str]]:
    return re.findall(r"`(\w+)\.(test_\w+)`", TABLE.read_text())


def test_every_row_of_the_table_names_tests() -> None:
    rows = [line for line in TABLE.read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 20
    assert [row for row in rows if not re.search(r"`\w+\.test_\w+` \|$", row)] == []


@pytest.mark.parametrize(("module", "name"), named_tests())
def test_test_of_the_table_exists(module: str, name: str) -> None:
    text = (TESTS / f"{module}.py").read_text()
    assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE)


@pytest.mark.django_db
def test_superuser_sees_no_more_than_get_queryset_says(as_superuser: Api) -> None:
    class Closed(DjangoObjectType):
        class Meta:
            model = Article
            fields = ("id", "title")
            interfaces = (relay.Node,)
            registry = Registry()

        @classmethod
        def get_queryset(cls, queryset: Any, info: Any) -> Any:
            return queryset.filter(title="open")

    with recorded(message="closed"):
        Article.objects.create(title="closed")
    query = type("Query", (revy_graphql.Query, graphene.ObjectType), {})
    closed = revy_graphql.Schema(query=query, types=[Closed])
    root = request_of(User.objects.get())
    result = closed.execute("{ revisions { totalCount edges { node { id } } } }", context_value=root)
    assert result.data == {"revisions": {"totalCount": 0, "edges": []}}
    Article.objects.update(title="open")
    assert closed.execute("{ revisions { totalCount } }", context_value=root).data == {"revisions": {"totalCount": 1}}


@pytest.mark.django_db
def test_staff_sees_what_its_permissions_say_and_no_more() -> None:
    with recorded():
        Article.objects.create(title="t")
        Draft.objects.create(title="d", is_public=True)
    staff = User.objects.create_user("staff", is_staff=True)
    query = "{ revisions { edges { node { objectDeltas { edges { node { contentType } } } } } } }"
    assert Api.of(staff).ask(query) == {"revisions": {"edges": []}}
    (edge,) = Api.of(grant(staff, "view_article")).ask(query)["revisions"]["edges"]
    assert [one["node"]["contentType"] for one in edge["node"]["objectDeltas"]["edges"]] == ["gqlapp.article"]


def test_field_that_the_model_gets_later_is_masked() -> None:
    policy = revy_graphql.Policy()
    info: Any = SimpleNamespace(schema=schema.graphql_schema, context=request_of(None))
    later: Any = models.CharField(max_length=10)
    later.set_attributes_from_name("later")
    # The type of users has `fields = "__all__"`: that is all there was when the type was made.
    assert policy.can_view_field(info, User, User._meta.get_field("username"))
    assert not policy.can_view_field(info, User, later)


WALK = """query ($after: String, $before: String) { revisions(after: $after, before: $before, first: 2) {
  totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { description } } } }"""
NESTED = """query ($after: String) { revisions { edges { node {
  objectDeltas(after: $after) { totalCount pageInfo { hasNextPage hasPreviousPage } edges { cursor } } } } } }"""


def cursor_of(model: Any, pk: int) -> str:
    return Axis.by_key(model).encode(pk)


@pytest.mark.django_db
def test_cursors_of_hidden_and_of_missing_rows_look_the_same(as_editor: Api) -> None:
    for number in range(3):
        with recorded(message=f"hidden {number}"):
            Draft.objects.create(title="d")
    with recorded(message="seen"):
        Article.objects.create(title="t")
        Draft.objects.create(title="d")
    *hidden, _ = [cursor_of(get_revision_model(), row.pk) for row in get_revision_model().objects.order_by("pk")]
    missing = cursor_of(get_revision_model(), 0)
    answers = [as_editor.ask(WALK, after=cursor) for cursor in (*hidden, missing)]
    assert answers == [answers[0]] * 4
    before = [as_editor.ask(WALK, before=cursor) for cursor in (*hidden, missing)]
    assert before == [before[0]] * 4
    assert "hidden" not in str(answers + before)
    last = get_object_delta_model().objects.order_by("pk").last()
    (edge,) = as_editor.ask(NESTED, after=cursor_of(get_object_delta_model(), last.pk))["revisions"]["edges"]
    # The hidden delta comes first in the revision: what is behind it is the whole page, and nothing is before that.
    assert edge["node"]["objectDeltas"]["totalCount"] == 1
    assert edge["node"]["objectDeltas"]["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False}
    assert len(edge["node"]["objectDeltas"]["edges"]) == 1


@pytest.mark.django_db
def test_description_of_a_hidden_object_s_change_is_nowhere(as_editor: Api, as_superuser: Api) -> None:
    with recorded(message="shared"):
        with Context.via_object_delta_description("of the hidden one"):
            draft = Draft.objects.create(title="d")
        with Context.via_attribute_delta_description("of its title"):
            draft.title = "changed"
        draft.save()
        Article.objects.create(title="t")
    query = """{ revisions { edges { node { description objectDeltas { edges { node {
      description attributeDeltas { description } } } } } } } }"""
    assert "of the hidden one" in str(as_superuser.ask(query))
    assert "of its title" in str(as_superuser.ask(query))
    assert "shared" in str(as_editor.ask(query))
    assert "of the hidden one" not in str(as_editor.ask(query))
    assert "of its title" not in str(as_editor.ask(query))


@pytest.mark.django_db
def test_counts_of_what_is_hidden_are_nowhere(as_editor: Api) -> None:
    query = """{ revisions(first: 1) { totalCount pageInfo { hasNextPage hasPreviousPage }
      edges { node { objectDeltas(first: 1) { totalCount pageInfo { hasNextPage hasPreviousPage } } } } } }"""
    with recorded():
        Article.objects.create(title="t")
    alone = as_editor.ask(query)
    for _ in range(3):
        with recorded():
            Draft.objects.create(title="d")
    with Context.via_revision(get_revision_model().objects.order_by("pk").first()):
        Draft.objects.create(title="d")
    assert get_object_delta_model().objects.count() == 5
    assert as_editor.ask(query) == alone


# Plans


def write_with_comments(*is_public: bool) -> Any:
    """Delete an article with comments on it, in one revision; return the article, with its key."""
    with recorded():
        article = Article.objects.create(title="t")
        for each in is_public:
            Comment.objects.create(article=article, text="canary", is_public=each)
    pk = article.pk
    with recorded():
        article.delete()
    article.pk = pk
    return article


def forbidden(payload: Any) -> list[str]:
    """Return what is said of a plan that is refused, which nothing else is said of."""
    assert payload["plan"] is None
    assert codes(payload) == ["FORBIDDEN"] * len(payload["errors"])
    return [f"{error['field']}: {error['message']}" for error in payload["errors"]]


@pytest.mark.django_db
def test_related_objects_that_are_hidden_refuse_all_of_it_alike(as_moderator: Api, as_editor: Api) -> None:
    said = []
    # Deleted objects of a filtered type are hidden, and so are those of a model without the permission.
    for is_public in ([False], [True], [False] * 3):
        article = write_with_comments(*is_public)
        for viewer in (as_moderator, as_editor):
            for is_dry in (True, False):
                said += forbidden(restore(viewer, article, related=True, dryRun=is_dry))
        assert restore(as_moderator, article, dryRun=True)["errors"] == []
        Article.objects.all().delete()
    assert set(said) == {"None: It takes something along that you may not see, or may not change."}
    assert not Article.objects.exists()


@pytest.mark.django_db
def test_related_objects_that_may_not_be_changed_refuse_all_of_it(as_superuser: Api, settings: Any) -> None:
    article = write_with_comments(True)
    viewer = Api.of(grant(User.objects.create_user("viewer"), "view_article", "add_article", "view_comment"))
    settings.REVY_GRAPHQL = {"POLICY": "tests.graphql.test_holes.OpenPolicy"}
    (said,) = forbidden(restore(viewer, article, related=True))
    assert "may not change" in said
    viewer = Api.of(grant(User.objects.get(username="viewer"), "add_comment"))
    assert restore(viewer, article, related=True)["errors"] == []


@pytest.mark.django_db
def test_revision_that_is_seen_in_part_cannot_be_reverted(as_editor: Api) -> None:
    said = []
    for count in (1, 3):
        with recorded():
            Article.objects.create(title=f"{count}")
            for _ in range(count):
                Draft.objects.create(title="canary")
        for variables in ({}, {"dryRun": True}, {"skipConflicts": True}):
            said += forbidden(revert(as_editor, **variables))
    assert set(said) == {"None: The revision has changes that you may not see."}
    assert Article.objects.count() == 2


@pytest.mark.django_db
def test_values_of_a_plan_are_masked(as_editor: Api, as_superuser: Api) -> None:
    draft = Draft.objects.create(title="hidden", is_public=False)
    with recorded():
        article = Article.objects.create(title="t", body="1", secret="canary", draft=draft)
    with recorded():
        article.body, article.secret, article.draft = "2", "other canary", None
        article.save()
    payload = restore(as_editor, article, version=1, dryRun=True)
    assert changes(objects(payload)["article"]) == {"body": ("2", "1"), "secret": "masked", "draft_id": "masked"}
    assert "canary" not in str(payload)
    told = changes(objects(restore(as_superuser, article, version=1, dryRun=True))["article"])
    assert told["draft_id"] == (None, draft.pk)
    with recorded():
        article.secret = "third canary"
        article.save()
    second = get_object_delta_model().objects.get(content_id=str(article.pk), version=2).revision
    payload = revert(Api.of(grant(User.objects.get(username="editor"), "view_draft")), second, dryRun=True)
    (conflict,) = objects(payload)["article"]["conflicts"]
    assert conflict == {"fieldName": "secret", "now": None, "then": None, "isMasked": True}
    assert payload["errors"] == [
        {"field": None, "message": "A value that you may not see cannot be restored.", "code": "CHANGED_SINCE"}
    ]
    assert "canary" not in str(payload)


@pytest.mark.django_db
def test_plan_tells_neither_which_masked_values_change_nor_which_are_empty(as_editor: Api) -> None:
    told = []
    for secret in ("", "s"):
        with recorded():
            article = Article.objects.create(title=f"t{secret}", body="1", secret=secret)
        with recorded():
            article.body, article.secret = "2", "s"
            article.save()
        payload = restore(as_editor, article, version=1, dryRun=True)
        told.append(objects(payload)["article"]["changes"])
        pk = article.pk
        with recorded():
            article.delete()
        payload = restore(as_editor, article, id=pk, version=1, dryRun=True)
        told.append([each for each in objects(payload)["article"]["changes"] if each["isMasked"]])
    assert told[:2] == told[2:]
    assert [each["fieldName"] for each in told[1]] == ["secret"]


@pytest.mark.django_db
def test_token_of_a_plan_is_no_hash_of_its_values(as_editor: Api) -> None:
    with recorded():
        article = Article.objects.create(title="t", secret="1")
    with recorded():
        article.secret = "2"
        article.save()
    payload = restore(as_editor, article, version=1, dryRun=True)
    plan = plan_restore(article, version=1)
    assert [change.then for change in plan.objects[0].changes] == ["1"]
    # Whoever knows the rest could find a masked value out by trying all that it may be.
    assert payload["plan"]["token"] != plan.token


@pytest.mark.django_db
def test_what_stands_in_the_way_of_a_plan_names_no_other_object(as_editor: Api) -> None:
    author = User.objects.create_user("canary")
    with recorded():
        article = Article.objects.create(title="t", draft=Draft.objects.create(title="d"))
    draft_id = article.draft_id
    with recorded():
        article.draft = None
        article.save()
    Draft.objects.all().delete()
    payload = restore(as_editor, article, version=1, dryRun=True)
    assert payload["errors"] == [
        {"field": "draft", "message": "What it refers to exists no more.", "code": "MISSING_TARGET"}
    ]
    assert str(draft_id) not in str(payload["errors"])
    with recorded():
        other = Article.objects.create(title="other", author=author)
    revision = get_revision_model().objects.order_by("pk").last()
    Comment.objects.create(article=other, text="canary", is_public=False)
    editor = Api.of(grant(User.objects.get(username="editor"), "delete_article"))
    payload = revert(editor, revision, dryRun=True)
    assert payload["errors"] == [{"field": None, "message": "Others refer to it by now.", "code": "DEPENDENT"}]


@pytest.mark.django_db
def test_what_the_model_says_of_its_values_is_told_to_those_who_see_all_of_them(
    as_editor: Api, as_superuser: Api, monkeypatch: Any, settings: Any
) -> None:
    def clean(self: Any) -> None:
        raise ValidationError(f"{self.secret} is not right.", code="wrong")

    with recorded():
        article = Article.objects.create(title="t", secret="canary")
    with recorded():
        article.secret = "s"
        article.save()
    monkeypatch.setattr(Article, "clean", clean)
    payload = restore(as_editor, article, version=1)
    assert payload["errors"] == [
        {"field": None, "message": "Values of the object cannot be restored.", "code": "WRONG"}
    ]
    settings.REVY_GRAPHQL = {"POLICY": "tests.graphql.test_holes.OpenPolicy"}
    payload = restore(as_editor, article, version=1)
    assert payload["errors"] == [{"field": None, "message": "canary is not right.", "code": "WRONG"}]
