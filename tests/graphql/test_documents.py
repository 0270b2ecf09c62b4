"""Documents of every shape: batches, deep namespaces, aliases, fragments and directives."""

from __future__ import annotations

import json
from typing import Any

import graphene
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client
from django.urls import path
from graphene_django.views import GraphQLView

import revy_graphql
from revy.contrib.django import get_object_delta_model, get_revision_model
from revy_graphql.lists import ListResolver
from revy_graphql.namespace import find_mutation_fields
from tests.graphql.api import is_empty, messages, request_of
from tests.graphql.app.models import Article
from tests.graphql.mutations import CreateArticle, FailArticle
from tests.graphql.schema import Mutation, Query, bare_schema, schema

pytestmark = pytest.mark.django_db(transaction=True)

urlpatterns = [
    path("wrapped", GraphQLView.as_view(schema=schema, batch=True)),
    path("middleware", GraphQLView.as_view(
        schema=bare_schema, batch=True, middleware=[revy_graphql.RevyMutationMiddleware]
    )),
]  # fmt: skip

CREATE = "mutation ($title: String!) { createArticle(title: $title) { article { title } } }"
CREATE_WITH_MESSAGE = """mutation ($title: String!, $message: String) {
    createArticle(title: $title, commitMessage: $message) { article { title } }
}"""


@pytest.fixture
def clients(settings: Any) -> dict[str, Client]:
    settings.ROOT_URLCONF = __name__
    clients = {}
    for name in ("alice", "bob"):
        clients[name] = Client()
        clients[name].force_login(User.objects.create_user(name))
    return clients


def post(client: Client, entries: list[Any], where: str = "wrapped", headers: Any = None) -> list[Any]:
    response = client.post(f"/{where}", json.dumps(entries), content_type="application/json", headers=headers)
    assert response.status_code == 200
    return json.loads(response.content)  # type: ignore[no-any-return]


def entry(query: str, **variables: Any) -> Any:
    return {"query": query, "variables": variables}


def actors() -> list[str]:
    return [str(delta.actor) for delta in get_object_delta_model().objects.order_by("pk")]


def titles() -> list[str]:
    return sorted(Article.objects.values_list("title", flat=True))


def test_batch_is_a_revision_a_root_field_each_with_its_message_and_actor(clients: dict[str, Client]) -> None:
    double = """mutation {
        x: createArticle(title: "c", commitMessage: "3") { article { id } }
        y: createArticle(title: "d", commitMessage: "4") { article { id } }
    }"""
    entries = [
        entry(CREATE_WITH_MESSAGE, title="a", message="1"),
        entry("{ hello }"),
        entry(CREATE_WITH_MESSAGE, title="b", message="2"),
        entry(double),
    ]
    answers = post(clients["alice"], entries)
    assert [set(answer) for answer in answers] == [{"data", "id", "status"}] * 4
    post(clients["bob"], [entry(CREATE_WITH_MESSAGE, title="e", message="5")])
    assert messages() == ["1", "2", "3", "4", "5"]
    assert actors() == ["alice"] * 4 + ["bob"]


@pytest.mark.parametrize("kind", ["raised", "returned", "database", "graphql"])
@pytest.mark.parametrize("where", ["wrapped", "middleware"])
def test_failure_in_a_batch_leaves_its_siblings_alone(where: str, kind: str, clients: dict[str, Client]) -> None:
    fail = f'mutation {{ failArticle(title: "x", kind: "{kind}") {{ ok }} }}'
    bad_form = 'mutation { formArticle(input: {title: "bad"}) { errors { messages } } }'
    entries = [
        entry(CREATE, title="a"),
        entry(fail),
        entry(CREATE, title="b"),
        entry(bad_form),
        entry(CREATE, title="c"),
    ]
    answers = post(clients["alice"], entries, where)
    assert [answer["data"] is not None and "errors" not in answer for answer in answers] == [
        True, False, True, True, True,
    ]  # fmt: skip
    assert titles() == ["a", "b", "c"]
    assert get_revision_model().objects.count() == 3


@pytest.mark.parametrize("where", ["wrapped", "middleware"])
def test_header_is_the_message_of_the_whole_batch(where: str, clients: dict[str, Client]) -> None:
    entries = [entry(CREATE, title=title) for title in "abc"]
    post(clients["alice"], entries, where, headers={"X-Commit-Message": "why"})
    assert messages() == ["why"] * 3
    assert actors() == ["alice"] * 3


def execute(query: str, schema: Any = schema, *, is_async: bool = False, **variables: Any) -> Any:
    run = async_to_sync(schema.execute_async) if is_async else schema.execute
    return run(query, context_value=request_of(None), variable_values=variables)


class Inner(graphene.ObjectType):
    create = CreateArticle.Field()
    fail = FailArticle.Field()


class Middle(graphene.ObjectType):
    inner = graphene.Field(Inner)
    resolve_inner = staticmethod(lambda root, info: {})


class Outer(graphene.ObjectType):
    middle = graphene.NonNull(Middle)
    resolve_middle = staticmethod(lambda root, info: {})


class Deep(graphene.ObjectType):
    outer = graphene.Field(Outer)
    resolve_outer = staticmethod(lambda root, info: {})


deep = revy_graphql.Schema(query=Query, mutation=Deep)


@pytest.mark.parametrize("is_async", [False, True])
def test_namespaces_three_deep_hold_mutations_with_messages_of_their_own(is_async: bool) -> None:
    query = """mutation { outer { middle {
        inner {
            a: create(title: "a", commitMessage: "1") { article { title } }
            fail(title: "x", kind: "raised", commitMessage: "2") { ok }
        }
        again: inner { b: create(title: "b", commitMessage: "3") { article { title } } }
    } } }"""
    result = execute(query, deep, is_async=is_async)
    assert [error.path for error in result.errors] == [["outer", "middle", "inner", "fail"]]
    assert titles() == ["a", "b"]
    assert sorted(messages()) == ["1", "3"]


SHAPES = """
mutation ($yes: Boolean!, $no: Boolean!) {
    one: createArticle(title: "one", commitMessage: "1") { article { title } }
    two: createArticle(title: "two", commitMessage: "2") { ...Payload }
    ...Root
    ... on Mutation { four: createArticle(title: "four", commitMessage: "4") { article { title } } }
    included: createArticle(title: "included", commitMessage: "5") @include(if: $yes) { article { title } }
    left: createArticle(title: "left", commitMessage: "x") @include(if: $no) { article { title } }
    skipped: createArticle(title: "skipped", commitMessage: "x") @skip(if: $yes) { article { title } }
    ... @skip(if: $yes) { fragment: createArticle(title: "fragment", commitMessage: "x") { article { title } } }
    kept: createArticle(title: "kept", commitMessage: "6") @skip(if: $no) { article { title } }
    articles { ...Space }
}
fragment Root on Mutation { three: createArticle(title: "three", commitMessage: "3") { ...Payload } }
fragment Space on ArticleMutations { seven: create(title: "seven", commitMessage: "7") { ...Payload } }
fragment Payload on CreateArticle { article { title } }
"""


@pytest.mark.parametrize("is_async", [False, True])
def test_aliases_fragments_and_directives_run_each_field_once_with_its_message(is_async: bool) -> None:
    result = execute(SHAPES, is_async=is_async, yes=True, no=False)
    assert result.errors is None
    expected = {
        "one": "1", "two": "2", "three": "3", "four": "4", "included": "5", "kept": "6", "seven": "7",
    }  # fmt: skip
    assert titles() == sorted(expected)
    deltas = get_object_delta_model().objects.all()
    assert {delta.content.title: delta.revision.description for delta in deltas} == expected
    assert get_revision_model().objects.count() == len(expected)


def test_field_that_is_selected_twice_runs_once() -> None:
    field = 'createArticle(title: "t", commitMessage: "m")'
    result = execute(f"mutation {{ {field} {{ article {{ id }} }} {field} {{ article {{ title }} }} }}")
    assert result.errors is None
    assert messages() == ["m"]


class Part(graphene.ObjectType):
    node = graphene.String()


class ConnectionPayload(graphene.ObjectType):
    edges = graphene.List(Part)
    page_info = graphene.Field(graphene.relay.PageInfo)


class Message(graphene.InputObjectType):
    text = graphene.String()


class Mood(graphene.Enum):
    GOOD = "good"


def make_odd_mutation(kind: Any, output: Any = None) -> Any:
    class Odd(graphene.Mutation):
        class Meta:
            name = "OddMutation"

        class Arguments:
            commit_message = kind

        heard = graphene.String()
        Output = output or graphene.String

        @staticmethod
        def mutate(root: Any, info: Any, commit_message: Any = None) -> Any:
            article = Article.objects.create(title=repr(commit_message)[:50])
            if output is None:
                return article.title
            return ConnectionPayload(edges=[Part(node=article.title)], page_info=None)

    return revy_graphql.Schema(query=Query, mutation=type("Odd", (graphene.ObjectType,), {"act": Odd.Field()}))


@pytest.mark.parametrize("is_required", [False, True])
@pytest.mark.parametrize(
    ("kind", "value", "heard"),
    [
        (graphene.Int(), "7", "7"),
        (graphene.Boolean(), "true", "True"),
        (graphene.List(graphene.String), '["a"]', "['a']"),
        (graphene.Argument(Message), '{text: "a"}', "{'text': 'a'}"),
        (Mood(), "GOOD", "<EnumMeta.GOOD: 'good'>"),
        (graphene.JSONString(), '"{}"', "{}"),
        (graphene.Int(), "null", "None"),
    ],
)
def test_argument_of_that_name_that_is_no_text_is_passed_on_and_no_message(
    kind: Any, value: str, heard: str, is_required: bool, settings: Any
) -> None:
    settings.REVY_GRAPHQL = {"REQUIRE_COMMIT_MESSAGE": is_required}
    request = request_of(None)
    request.META["HTTP_X_COMMIT_MESSAGE"] = "header"
    odd = make_odd_mutation(kind)
    result = odd.execute(f"mutation {{ act(commitMessage: {value}) }}", context_value=request)
    assert result.errors is None
    assert result.data == {"act": heard}
    assert messages() == ["header"]


def test_mutation_whose_output_is_a_connection_is_recorded() -> None:
    query = "mutation { act(commitMessage: 1) { edges { node } pageInfo { hasNextPage } } }"
    result = execute(query, make_odd_mutation(graphene.Int(), ConnectionPayload))
    assert result.data == {"act": {"edges": [{"node": "1"}], "pageInfo": None}}
    assert messages() == [""]


def test_client_mutation_id_comes_back_and_is_not_the_message() -> None:
    article = Article.objects.create(title="t")
    query = f"""mutation {{
        updateArticle(input: {{pk: "{article.pk}", body: "b", clientMutationId: "c1"}}, commitMessage: "m") {{
            clientMutationId
        }}
    }}"""
    assert execute(query).data == {"updateArticle": {"clientMutationId": "c1"}}
    assert messages() == ["m"]


def test_document_that_is_not_valid_runs_nothing() -> None:
    query = """mutation {
        createArticle(title: "t", commitMessage: "m") { article { id } }
        other: createArticle(title: "t", commitMessage: 7) { article { id } }
    }"""
    assert execute(query).errors
    assert is_empty()
    assert not Article.objects.exists()


def resolvers(schema: Any) -> dict[tuple[str, str], Any]:
    return {
        (name, field_name): field.resolve
        for name, kind in schema.graphql_schema.type_map.items()
        for field_name, field in getattr(kind, "fields", {}).items()
        if hasattr(field, "resolve")
    }


def test_resolvers_of_all_fields_but_mutations_are_the_very_same_as_before() -> None:
    tested = graphene.Schema(query=Query, mutation=Mutation)
    before = resolvers(tested)
    after = resolvers(revy_graphql.track(tested))
    changed = {
        key
        for key, resolve in after.items()
        if resolve is not before[key] and not (isinstance(resolve, ListResolver) and resolve.resolve is before[key])
    }
    assert {name for name, _field in changed} == {"Mutation", "ArticleMutations", "MarkedMutations"}
    assert changed <= set(find_mutation_fields(tested.graphql_schema))
