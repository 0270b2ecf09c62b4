"""The view: limits before anything is executed, and errors that give nothing away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from graphene_django.views import HttpError

from revy_graphql import GraphQLView
from tests.graphql.api import Api, counted_queries, is_empty
from tests.graphql.app.models import Article
from tests.graphql.schema import schema

pytestmark = pytest.mark.django_db

FAILING = 'mutation { failArticle(title: "t", kind: "raised") { ok } }'


def post(body: Any, path: str = "/graphql", content_type: str = "application/json") -> tuple[int, Any]:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    response = Client().post(path, content, content_type=content_type)
    return response.status_code, json.loads(response.content)


def codes(answer: Any) -> list[Any]:
    return [error["extensions"]["code"] for error in answer["errors"]]


@pytest.mark.parametrize(
    "body",
    [
        "nonsense", "[]", "5", "null", '"text"', b"\xff\xfe", '{"query": 5}', '{"query": ["{ hello }"]}', "{}",
        '{"query": "{ hello }", "variables": [1]}', '{"query": "{ hello }", "variables": "[1]"}',
        '{"query": "{ hello }", "variables": "nonsense"}', '{"query": "{ hello }", "variables": 7}',
        '{"query": "{ hello }", "operationName": ["a"]}', '{"query": "{ hello }", "operationName": "b"}',
        "[" * 100_000, '{"query": ' + "[" * 5_000 + "]" * 5_000 + "}",
        '{"query": "{ nothing }"}', '{"query": "{ hello"}', '{"query": "\\ud800"}', '{"query": "{ hello \\u0000 }"}',
        '{"query": "query ($n: Int!) { hello }"}', '{"query": "type Query { a: Int }"}', '{"query": "#"}',
        '{"query": "query ($n: Int) { revisions(first: $n) { totalCount } }", "variables": {"n": 1e400}}',
    ],
)  # fmt: skip
def test_requests_that_make_no_sense_are_invalid(body: Any) -> None:
    status, answer = post(body)
    assert status == 400
    assert set(codes(answer)) == {"INVALID"}
    assert all(error["message"] for error in answer["errors"])


def test_body_that_is_not_utf8_is_invalid_as_graphql_too() -> None:
    status, answer = post(b"{ hello \xff }", content_type="application/graphql")
    assert (status, codes(answer)) == (400, ["INVALID"])


def test_other_methods_are_refused_with_a_code(client: Client) -> None:
    response = client.delete("/graphql")
    assert response.status_code == 405
    assert response.json()["errors"][0]["extensions"] == {"code": "INVALID"}
    response = client.get("/graphql", {"query": FAILING})
    assert response.status_code == 405
    assert response.json()["errors"][0]["extensions"] == {"code": "INVALID"}


def test_view_checks_the_token_of_django() -> None:
    response = Client(enforce_csrf_checks=True).post("/csrf", {"query": "{ hello }"})
    assert response.status_code == 403


# Documents


@pytest.mark.parametrize("opening", ["{a", "{a(b:{c:", "{a(b:[", "query($a:[", "{a{... on B{"])
def test_document_that_is_nested_too_deeply_is_refused_before_it_is_parsed(opening: str) -> None:
    status, answer = post({"query": opening * 10_000})
    assert (status, codes(answer)) == (400, ["TOO_COMPLEX"])
    assert "100 brackets" in answer["errors"][0]["message"]


def test_document_with_too_many_tokens_is_refused_before_it_is_parsed(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_TOKENS": 9}
    nine = '{ hello(a: """ { { { \\""" { """) # { { {\n}'
    assert codes(post({"query": nine})[1]) == ["INVALID"]
    status, answer = post({"query": f"{nine} ."})
    assert (status, codes(answer)) == (400, ["TOO_COMPLEX"])
    assert "more than 9 tokens" in answer["errors"][0]["message"]


def test_brackets_in_strings_and_comments_are_none() -> None:
    brackets = "{[(" * 200
    for string in (
        f'"{brackets}"',
        f'"\\"{brackets}"',
        f'"""{brackets}"""',
        f'"""\\""" {brackets}"""',
        f'""" " "" {brackets}"""',
    ):
        assert codes(post({"query": f"{{ node(id: {string}) {{ id }} }}"})[1]) != ["TOO_COMPLEX"]
    assert post({"query": f"{{ hello #{brackets}\n }}"}) == (200, {"data": {"hello": "hello"}})


def test_validation_rules_are_used_without_being_named() -> None:
    status, answer = post({"query": "{ __schema { description } }"})
    assert (status, codes(answer)) == (400, ["FORBIDDEN"])
    status, answer = post({"query": "{ revisions(first: 1000000) { totalCount } }"})
    assert (status, codes(answer)) == (400, ["TOO_COMPLEX", "INVALID"])


def test_rules_of_the_project_replace_the_view_s_own() -> None:
    own = GraphQLView.validation_rules[:-1]
    assert GraphQLView(schema=schema, validation_rules=own).validation_rules == own


def test_connections_of_the_project_are_counted_with_their_variables(as_superuser: Api, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_NODES": 50}
    query = "query ($n: Int) { articlePages(first: $n) { edges { node { id } } } }"
    assert as_superuser(query, n=50).errors == []
    with counted_queries() as queries:
        answer = as_superuser(query, n=51)
    assert answer.codes == ["TOO_COMPLEX"]
    assert "51 nodes" in answer.errors[0]["message"]
    assert len(queries) == 0, str(queries)


# Batches


def test_batch_is_answered_request_by_request() -> None:
    status, answer = post([{"query": "{ hello }", "id": 1}, {"query": "{ nothing }", "id": 2}], "/batch")
    assert status == 400
    assert [entry["status"] for entry in answer] == [200, 400]


@pytest.mark.parametrize(
    "body", ['{"query": "{ hello }"}', "[]", "[5]", '[["{ hello }"]]', '[{"query": "{ hello }"}, null]']
)
def test_batch_that_is_no_list_of_requests_is_invalid(body: str) -> None:
    status, answer = post(body, "/batch")
    assert (status, codes(answer)) == (400, ["INVALID"])


def test_batch_in_a_form_is_invalid(client: Client) -> None:
    response = client.post("/batch", {"query": "{ hello }"})
    assert (response.status_code, codes(response.json())) == (400, ["INVALID"])
    assert client.get("/batch", {"query": "{ hello }"}).status_code == 400


def test_batch_above_the_limit_is_refused_before_anything_is_executed(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_BATCH": 2}
    request = {"query": 'mutation { createArticle(title: "t") { article { id } } }'}
    status, answer = post([request] * 3, "/batch")
    assert (status, codes(answer)) == (400, ["TOO_COMPLEX"])
    assert "3 requests; at most 2" in answer["errors"][0]["message"]
    assert not Article.objects.exists()
    assert len(post([request] * 2, "/batch")[1]) == 2


def test_each_request_of_a_batch_has_its_own_budget(as_superuser: Api, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"MAX_NODES": 50}
    request = {"query": "query ($n: Int) { revisions(first: $n) { totalCount } }"}
    body = [{**request, "variables": {"n": size}} for size in (10, 60, 50)]
    response = as_superuser.client.post("/batch", json.dumps(body), content_type="application/json")
    assert [entry["status"] for entry in response.json()] == [200, 400, 200]


# Errors


class Unexpected(Exception):
    pass


@pytest.mark.parametrize("path", ["/graphql", "/batch"])
def test_exception_of_a_resolver_is_masked_and_logged(path: str, caplog: Any) -> None:
    request = {"query": '{ failing(kind: "exception") hello }'}
    status, answer = post(request if path == "/graphql" else [request], path)
    answer = answer if path == "/graphql" else answer[0]
    assert status == 200
    assert answer["data"] == {"failing": None, "hello": "hello"}
    (error,) = answer["errors"]
    assert error == {
        "message": "Internal error.", "extensions": {"code": "INTERNAL"},
        "path": ["failing"], "locations": [{"line": 1, "column": 3}],
    }  # fmt: skip
    assert "secret text" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize(
    "id",
    [
        "",
        "x",
        "QXJ0aWNsZVR5cGU6eA==",
        "Tm90ZVR5cGU6eA==",
        "SW50OjE=",
        "X19TY2hlbWE6MQ==",
        "QXJ0aWNsZVR5cGU6OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
        "Qm90VHlwZTox",
        "Tm9wZTox",
        "Tm90ZVR5cGU6AA==",
    ],
)
def test_id_that_relay_cannot_read_is_invalid(id: str, caplog: Any, as_superuser: Api) -> None:
    answer = as_superuser("query ($id: ID!) { node(id: $id) { id } hello }", id=id)
    assert answer.data == {"node": None, "hello": "hello"}
    assert answer.codes in (["INVALID"], [])
    assert caplog.text == ""


def test_page_that_graphene_django_refuses_is_invalid(caplog: Any, as_superuser: Api) -> None:
    answer = as_superuser("{ articlePages(first: 101) { edges { node { id } } } }")
    assert answer.codes == ["INVALID"]
    assert "101 records" in answer.errors[0]["message"]
    assert caplog.text == ""


def test_page_of_a_negative_size_is_invalid(caplog: Any, as_superuser: Api) -> None:
    answer = as_superuser("{ articlePages(last: -1) { edges { node { id } } } }")
    assert answer.codes == ["INVALID"]
    assert "non-negative" in answer.errors[0]["message"]
    assert caplog.text == ""


def test_broken_cursor_beside_an_offset_is_invalid(caplog: Any, as_superuser: Api) -> None:
    answer = as_superuser('{ articlePages(offset: 1, after: "x") { edges { node { id } } } }')
    assert answer.codes == ["INVALID"]
    assert caplog.text == ""


def test_value_error_of_the_project_is_no_refusal(caplog: Any) -> None:
    _, answer = post({"query": '{ failing(kind: "exception") }'})
    assert codes(answer) == ["INTERNAL"]
    assert "ValueError" in caplog.text


def test_null_where_there_must_be_none_is_masked_and_logged(caplog: Any) -> None:
    status, answer = post({"query": '{ failing(kind: "exception") must }'})
    assert status == 200
    assert codes(answer) == ["INTERNAL", "INTERNAL"]
    assert "Query.must" in caplog.text


def test_error_for_clients_is_shown_as_it_is(caplog: Any) -> None:
    _, answer = post({"query": '{ failing(kind: "graphql") }'})
    (error,) = answer["errors"]
    assert error["message"] == "for clients"
    assert "extensions" not in error
    assert caplog.text == ""


def test_mutation_that_fails_is_masked_once_and_writes_nothing(caplog: Any) -> None:
    _, answer = post({"query": FAILING})
    assert codes(answer) == ["INTERNAL"]
    assert "secret text" in caplog.text
    assert caplog.text.count("Traceback") == 1
    assert is_empty()


def test_exception_of_the_view_is_masked_logged_and_rolled_back(caplog: Any, settings: Any) -> None:
    class Failing(GraphQLView):
        def get_response(self, *args: Any, **kwargs: Any) -> Any:
            Article.objects.create(title="t")
            raise Unexpected("secret text")

    request = RequestFactory().post("/graphql", {"query": "{ hello }"})
    response = Failing.as_view(schema=schema)(request)
    assert response.status_code == 500
    assert json.loads(response.content) == {
        "errors": [{"message": "Internal error.", "extensions": {"code": "INTERNAL"}}]
    }
    assert "secret text" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_exception_of_the_view_rolls_an_atomic_request_back(monkeypatch: Any) -> None:
    class Failing(GraphQLView):
        def get_response(self, *args: Any, **kwargs: Any) -> Any:
            Article.objects.create(title="t")
            raise Unexpected("secret text")

    from django.db import transaction

    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    with transaction.atomic():
        Failing.as_view(schema=schema)(RequestFactory().post("/graphql", {"query": "{ hello }"}))
    assert not Article.objects.exists()


def test_what_django_answers_is_left_to_django(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    response = Client().post("/graphql", b"{ hello     }", content_type="application/graphql")
    assert response.status_code == 400


def test_http_error_of_a_subclass_is_shown(client: Client) -> None:
    from django.http import HttpResponseForbidden

    class Closed(GraphQLView):
        def get_response(self, *args: Any, **kwargs: Any) -> Any:
            raise HttpError(HttpResponseForbidden(), "Closed for today.")

    response = Closed.as_view(schema=schema)(RequestFactory().post("/graphql", {"query": "{ hello }"}))
    assert response.status_code == 403
    assert json.loads(response.content)["errors"][0]["message"] == "Closed for today."


def test_graphiql_is_shown_as_before(rf: RequestFactory, db: None) -> None:
    request = rf.get("/graphql", HTTP_ACCEPT="text/html")
    request.user = User()
    response = GraphQLView.as_view(schema=schema, graphiql=True)(request)
    assert response.status_code == 200
    assert b"graphiql" in response.content
