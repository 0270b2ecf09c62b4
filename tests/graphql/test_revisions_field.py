"""The field `revisions` of the project's own types."""

from __future__ import annotations

from typing import Any

import graphene
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from graphene import relay
from graphene_django import DjangoListField

import revy_graphql
from revy import Context
from tests.graphql.api import Api, counted_queries, grant, recorded, request_of
from tests.graphql.app.models import Article, Draft
from tests.graphql.schema import schema
from tests.graphql.types import ArticleType, DraftType
from tests.orm.history import write_history

pytestmark = pytest.mark.django_db

LISTS = {
    "articles": "articles { revisions(first: 2) { ...Page } }",
    "plainArticles": "plainArticles { revisions(first: 2) { ...Page } }",
    "articlePages": "articlePages(first: 100) { edges { node { revisions(first: 2) { ...Page } } } }",
}
PAGE = """fragment Page on RevisionConnection {
  totalCount pageInfo { hasNextPage } edges { node { description actors { display } objectDeltas { edges { node {
    contentId attributeDeltas { fieldName newValue } } } } } }
}"""


def write(count: int, user: User) -> None:
    for number in range(count):
        article = Article(title=f"{number} of {count}")
        for version in range(3):
            with Context.via_actor(user), Context.via_revision_description(f"{number}.{version}"):
                article.body = str(version)
                article.save()
    write_history()


def found_in(data: Any) -> list[list[str]]:
    """Return the descriptions of every article's revisions."""
    (value,) = data.values()
    nodes = [edge["node"] for edge in value["edges"]] if isinstance(value, dict) else value
    pages = [node["revisions"] for node in nodes if "revisions" in node]
    assert all(page["totalCount"] == 3 and page["pageInfo"] == {"hasNextPage": True} for page in pages)
    return [[edge["node"]["description"] for edge in page["edges"]] for page in pages]


@pytest.mark.parametrize("name", LISTS)
def test_histories_of_a_list_are_read_together(name: str, as_reader: Api, reader: User) -> None:
    counts, seen = [], 0
    for count in (2, 5):
        write(count, reader)
        seen += count
        ContentType.objects.clear_cache()
        with counted_queries() as queries:
            data = as_reader.ask(f"{{ {LISTS[name]} }} {PAGE}")
        counts.append(len(queries))
        assert found_in(data)[-count:] == [[f"{number}.2", f"{number}.1"] for number in range(count)]
        assert len(found_in(data)) == seen
    assert counts[0] == counts[1], str(queries)


@pytest.mark.parametrize("model", ["auth.user", "gqlapp.draft", "no.such"])
def test_actor_that_a_list_asks_for_is_looked_up_once(model: str, as_reader: Api, reader: User) -> None:
    query = """query ($actor: ActorInput) { articles { revisions(actor: $actor) { totalCount } } }"""
    actor, counts = {"contentType": model, "contentId": str(reader.pk)}, []
    for count in (2, 5):
        write(count, reader)
        ContentType.objects.clear_cache()
        with counted_queries() as queries:
            answer = as_reader(query, actor=actor)
        assert answer.codes in ([], ["NOT_FOUND"], ["NOT_FOUND"] * Article.objects.count())
        counts.append(len(queries))
    assert counts[0] == counts[1], str(queries)


def test_histories_in_a_list_of_an_interface_are_read_together(reader: User) -> None:
    class Query(graphene.ObjectType):
        nodes = graphene.List(relay.Node)

        @staticmethod
        def resolve_nodes(root: Any, info: Any) -> Any:
            return [*Article.objects.order_by("pk"), *Draft.objects.order_by("pk")]

    own = revy_graphql.Schema(query=Query, types=[ArticleType, DraftType])
    query = f"{{ nodes {{ ... on ArticleType {{ revisions(first: 2) {{ ...Page }} }} }} }} {PAGE}"
    Draft.objects.create(title="d")
    counts = []
    for count in (2, 5):
        write(count, reader)
        ContentType.objects.clear_cache()
        with counted_queries() as queries:
            result = own.execute(query, context_value=request_of(User.objects.get(pk=reader.pk)))
        assert result.errors is None
        assert found_in(result.data)[-count:] == [[f"{number}.2", f"{number}.1"] for number in range(count)]
        counts.append(len(queries))
    assert counts[0] == counts[1], str(queries)


def test_histories_of_changed_objects_are_read_together(as_reader: Api, reader: User) -> None:
    query = """{ revisions(first: 1) { edges { node { objectDeltas(first: 100) { edges { node { object {
        ... on ArticleType { revisions { edges { node { description } } } } } } } } } } } }"""
    counts = []
    for count in (2, 6):
        with recorded(message=str(count)):
            for number in range(count):
                Article.objects.create(title=f"{number} of {count}")
        write_history()
        ContentType.objects.clear_cache()
        with counted_queries() as queries:
            (edge,) = as_reader.ask(query)["revisions"]["edges"]
        deltas = edge["node"]["objectDeltas"]["edges"]
        assert [delta["node"]["object"]["revisions"]["edges"][0]["node"]["description"] for delta in deltas] == [
            str(count)
        ] * count
        counts.append(len(queries))
    assert counts[0] == counts[1], str(queries)


def test_aliases_with_other_arguments_are_other_pages(as_reader: Api, reader: User) -> None:
    write(2, reader)
    names = "{ edges { node { description } } }"
    data = as_reader.ask(
        f"{{ articles {{ a: revisions(first: 1) {names} b: revisions(last: 1) {names} "
        f'c: revisions(order: OLDEST, text: "1") {names} }} }}'
    )
    shown = [
        {alias: [edge["node"]["description"] for edge in page["edges"]] for alias, page in article.items()}
        for article in data["articles"]
    ]
    assert shown == [
        {"a": ["0.2"], "b": ["0.0"], "c": ["0.1"]},
        {"a": ["1.2"], "b": ["1.0"], "c": ["1.0", "1.1", "1.2"]},
    ]


def test_cursor_of_an_article_continues_its_history(as_reader: Api, reader: User) -> None:
    write(1, reader)
    edges = "edges { cursor node { description } }"
    query = f"query ($after: String) {{ articles {{ revisions(first: 2, after: $after) {{ {edges} }} }} }}"
    (article,) = as_reader.ask(query)["articles"]
    (rest,) = as_reader.ask(query, after=article["revisions"]["edges"][-1]["cursor"])["articles"]
    assert [edge["node"]["description"] for edge in rest["revisions"]["edges"]] == ["0.0"]
    assert as_reader(query, after="x").codes == ["INVALID"]


def test_histories_in_a_list_of_a_coroutine_are_read_together(reader: User) -> None:
    write(3, reader)
    query = f"{{ asyncArticles {{ revisions(first: 2) {{ ...Page }} }} }} {PAGE}"
    result = async_to_sync(schema.execute_async)(query, context_value=request_of(reader))
    assert result.errors is None
    assert found_in(result.data) == [[f"{number}.2", f"{number}.1"] for number in range(3)]


def test_viewer_without_the_permission_sees_an_empty_history(db: None) -> None:
    write(1, User.objects.create(username="author"))
    stranger = Api.of(User.objects.create(username="stranger"))
    data = stranger.ask("{ articles { revisions { totalCount edges { node { id } } pageInfo { hasNextPage } } } }")
    assert data["articles"] == [{"revisions": {"totalCount": 0, "edges": [], "pageInfo": {"hasNextPage": False}}}]


class ShownDraftType(revy_graphql.RevisionsField, DraftType):
    class Meta:
        model = Draft
        name = "ShownDraft"
        fields = ("id", "title")
        skip_registry = True


def test_history_asks_the_policy_and_not_the_list(reader: User) -> None:
    """A list may show what `get_queryset` of the registered type hides."""

    class Query(graphene.ObjectType):
        drafts = graphene.List(ShownDraftType)

        @staticmethod
        def resolve_drafts(root: Any, info: Any) -> Any:
            return Draft.objects.order_by("pk")

    for is_public in (True, False):
        with recorded(message=f"public: {is_public}"):
            Draft.objects.create(title="d", is_public=is_public)
    own = revy_graphql.Schema(query=Query, types=[DraftType])
    query = "{ drafts { revisions { totalCount edges { node { description } } } } }"
    result = own.execute(query, context_value=request_of(reader))
    assert result.errors is None
    assert [draft["revisions"]["totalCount"] for draft in result.data["drafts"]] == [1, 0]


def test_objects_that_outlive_an_execution_show_nothing_to_the_next_viewer(reader: User) -> None:
    write(2, reader)
    articles = list(Article.objects.order_by("pk"))

    class Query(graphene.ObjectType):
        articles_ = graphene.List(ArticleType, name="articles")

        @staticmethod
        def resolve_articles_(root: Any, info: Any) -> Any:
            return articles

    own = revy_graphql.Schema(query=Query)
    stranger = User.objects.create(username="stranger")
    counts = []
    for user in (reader, stranger, reader):
        result = own.execute("{ articles { revisions { totalCount } } }", context_value=request_of(user))
        assert result.errors is None
        counts.append([article["revisions"]["totalCount"] for article in result.data["articles"]])
    assert counts == [[3, 3], [0, 0], [3, 3]]


def test_permission_given_between_two_executions_counts(db: None) -> None:
    user = User.objects.create(username="later")
    write(1, user)
    query = "{ articles { revisions { totalCount } } }"
    assert Api.of(user).ask(query)["articles"] == [{"revisions": {"totalCount": 0}}]
    assert Api.of(grant(user, "view_article")).ask(query)["articles"] == [{"revisions": {"totalCount": 3}}]


def test_object_that_was_never_saved_has_an_empty_history(reader: User) -> None:
    class Query(graphene.ObjectType):
        article = graphene.Field(ArticleType)
        articles = graphene.List(ArticleType)

        @staticmethod
        def resolve_article(root: Any, info: Any) -> Any:
            return Article(title="new")

        @staticmethod
        def resolve_articles(root: Any, info: Any) -> Any:
            return [Article(title="new"), None]

    own = revy_graphql.Schema(query=Query)
    query = "{ article { revisions { totalCount } } articles { revisions { totalCount } } }"
    result = own.execute(query, context_value=request_of(reader))
    assert result.errors is None
    assert result.data == {
        "article": {"revisions": {"totalCount": 0}}, "articles": [{"revisions": {"totalCount": 0}}, None],
    }  # fmt: skip


def test_failing_and_empty_lists_stay_as_they_are(reader: User) -> None:
    class Query(graphene.ObjectType):
        nothing = graphene.List(ArticleType)
        broken = graphene.List(ArticleType)
        empty = DjangoListField(ArticleType)
        number = graphene.List(ArticleType)

        @staticmethod
        def resolve_broken(root: Any, info: Any) -> Any:
            raise LookupError("broken")

        @staticmethod
        def resolve_number(root: Any, info: Any) -> Any:
            return 1

    own = revy_graphql.Schema(query=Query)
    assert revy_graphql.track(own) is own
    selection = "{ revisions { totalCount } }"
    result = own.execute(
        f"{{ nothing {selection} broken {selection} empty {selection} number {selection} }}",
        context_value=request_of(reader),
    )
    assert result.data == {"nothing": None, "broken": None, "empty": [], "number": None}
    assert sorted(str(error.path) for error in result.errors) == ["['broken']", "['number']"]


def test_schema_without_the_field_is_left_alone() -> None:
    class Query(graphene.ObjectType):
        drafts = graphene.List(DraftType)

    plain = graphene.Schema(query=Query)
    resolvers = {name: field.resolve for name, field in plain.graphql_schema.query_type.fields.items()}
    revy_graphql.track(plain)
    assert {name: field.resolve for name, field in plain.graphql_schema.query_type.fields.items()} == resolvers


def test_bare_schema_reads_one_by_one(reader: User) -> None:
    class Query(graphene.ObjectType):
        articles = graphene.List(ArticleType)

        @staticmethod
        def resolve_articles(root: Any, info: Any) -> Any:
            return Article.objects.order_by("pk")

    write(2, reader)
    query = "{ articles { revisions { totalCount edges { node { description } } } } }"
    result = graphene.Schema(query=Query).execute(query, context_value=request_of(reader))
    assert result.errors is None
    assert [article["revisions"]["totalCount"] for article in result.data["articles"]] == [3, 3]
