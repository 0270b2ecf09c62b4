from __future__ import annotations

from typing import Any

import graphene
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection
from graphql import GraphQLError

import revy_graphql
from revy import Context
from revy_graphql.namespace import find_mutation_fields
from revy_graphql.tracking import TrackedResolver
from tests.graphql.api import Api, counted_queries, history_of, is_empty, messages, recorded, request_of
from tests.graphql.app.models import Article, Bot
from tests.graphql.mutations import CreateArticle, FailArticle
from tests.graphql.schema import bare_schema, schema

pytestmark = pytest.mark.django_db

KINDS = {
    "graphene": 'createArticle(title: "t", commitMessage: $m) { article { title } }',
    "client_id": 'inputMessageArticle(input: {title: "t", clientMutationId: "1"}, commitMessage: $m) { heard }',
    "form": 'formArticle(input: {title: "t"}, commitMessage: $m) { errors { field } }',
    "model_form": 'modelFormArticle(input: {title: "t", body: "b"}, commitMessage: $m) { errors { field } }',
    "serializer": 'serializeArticle(input: {title: "t"}, commitMessage: $m) { errors { field } }',
    "plain": "plainArticle(commitMessage: $m) { ok }",
    "namespace": 'articles { create(title: "t", commitMessage: $m) { article { title } } }',
    "plain_in_namespace": 'articles { plain(title: "t", commitMessage: $m) }',
    "marked_namespace": 'marked { plain(title: "t", commitMessage: $m) }',
    "namespace_within_itself": 'articles { again { create(title: "t", commitMessage: $m) { article { title } } } }',
    "namespace_with_arguments": 'scoped(pk: 1) { create(title: "t", commitMessage: $m) { article { title } } }',
    "nested_namespace": 'outer { articles { create(title: "t", commitMessage: $m) { article { title } } } }',
}


@pytest.mark.parametrize("kind", KINDS)
def test_mutation_of_every_kind_is_one_revision_with_message_and_actor(kind: str, as_editor: Api, editor: User) -> None:
    as_editor.ask(f"mutation ($m: String) {{ {KINDS[kind]} }}", m="why not")
    article = Article.objects.get()
    (delta,) = history_of(article)
    assert messages() == ["why not"]
    assert delta.revision.description == "why not"
    assert delta.actor == editor


def test_mutation_without_message_has_an_empty_description(as_editor: Api) -> None:
    as_editor.ask('mutation { createArticle(title: "t") { article { title } } }')
    assert messages() == [""]


def test_anonymous_mutation_has_no_actor(anonymous: Api) -> None:
    anonymous.ask('mutation { createArticle(title: "t", commitMessage: "m") { article { title } } }')
    assert history_of(Article.objects.get())[0].actor is None


def test_mutation_that_writes_nothing_leaves_no_revision(as_editor: Api) -> None:
    article = Article.objects.create(title="t", body="b")
    query = 'mutation ($pk: ID!) { updateArticle(input: {pk: $pk, body: "b"}) { article { id } } }'
    as_editor.ask(query, pk=article.pk)
    assert is_empty()


@pytest.mark.parametrize("kind", ["raised", "returned", "database", "graphql"])
@pytest.mark.parametrize("path", ["/graphql", "/middleware", "/both"])
def test_failing_mutation_leaves_neither_data_nor_history(kind: str, path: str, as_editor: Api) -> None:
    answer = as_editor('mutation ($k: String!) { failArticle(title: "t", kind: $k) { ok } }', path=path, k=kind)
    assert answer.data == {"failArticle": None}
    assert not Article.objects.exists()
    assert is_empty()


def test_failing_mutation_in_a_namespace_leaves_its_siblings_alone(as_editor: Api) -> None:
    answer = as_editor(
        """mutation { articles {
            fail(title: "first", kind: "raised") { ok }
            create(title: "second", commitMessage: "kept") { article { title } }
        } }"""
    )
    assert answer.data["articles"]["fail"] is None
    assert [article.title for article in Article.objects.all()] == ["second"]
    assert messages() == ["kept"]


def test_exceptions_are_masked_and_logged(as_editor: Api, caplog: Any) -> None:
    answer = as_editor('mutation { failArticle(title: "t", kind: "raised") { ok } }')
    assert [error["message"] for error in answer.errors] == ["Internal error."]
    assert answer.codes == ["INTERNAL"]
    (record,) = [record for record in caplog.records if record.name == "revy_graphql"]
    assert "Mutation.failArticle" in record.getMessage()
    assert "secret text" in str(record.exc_info[1])


def test_database_errors_are_masked(as_editor: Api) -> None:
    answer = as_editor('mutation { failArticle(title: "t", kind: "database") { ok } }')
    assert [(error["message"], error["extensions"]) for error in answer.errors] == [
        ("Internal error.", {"code": "INTERNAL"})
    ]


def test_graphql_errors_reach_the_client_as_they_are(as_editor: Api) -> None:
    answer = as_editor('mutation { failArticle(title: "t", kind: "graphql") { ok } }')
    assert [error["message"] for error in answer.errors] == ["for clients"]


def test_form_errors_roll_back_their_field_alone(as_editor: Api) -> None:
    data = as_editor.ask(
        """mutation {
            good: formArticle(input: {title: "good 1"}, commitMessage: "1") { errors { field } }
            bad: formArticle(input: {title: "bad"}, commitMessage: "2") { errors { messages } }
            later: formArticle(input: {title: "good 2"}, commitMessage: "3") { errors { field } }
        }"""
    )
    assert data["bad"]["errors"] == [{"messages": ["bad title"]}]
    assert {article.title for article in Article.objects.all()} == {"good 1", "good 2"}
    assert messages() == ["1", "3"]


def test_form_errors_still_roll_back_all_with_atomic_mutations(as_editor: Api, monkeypatch: Any) -> None:
    """The flag has to stay on the request, where GraphQLView looks for it."""
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_MUTATIONS", True)
    as_editor(
        """mutation {
            bad: formArticle(input: {title: "bad"}) { errors { field } }
            later: formArticle(input: {title: "good"}) { errors { field } }
        }"""
    )
    assert not Article.objects.exists()
    assert is_empty()


def test_every_root_field_is_a_revision_of_its_own_inside_an_outer_context(editor: User) -> None:
    create = 'createArticle(title: "%s") { article { id } }'
    query = f"mutation {{ a: {create % 'a'} b: {create % 'b'} }}"
    with Context(), Context.via_revision_description("outer"):
        result = schema.execute(query, context_value=request_of(editor))
    assert result.errors is None
    assert messages() == ["outer", "outer"]


def test_resolver_may_set_the_description_itself(as_editor: Api) -> None:
    as_editor.ask('mutation { contextMessageArticle(commitMessage: "given") }')
    assert messages() == ["set in the resolver"]


def test_commit_message_over_the_limit_is_invalid_and_nothing_runs(as_editor: Api) -> None:
    query = 'mutation ($m: String) { createArticle(title: "t", commitMessage: $m) { article { id } } }'
    assert as_editor(query, m="x" * 10_001).codes == ["INVALID"]
    assert not Article.objects.exists()
    assert as_editor(query, m="x" * 10_000).errors == []


@pytest.mark.parametrize("message", ["nul \x00", "half \ud800"])
def test_commit_message_that_no_database_can_store_is_invalid(message: str, as_editor: Api) -> None:
    query = 'mutation ($m: String) { createArticle(title: "t", commitMessage: $m) { article { id } } }'
    assert as_editor(query, m=message).codes == ["INVALID"]


def test_own_argument_is_used_and_passed_on(as_editor: Api) -> None:
    data = as_editor.ask('mutation { ownMessageArticle(title: "t", commitMessage: "own") { heard } }')
    assert data == {"ownMessageArticle": {"heard": "own"}}
    assert messages() == ["own"]


def test_input_field_is_used_and_passed_on(as_editor: Api) -> None:
    data = as_editor.ask('mutation { inputMessageArticle(input: {title: "t", commitMessage: "own"}) { heard } }')
    assert data == {"inputMessageArticle": {"heard": "own"}}
    assert messages() == ["own"]


def test_added_argument_wins_over_input_field_and_header(as_editor: Api) -> None:
    arguments = 'input: {title: "t", commitMessage: "input"}, commitMessage: "added"'
    query = f"mutation {{ inputMessageArticle({arguments}) {{ heard }} }}"
    as_editor(query, headers={"X-Commit-Message": "header"})
    assert messages() == ["added"]


@pytest.mark.parametrize("path", ["/graphql", "/middleware", "/both"])
def test_header_is_the_last_resort(path: str, as_editor: Api) -> None:
    query = 'mutation { createArticle(title: "t") { article { id } } }'
    as_editor(query, path=path, headers={"X-Commit-Message": "header"})
    assert messages() == ["header"]


@pytest.mark.parametrize(
    ("sent", "read"), [("Grüße".encode().decode("latin-1"), "Grüße"), ("Grüße", "Grüße"), ("日本", "日本")]
)
def test_header_is_read_as_utf_8_where_it_is(sent: str, read: str, as_editor: Api) -> None:
    as_editor('mutation { createArticle(title: "t") { article { id } } }', headers={"X-Commit-Message": sent})
    assert messages() == [read]


def test_header_over_the_limit_is_invalid(as_editor: Api) -> None:
    query = 'mutation { createArticle(title: "t") { article { id } } }'
    assert as_editor(query, headers={"X-Commit-Message": "x" * 10_001}).codes == ["INVALID"]


def test_middleware_records_a_schema_that_is_not_wrapped(as_editor: Api, editor: User) -> None:
    query = 'mutation { inputMessageArticle(input: {title: "t", commitMessage: "own"}) { heard } }'
    assert as_editor(query, path="/middleware").errors == []
    assert messages() == ["own"]
    assert history_of(Article.objects.get())[0].actor == editor


def test_middleware_records_below_a_namespace(as_editor: Api) -> None:
    query = 'mutation { outer { articles { create(title: "t") { article { id } } } } }'
    assert as_editor(query, path="/middleware", headers={"X-Commit-Message": "m"}).errors == []
    assert messages() == ["m"]


def test_middleware_on_a_wrapped_schema_passes_through(as_editor: Api) -> None:
    query = 'mutation { createArticle(title: "t", commitMessage: "kept") { article { id } } }'
    assert as_editor(query, path="/both").errors == []
    assert messages() == ["kept"]


def test_middleware_lets_queries_pass(as_editor: Api) -> None:
    assert as_editor("{ hello }", path="/middleware").data == {"hello": "hello"}


def test_middleware_on_a_wrapped_schema_opens_no_second_transaction(as_editor: Api) -> None:
    query = 'mutation { createArticle(title: "t") { article { id } } }'
    counts = []
    for path in ("/graphql", "/both"):
        Article.objects.all().delete()
        with counted_queries() as queries:
            as_editor(query, path=path)
        counts.append(str(queries).count("SAVEPOINT"))
    assert counts[0] == counts[1] > 0


def test_bare_schema_records_nothing_but_restores(as_editor: Api) -> None:
    with recorded():
        article = Article.objects.create(title="t", body="1")
    Article.objects.update(body="2")
    as_editor.ask('mutation { createArticle(title: "unseen") { article { id } } }', path="/bare")
    query = """mutation ($pk: ID!) {
        restoreObject(contentType: "gqlapp.article", contentId: $pk, version: 1, commitMessage: "back") {
            errors { code }
        }
    }"""
    assert as_editor.ask(query, path="/bare", pk=article.pk) == {"restoreObject": {"errors": []}}
    assert messages() == ["", "back"]


def test_get_actor_decides_who_acts(as_editor: Api, settings: Any) -> None:
    bot = Bot.objects.create(name="robot")
    settings.REVY_GRAPHQL = {"GET_ACTOR": lambda info: bot}
    as_editor.ask('mutation { createArticle(title: "t") { article { id } } }')
    assert history_of(Article.objects.get())[0].actor == bot


def test_get_actor_may_be_a_dotted_path(as_editor: Api, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"GET_ACTOR": "tests.graphql.test_tracking.get_no_actor"}
    as_editor.ask('mutation { createArticle(title: "t") { article { id } } }')
    assert history_of(Article.objects.get())[0].actor is None


def get_no_actor(info: Any) -> None:
    return None


@pytest.mark.parametrize("value", ["no.such.path", 42])
def test_wrong_get_actor_fails_masked_and_names_the_setting_in_the_log(
    value: Any, as_editor: Api, settings: Any, caplog: Any
) -> None:
    settings.REVY_GRAPHQL = {"GET_ACTOR": value}
    assert as_editor('mutation { createArticle(title: "t") { article { id } } }').codes == ["INTERNAL"]
    assert "REVY_GRAPHQL['GET_ACTOR']" in str(caplog.records[-1].exc_info[1])


def test_context_without_user_has_no_actor(db: None) -> None:
    result = schema.execute('mutation { createArticle(title: "t", commitMessage: "m") { article { title } } }')
    assert result.errors is None
    assert messages() == ["m"]


def test_context_with_anonymous_user_has_no_actor(db: None) -> None:
    result = schema.execute(
        'mutation { createArticle(title: "t") { article { title } } }', context_value=request_of(AnonymousUser())
    )
    assert result.errors is None
    assert history_of(Article.objects.get())[0].actor is None


def test_queries_are_not_touched(as_editor: Api) -> None:
    query_type = schema.graphql_schema.query_type
    assert not any(isinstance(field.resolve, TrackedResolver) for field in query_type.fields.values())
    assert as_editor.ask("{ hello }") == {"hello": "hello"}


def test_payload_fields_are_not_tracked() -> None:
    payload = schema.graphql_schema.get_type("CreateArticle")
    assert not any(isinstance(field.resolve, TrackedResolver) for field in payload.fields.values())


def test_namespace_fields_are_not_mutations_themselves() -> None:
    fields = schema.graphql_schema.mutation_type.fields
    for name in ("articles", "marked", "outer", "scoped"):
        assert not isinstance(fields[name].resolve, TrackedResolver)
        assert "commitMessage" not in fields[name].args


def test_track_twice_wraps_once() -> None:
    schema = graphene.Schema(query=_Query, mutation=type("M", (_Mutation, graphene.ObjectType), {}))
    assert revy_graphql.track(revy_graphql.track(schema)) is schema
    resolve = schema.graphql_schema.mutation_type.fields["create"].resolve
    assert isinstance(resolve, TrackedResolver)
    assert not isinstance(resolve.resolve, TrackedResolver)


def test_track_leaves_other_schemas_alone() -> None:
    field = bare_schema.graphql_schema.mutation_type.fields["createArticle"]
    assert "commitMessage" not in field.args
    assert not isinstance(field.resolve, TrackedResolver)


def test_track_accepts_a_schema_without_mutations() -> None:
    assert revy_graphql.Schema(query=_Query).graphql_schema.mutation_type is None


class _Query(graphene.ObjectType):
    hello = graphene.String()


class _Mutation:
    create = CreateArticle.Field()


def test_mutations_within_a_mutation_share_no_transaction_with_siblings(editor: User) -> None:
    """A resolver that runs another document gets what that document wrote, and rolls back all of it."""

    class Nested(graphene.Mutation):
        ok = graphene.Boolean()

        @staticmethod
        def mutate(root: Any, info: Any) -> Any:
            inner = schema.execute(
                'mutation { createArticle(title: "inner", commitMessage: "i") { article { id } } }',
                context_value=info.context,
            )
            assert inner.errors is None
            raise GraphQLError("outer fails")

    nested = revy_graphql.Schema(query=_Query, mutation=type("N", (graphene.ObjectType,), {"nested": Nested.Field()}))
    result = nested.execute("mutation { nested { ok } }", context_value=request_of(editor))
    assert [error.message for error in result.errors or ()] == ["outer fails"]
    assert not Article.objects.exists()
    assert is_empty()


def make_mutation(output: Any) -> Any:
    meta = type("Meta", (), {"output": output})
    return type("Made", (graphene.Mutation,), {"Meta": meta, "mutate": FailArticle.mutate})


def tracked_fields(field: Any) -> set[tuple[str, str]]:
    mutation = type("Mutation", (graphene.ObjectType,), {"field": field})
    return set(find_mutation_fields(revy_graphql.Schema(query=_Query, mutation=mutation).graphql_schema))


def test_mutation_class_with_an_output_of_its_own_makes_a_namespace() -> None:
    namespace = type("Space", (graphene.ObjectType,), {"made": make_mutation(_Query).Field()})
    assert tracked_fields(graphene.Field(namespace)) == {("Space", "made")}


def test_field_of_a_mutation_class_is_a_mutation_whatever_its_output_holds() -> None:
    namespace = type("Space", (graphene.ObjectType,), {"made": make_mutation(_Query).Field()})
    assert tracked_fields(make_mutation(namespace).Field()) == {("Mutation", "field")}
