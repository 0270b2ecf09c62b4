"""Every code block of docs/graphql.md runs as it stands."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import graphene
import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory
from django.urls import path
from graphene_django import DjangoListField, DjangoObjectType
from graphene_django.registry import get_global_registry
from graphene_django.views import GraphQLView as DjangoGraphQLView

import revy_graphql
from revy_graphql import Policy, conf
from tests.docs.blocks import block, blocks
from tests.graphql import test_documented_requests
from tests.graphql.api import Api, grant, history_of, messages, recorded, request_of
from tests.graphql.app.models import Article, Draft, Untyped
from tests.graphql.mutations import CreateArticle
from tests.graphql.schema import schema

ROOT = Path(__file__).parents[2]
PAGE = "docs/graphql.md"
SCHEMA = block(PAGE, "revy_graphql.Schema(")
POLICY = block(PAGE, "class EditorialPolicy")
URLS = block(PAGE, "urlpatterns")
RULES = block(PAGE, "VALIDATION_RULES")
SETTINGS = block(PAGE, "REVY_GRAPHQL = ")
OWN_TYPE = block(PAGE, "class PostType")
IS_FAILURE = block(PAGE, "def has_user_errors")
CREATE = block(PAGE, "createArticle", "graphql")
HISTORY = block(PAGE, "query History", "graphql").replace("blog.article", "gqlapp.article")
RESTORE = block(PAGE, "mutation Restore", "graphql").replace("blog.article", "gqlapp.article")


def run(code: str, **names: Any) -> dict[str, Any]:
    namespace = {"__name__": "documentation", **names}
    exec(compile(code, "documentation", "exec"), namespace)
    return namespace


def test_every_block_is_run_here() -> None:
    elsewhere = len(test_documented_requests.REQUESTS)
    assert len(blocks(PAGE, "python")) + len(blocks(PAGE, "graphql")) == 10 + elsewhere


@pytest.mark.django_db
def test_documented_schema_records_reads_and_restores(as_superuser: Api) -> None:
    schema = run(SCHEMA, CreateArticle=CreateArticle)["schema"]
    user = User.objects.get()

    def execute(query: str, **variables: Any) -> Any:
        result = schema.execute(query, context_value=request_of(user), variable_values=variables)
        assert result.errors is None
        return result.data

    execute(CREATE)
    article = Article.objects.get()
    assert messages() == ["Begin the article."]
    (edge,) = execute(HISTORY, id=str(article.pk))["revisions"]["edges"]
    assert edge["node"]["actors"] == [{"display": "root"}]
    assert execute(RESTORE, id=str(article.pk))["restoreObject"]["errors"][0]["code"] == "CONFLICT"
    answer = as_superuser('mutation ($pk: ID!) { updateArticle(input: {pk: $pk, body: "b"}) { article { id } } }',
                          pk=article.pk)  # fmt: skip
    assert answer.errors == []
    assert execute(RESTORE, id=str(article.pk))["restoreObject"]["errors"] == []
    assert len(history_of(article)) == 3


def test_documented_views_take_the_rules() -> None:
    names = {"schema": schema, "revy_graphql": revy_graphql, "path": path, "GraphQLView": DjangoGraphQLView}
    for view in run(URLS, **names)["urlpatterns"][0].callback, run(RULES, **names)["view"]:
        response = view(RequestFactory().post("/", {"query": "{ __schema { description } }"}))
        assert b"Introspection is switched off" in response.content


@pytest.mark.django_db
def test_documented_policy_decides() -> None:
    policy = run(POLICY)["EditorialPolicy"]()
    assert isinstance(policy, Policy)

    class Titles(DjangoObjectType):
        class Meta:
            model = Draft
            fields = ("title",)
            skip_registry = True

        @classmethod
        def get_queryset(cls, queryset: Any, info: Any) -> Any:
            return queryset.filter(is_public=True)

    policy.get_object_type = lambda info, model: Titles
    staff, other = (SimpleNamespace(context=request_of(User(is_staff=is_staff))) for is_staff in (True, False))
    assert policy.can_view_deleted(staff, Draft) is True
    assert policy.can_view_deleted(other, Draft) is False
    assert policy.can_view_field(staff, Draft, Draft._meta.get_field("title")) is True
    notes = graphene.String()
    notes.name = "notes"
    assert policy.can_view_field(staff, Draft, notes) is False


@pytest.mark.django_db
def test_documented_type_shows_its_history(editor: User) -> None:
    registry = get_global_registry()
    try:
        post_type = run(OWN_TYPE, Post=Untyped)["PostType"]
    finally:
        registry._registry.pop(Untyped)
    query = type("Query", (graphene.ObjectType,), {"posts": DjangoListField(post_type)})
    with recorded(message="begun"):
        Untyped.objects.create(title="t")
    schema = revy_graphql.Schema(query=query)
    document = "{ posts { title revisions { edges { node { description } } } } }"
    result = schema.execute(document, context_value=request_of(grant(editor, "view_untyped")))
    assert result.errors is None
    assert result.data == {"posts": [{"title": "t", "revisions": {"edges": [{"node": {"description": "begun"}}]}}]}


def test_documented_settings_are_those_that_exist() -> None:
    from revy_graphql.checks import KEYS

    documented = run(SETTINGS)[conf.SETTING]
    assert set(documented) == set(KEYS)
    assert {name: documented[name] for name in conf.LIMITS} == conf.LIMITS
    for name, default in conf.LIMITS.items():
        assert f"| `{name}` | {default:,} |" in Path(ROOT, PAGE).read_text()


def test_documented_failure_is_one_with_user_errors() -> None:
    has_user_errors = run(IS_FAILURE)["has_user_errors"]
    assert has_user_errors(SimpleNamespace(user_errors=["wrong"]), None)
    assert not has_user_errors(SimpleNamespace(user_errors=[]), None)
    assert not has_user_errors(None, None)
