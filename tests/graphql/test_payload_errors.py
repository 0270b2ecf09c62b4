"""Mutations that report their errors in the payload, and REVY_GRAPHQL["IS_FAILURE"], which says what they are."""

from __future__ import annotations

from typing import Any

import graphene
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import connection
from django.urls import path
from graphene_django.views import GraphQLView

import revy_graphql
from tests.graphql.api import Api, is_empty, messages, recorded, request_of
from tests.graphql.app.models import Article

pytestmark = pytest.mark.django_db(transaction=True)


class UserError(graphene.ObjectType):
    message = graphene.String()


class Write(graphene.Mutation):
    class Arguments:
        title = graphene.String(required=True)
        error = graphene.String()

    title = graphene.String()
    user_errors = graphene.List(UserError)

    @staticmethod
    def mutate(root: Any, info: Any, title: str, error: str | None = None) -> Any:
        Article.objects.create(title=title)
        return Write(title=title, user_errors=[UserError(message=error)] if error else [])


class AsyncWrite(Write):
    @staticmethod
    async def mutate(root: Any, info: Any, title: str, error: str | None = None) -> Any:
        await Article.objects.acreate(title=title)
        return AsyncWrite(title=title, user_errors=[UserError(message=error)] if error else [])


class Query(graphene.ObjectType):
    hello = graphene.String()


class Mutation(revy_graphql.Mutation, graphene.ObjectType):
    write = Write.Field()
    later = AsyncWrite.Field()


schema = revy_graphql.Schema(query=Query, mutation=Mutation)
bare_schema = graphene.Schema(query=Query, mutation=Mutation)
urlpatterns = [path("graphql", GraphQLView.as_view(schema=schema))]

DOCUMENT = """mutation {
    first: NAME(title: "first", commitMessage: "1") { title userErrors { message } }
    bad: NAME(title: "bad", error: "no", commitMessage: "2") { title userErrors { message } }
    last: NAME(title: "last", commitMessage: "3") { title userErrors { message } }
}"""


def has_errors(result: Any, info: Any) -> bool:
    """Tell whether there are errors, and that it is told where the database may be used, with what was written."""
    assert info.field_name in ("write", "later", "restoreObject")
    if info.field_name != "restoreObject":
        assert Article.objects.filter(title=result.title).exists()
    return bool(getattr(result, "user_errors", None))


@pytest.fixture
def _hook(settings: Any) -> None:
    settings.REVY_GRAPHQL = {"IS_FAILURE": "tests.graphql.test_payload_errors.has_errors"}


def assert_bad_one_is_gone(data: Any) -> None:
    assert data["bad"] == {"title": "bad", "userErrors": [{"message": "no"}]}
    assert data["first"] == {"title": "first", "userErrors": []}
    assert data["last"] == {"title": "last", "userErrors": []}
    assert sorted(article.title for article in Article.objects.all()) == ["first", "last"]


@pytest.mark.usefixtures("_hook")
def test_failure_rolls_its_field_back_and_the_payload_arrives() -> None:
    result = schema.execute(DOCUMENT.replace("NAME", "write"), context_value=request_of(None))
    assert result.errors is None
    assert_bad_one_is_gone(result.data)
    assert messages() == ["1", "3"]


@pytest.mark.usefixtures("_hook")
@pytest.mark.parametrize("name", ["write", "later"])
def test_failure_on_an_event_loop_rolls_its_field_back(name: str) -> None:
    execute = async_to_sync(schema.execute_async)
    result = execute(DOCUMENT.replace("NAME", name), context_value=request_of(None))
    assert result.errors is None
    assert_bad_one_is_gone(result.data)
    assert messages() == ["1", "3"]


@pytest.mark.usefixtures("_hook")
@pytest.mark.parametrize("is_async", [False, True])
def test_failure_under_the_middleware_rolls_its_field_back(is_async: bool) -> None:
    document = DOCUMENT.replace("NAME", "write")
    for number in "123":
        document = document.replace(f', commitMessage: "{number}"', "")
    execute = async_to_sync(bare_schema.execute_async) if is_async else bare_schema.execute
    result = execute(document, context_value=request_of(None), middleware=[revy_graphql.RevyMutationMiddleware()])
    assert result.errors is None
    assert_bad_one_is_gone(result.data)
    assert messages() == ["", ""]


@pytest.mark.usefixtures("_hook")
def test_failure_without_a_request_rolls_its_field_back() -> None:
    assert_bad_one_is_gone(schema.execute(DOCUMENT.replace("NAME", "write")).data)


def test_payload_errors_are_results_like_any_other_by_default() -> None:
    result = schema.execute(DOCUMENT.replace("NAME", "write"))
    assert result.errors is None
    assert Article.objects.count() == 3
    assert messages() == ["1", "2", "3"]


@pytest.mark.usefixtures("_hook")
def test_failure_rolls_all_back_with_atomic_mutations(monkeypatch: Any, settings: Any) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_MUTATIONS", True)
    settings.ROOT_URLCONF = __name__
    api = Api.of(User.objects.create_user("editor"))
    answer = api(DOCUMENT.replace("NAME", "write"))
    assert answer.data["bad"]["userErrors"] == [{"message": "no"}]
    assert not Article.objects.exists()
    assert is_empty()


@pytest.mark.usefixtures("_hook")
def test_failure_over_http_leaves_its_siblings_alone(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    api = Api.of(User.objects.create_user("editor"))
    assert_bad_one_is_gone(api.ask(DOCUMENT.replace("NAME", "write")))
    assert messages() == ["1", "3"]


@pytest.mark.parametrize("is_async", [False, True])
def test_hook_that_fails_rolls_back_and_is_masked(is_async: bool, settings: Any, caplog: Any) -> None:
    settings.REVY_GRAPHQL = {"IS_FAILURE": lambda result, info: result.no_such_attribute}
    execute = async_to_sync(schema.execute_async) if is_async else schema.execute
    result = execute('mutation { write(title: "t") { title } }', context_value=request_of(None))
    assert [error.extensions for error in result.errors or ()] == [{"code": "INTERNAL"}]
    assert "no_such_attribute" in str(caplog.records[-1].exc_info[1])
    assert not Article.objects.exists()
    assert is_empty()


def test_hook_judges_restores_too(settings: Any) -> None:
    seen = []
    settings.REVY_GRAPHQL = {"IS_FAILURE": lambda result, info: seen.append(info.field_name) or result.errors == []}
    with recorded(message="1"):
        article = Article.objects.create(title="t", body="1")
    with recorded(message="2"):
        article.body = "2"
        article.save()
    query = f"""mutation {{ restoreObject(contentType: "gqlapp.article", contentId: "{article.pk}", version: 1) {{
        errors {{ code }} }} }}"""
    result = schema.execute(query, context_value=request_of(User.objects.create_superuser("root")))
    assert result.data == {"restoreObject": {"errors": []}}
    assert seen == ["restoreObject"]
    article.refresh_from_db()
    assert article.body == "2"
    assert messages() == ["1", "2"]
