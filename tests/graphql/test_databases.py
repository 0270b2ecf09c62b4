"""Data and history in more than one database."""

from __future__ import annotations

from typing import Any

import graphene
import pytest
from django.contrib.auth.models import User

import revy_graphql
from revy.contrib.django import get_object_delta_model, get_revision_model
from tests.graphql.api import recorded, request_of
from tests.graphql.app.models import Article, Draft, Label, Note
from tests.graphql.schema import schema

pytestmark = pytest.mark.django_db(databases=["default", "other"])


class HistoryElsewhere:
    """Sends all history to the other database."""

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        is_history = model._meta.app_label == get_revision_model()._meta.app_label
        return "other" if is_history else None

    db_for_read = db_for_write

    def allow_relation(self, *objects: Any, **hints: Any) -> bool:
        return True


class FailElsewhere(graphene.Mutation):
    ok = graphene.Boolean()

    @staticmethod
    def mutate(root: Any, info: Any) -> Any:
        Article.objects.using("default").create(title="default")
        Article.objects.using("other").create(title="other")
        raise ValueError


class Query(graphene.ObjectType):
    hello = graphene.String()


class Mutation(graphene.ObjectType):
    fail = FailElsewhere.Field()


failing = revy_graphql.Schema(query=Query, mutation=Mutation)


def test_failing_mutation_leaves_no_trace_in_any_of_its_databases(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"DATABASES": ["default", "other"]}
    assert failing.execute("mutation { fail { ok } }").errors
    for alias in ("default", "other"):
        assert not Article.objects.using(alias).exists()
        assert not get_revision_model()._base_manager.using(alias).exists()


def test_failing_mutation_leaves_no_trace_where_history_lives_elsewhere(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [HistoryElsewhere()]
    query = 'mutation { failArticle(title: "t", kind: "raised") { ok } }'
    assert schema.execute(query).errors
    assert not Article.objects.exists()
    assert not get_revision_model().objects.exists()


def test_history_elsewhere_is_filtered_by_the_objects_here(settings: Any, reader: User) -> None:
    settings.DATABASE_ROUTERS = [HistoryElsewhere()]
    with recorded(reader, "hidden"):
        Draft.objects.create(title="h")
        Note.objects.create()
        Label.objects.create(name="h")
    with recorded(reader, "shown"):
        shown = [
            Draft.objects.create(title="s", is_public=True),
            Note.objects.create(is_public=True),
            Label.objects.create(name="s", is_public=True),
        ]
    assert get_object_delta_model()._base_manager.using("other").count() == 6
    query = """{ revisions { totalCount edges { node { description actors { display } objectDeltas { edges { node {
        contentId object { __typename } snapshot attributeDeltas { newValue } } } } } } } }"""
    result = schema.execute(query, context_value=request_of(reader))
    assert result.errors is None
    revisions = result.data["revisions"]
    assert revisions["totalCount"] == 1
    (edge,) = revisions["edges"]
    assert edge["node"]["description"] == "shown"
    assert edge["node"]["actors"] == [{"display": "reader"}]
    keys = {delta["node"]["contentId"] for delta in edge["node"]["objectDeltas"]["edges"]}
    assert keys == {str(instance.pk) for instance in shown}


def test_restore_where_history_lives_elsewhere(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [HistoryElsewhere()]
    root = User.objects.create_superuser("root")
    with recorded(message="1"):
        article = Article.objects.create(title="t", body="1")
    with recorded(message="2"):
        article.body = "2"
        article.save()
    query = """mutation ($id: ID!) { restoreObject(contentType: "gqlapp.article", contentId: $id, version: 1) {
        objectDelta { version } errors { code } } }"""
    result = schema.execute(query, context_value=request_of(root), variable_values={"id": str(article.pk)})
    assert result.errors is None
    assert result.data == {"restoreObject": {"objectDelta": {"version": 3}, "errors": []}}
    article.refresh_from_db()
    assert article.body == "1"
