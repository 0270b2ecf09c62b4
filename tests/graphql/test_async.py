from __future__ import annotations

import asyncio
from typing import Any

import graphene
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from django.db import IntegrityError, connection

import revy_graphql
from revy import Context
from tests.graphql.api import history_of, is_empty, messages, recorded, request_of
from tests.graphql.app.models import Article
from tests.graphql.schema import bare_schema, schema

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def idle_connection() -> Any:
    """Fail the test that leaves a transaction open."""
    yield
    assert not connection.in_atomic_block


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


def run(query: str, user: Any, schema: Any = schema, **options: Any) -> Any:
    return async_to_sync(schema.execute_async)(query, context_value=request_of(user), **options)


KINDS = {
    "graphene": 'createArticle(title: "t", commitMessage: "m") { article { title } }',
    "model_form": 'modelFormArticle(input: {title: "t", body: "b"}, commitMessage: "m") { errors { field } }',
    "serializer": 'serializeArticle(input: {title: "t"}, commitMessage: "m") { errors { field } }',
    "plain": 'plainArticle(commitMessage: "m") { ok }',
    "coroutine": 'asyncArticle(title: "t", commitMessage: "m") { title }',
    "coroutine_of_client_id": 'asyncInputArticle(input: {title: "t"}, commitMessage: "m") { title }',
    "coroutine_in_namespace": 'articles { acreate(title: "t", commitMessage: "m") { title } }',
}


@pytest.mark.parametrize("kind", KINDS)
def test_mutation_of_every_kind_is_one_revision(kind: str, root: User) -> None:
    result = run(f"mutation {{ {KINDS[kind]} }}", root)
    assert result.errors is None
    assert messages() == ["m"]
    assert {delta.actor for delta in history_of(Article.objects.get())} == {root}


def test_coroutine_under_the_middleware_is_one_revision(root: User) -> None:
    middleware = [revy_graphql.RevyMutationMiddleware()]
    request = request_of(root)
    request.META["HTTP_X_COMMIT_MESSAGE"] = "m"
    query = 'mutation { asyncArticle(title: "t") { title } }'
    result = async_to_sync(bare_schema.execute_async)(query, context_value=request, middleware=middleware)
    assert result.errors is None
    assert messages() == ["m"]
    assert len(history_of(Article.objects.get())) == 2


def test_failing_coroutine_leaves_no_trace_and_its_siblings_alone(root: User) -> None:
    result = run(
        """mutation {
            fails: asyncArticle(title: "first", fails: true) { title }
            works: asyncArticle(title: "second", commitMessage: "kept") { title }
        }""",
        root,
    )
    assert result.data == {"fails": None, "works": {"title": "second"}}
    assert [(error.message, error.extensions) for error in result.errors] == [("Internal error.", {"code": "INTERNAL"})]
    assert [article.title for article in Article.objects.all()] == ["second"]
    assert messages() == ["kept"]


def test_form_errors_roll_back_their_field_alone(root: User) -> None:
    result = run(
        """mutation {
            bad: formArticle(input: {title: "bad"}) { errors { messages } }
            good: formArticle(input: {title: "good"}, commitMessage: "kept") { errors { messages } }
        }""",
        root,
    )
    assert result.data["bad"]["errors"] == [{"messages": ["bad title"]}]
    assert [article.title for article in Article.objects.all()] == ["good"]
    assert messages() == ["kept"]


def test_mutations_gathered_in_a_namespace_keep_apart(root: User) -> None:
    """graphql-core runs the fields below a namespace at once, and all of them share a connection."""
    result = run(
        """mutation { articles {
            a: acreate(title: "a", commitMessage: "a") { title }
            b: acreate(title: "b", fails: true, commitMessage: "b") { title }
            c: acreate(title: "c", commitMessage: "c") { title }
        } }""",
        root,
    )
    assert result.data["articles"]["b"] is None
    assert sorted(article.title for article in Article.objects.all()) == ["a", "c"]
    assert sorted(messages()) == ["a", "c"]


def test_documents_executed_at_once_keep_apart(root: User) -> None:
    query = "mutation ($t: String!, $f: Boolean) { asyncArticle(title: $t, fails: $f, commitMessage: $t) { title } }"

    async def execute_all() -> None:
        await asyncio.gather(
            *(
                schema.execute_async(
                    query, context_value=request_of(root), variable_values={"t": str(n), "f": n % 3 == 0}
                )
                for n in range(10)
            )
        )

    async_to_sync(execute_all)()
    kept = [str(n) for n in range(10) if n % 3]
    assert sorted(article.title for article in Article.objects.all()) == kept
    assert sorted(messages()) == kept
    assert all(len(history_of(article)) == 2 for article in Article.objects.all())


def make_schema(mutate: Any, **arguments: Any) -> Any:
    class Mutation(graphene.ObjectType):
        act = graphene.String(**arguments)
        resolve_act = staticmethod(mutate)

    class Query(graphene.ObjectType):
        hello = graphene.String()

    return revy_graphql.Schema(query=Query, mutation=Mutation)


def test_sync_resolver_that_returns_an_awaitable_is_one_revision(root: User) -> None:
    async def later(article: Article) -> str:
        article.body = "2"
        await article.asave()
        return "done"

    def act(parent: Any, info: Any) -> Any:
        return later(Article.objects.create(title="t", body="1"))

    result = run('mutation { act(commitMessage: "m") }', root, make_schema(act))
    assert result.errors is None
    assert messages() == ["m"]
    assert len(history_of(Article.objects.get())) == 2


def test_document_within_a_coroutine_does_not_wait_for_itself(root: User) -> None:
    async def act(parent: Any, info: Any) -> str:
        query = 'mutation { asyncArticle(title: "inner", commitMessage: "inner") { title } }'
        results = await asyncio.gather(
            schema.execute_async(query, context_value=info.context),
            schema.execute_async(query.replace("inner", "other"), context_value=info.context),
        )
        assert [result.errors for result in results] == [None, None]
        await Article.objects.acreate(title="outer")
        return "done"

    result = run('mutation { act(commitMessage: "outer") }', root, make_schema(act))
    assert result.errors is None
    assert sorted(messages()) == ["inner", "other", "outer"]


def test_cancelled_coroutine_leaves_no_trace(root: User) -> None:
    started = []

    async def act(parent: Any, info: Any) -> str:
        await Article.objects.acreate(title="t")
        started.append(True)
        await asyncio.Event().wait()
        return "never"

    async def cancel() -> None:
        task = asyncio.ensure_future(make_schema(act).execute_async("mutation { act }", context_value=request_of(root)))
        while not started:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async_to_sync(cancel)()
    assert not Article.objects.exists()
    assert is_empty()


def test_cancelled_at_any_step_and_twice_leaves_no_transaction_open(root: User) -> None:
    async def act(parent: Any, info: Any) -> str:
        return "never"

    async def cancel() -> None:
        for steps in range(30):
            task = asyncio.ensure_future(
                make_schema(act).execute_async("mutation { act }", context_value=request_of(root))
            )
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert not await sync_to_async(lambda: connection.in_atomic_block)()

    async_to_sync(cancel)()


def test_context_ends_with_the_mutation(root: User) -> None:
    async def act(parent: Any, info: Any) -> str:
        assert Context.get_actor() == root
        return "done"

    async def execute() -> None:
        result = await make_schema(act).execute_async("mutation { act }", context_value=request_of(root))
        assert result.errors is None
        assert not Context.is_enabled()

    async_to_sync(execute)()


def test_awaitable_of_a_sync_execution_is_recorded_when_it_is_awaited(root: User) -> None:
    from graphql import execute, parse

    async def wait(awaitable: Any) -> Any:
        return await awaitable

    document = parse('mutation { asyncArticle(title: "t", commitMessage: "m") { title } }')
    awaitable: Any = execute(schema.graphql_schema, document, context_value=request_of(root))
    result = async_to_sync(wait)(awaitable)
    assert result.errors is None
    assert messages() == ["m"]


def test_history_is_read_and_restored_on_an_event_loop(root: User) -> None:
    with recorded(root, "created"):
        article = Article.objects.create(title="t", body="1")
    with recorded(root, "changed"):
        article.body = "2"
        article.save()
    page = """revisions(contentType: "gqlapp.article", contentId: "PK") { totalCount
        pageInfo { hasNextPage hasPreviousPage }
        edges { node { id description actors { display node { id } } objectDeltas { totalCount pageInfo { hasNextPage }
            edges { node { id version snapshot object { id } revision { id } actor { display }
                attributeDeltas { fieldName newValue actor { display } } } } } } } }"""
    query = f"{{ {page} }}".replace("PK", str(article.pk))
    expected = schema.execute(query, context_value=request_of(root))
    assert expected.errors is None
    result = run(query, root)
    assert result.errors is None
    assert result.data == expected.data

    restore = f"""mutation {{ restoreObject(contentType: "gqlapp.article", contentId: "{article.pk}", version: 1,
        commitMessage: "back") {{ errors {{ code }} revision {{ description }} objectDelta {{ version }} }} }}"""
    result = run(restore, root)
    assert result.errors is None
    assert result.data["restoreObject"] == {
        "errors": [], "revision": {"description": "back"}, "objectDelta": {"version": 3},
    }  # fmt: skip
    node = expected.data["revisions"]["edges"][0]["node"]["id"]
    result = run(f'{{ node(id: "{node}") {{ id }} revision(id: "{node}") {{ id }} }}', root)
    assert result.data == {"node": {"id": node}, "revision": {"id": node}}


@pytest.mark.skipif(connection.vendor == "mysql", reason="MariaDB and MySQL check constraints at once")
def test_constraint_that_the_commit_checks_is_reported_masked_and_leaves_siblings_alone(
    root: User, caplog: Any
) -> None:
    def act(parent: Any, info: Any, draft: int) -> str:
        return str(Article.objects.create(title=str(draft), draft_id=draft or None))

    async def act_later(parent: Any, info: Any, draft: int) -> str:
        return str(await Article.objects.acreate(title=str(draft), draft_id=draft or None))

    for resolve in (act, act_later):
        query = """mutation {
            a: act(draft: 999, commitMessage: "a") b: act(draft: 0, commitMessage: "b")
            c: act(draft: 998, commitMessage: "c")
        }"""
        result = run(query, root, make_schema(resolve, draft=graphene.Int()))
        assert result.data == {"a": None, "b": "0", "c": None}
        assert [error.extensions for error in result.errors] == [{"code": "INTERNAL"}] * 2
        assert [article.title for article in Article.objects.all()] == ["0"]
        Article.objects.all().delete()
    assert messages() == ["b", "b"]
    logged = [record.exc_info[0] for record in caplog.records if record.name == "revy_graphql"]
    assert logged == [IntegrityError] * 4


def test_get_actor_that_fails_is_masked_and_runs_nothing(root: User, settings: Any, caplog: Any) -> None:
    def get_actor(info: Any) -> Any:
        if info.path.key == "fails":
            raise LookupError("secret text")
        return User.objects.get()

    settings.REVY_GRAPHQL = {"GET_ACTOR": get_actor}
    for field in ("asyncArticle", "createArticle"):
        payload = "title" if field == "asyncArticle" else "article { title }"
        result = run(
            f"""mutation {{
                fails: {field}(title: "1", commitMessage: "1") {{ {payload} }}
                works: {field}(title: "{field}", commitMessage: "2") {{ {payload} }}
            }}""",
            root,
        )
        assert result.data["fails"] is None
        assert [(error.message, error.extensions) for error in result.errors] == [
            ("Internal error.", {"code": "INTERNAL"})
        ]
    assert "secret text" in str(caplog.records[-1].exc_info[1])
    assert sorted(article.title for article in Article.objects.all()) == ["asyncArticle", "createArticle"]
    assert messages() == ["2", "2"]


def test_awaitable_that_fails_after_a_sync_write_leaves_no_trace(root: User) -> None:
    async def later() -> str:
        raise ValueError

    def act(parent: Any, info: Any) -> Any:
        Article.objects.create(title="t")
        return later()

    result = run("mutation { act }", root, make_schema(act))
    assert [error.extensions for error in result.errors] == [{"code": "INTERNAL"}]
    assert not Article.objects.exists()
    assert is_empty()


def test_coroutine_that_returns_an_exception_leaves_no_trace(root: User) -> None:
    async def act(parent: Any, info: Any) -> Any:
        await Article.objects.acreate(title="t")
        return ValueError("secret text")

    result = run("mutation { act }", root, make_schema(act))
    assert [error.message for error in result.errors] == ["Internal error."]
    assert not Article.objects.exists()
    assert is_empty()
