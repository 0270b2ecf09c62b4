"""Holes that a history could have, and the table of all of them in docs/policy.md."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import graphene
import pytest
from django.contrib.auth.models import User
from django.db import models
from graphene import relay
from graphene_django import DjangoObjectType
from graphene_django.registry import Registry

import revy_graphql
from revy import Context
from revy.contrib.django import get_object_delta_model, get_revision_model
from revy_graphql.cursor import Axis
from tests.graphql.api import Api, grant, recorded, request_of
from tests.graphql.app.models import Article, Draft
from tests.graphql.schema import schema

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
