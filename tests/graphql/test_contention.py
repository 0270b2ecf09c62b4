"""Deadlocks, lock timeouts and serialization failures, as a client sees them."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import graphene
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from graphql import GraphQLError

import revy_graphql
from revy.contrib.django.errors import ConcurrentWrite
from revy.contrib.django.verification import verify
from revy_graphql.contention import is_contention
from tests.graphql.api import history_of, is_empty, messages, recorded, request_of
from tests.graphql.app.models import Article
from tests.graphql.schema import schema
from tests.orm.concurrency import isolated, open_transaction, start

pytestmark = pytest.mark.django_db(transaction=True)

on = {
    vendor: pytest.mark.skipif(connection.vendor != vendor, reason=f"about {vendor}")
    for vendor in ("sqlite", "postgresql", "mysql")
}
with_row_locks = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks no rows")

RETRY = ("Another change got in the way. Try again.", {"code": "RETRY"})
INTERNAL = ("Internal error.", {"code": "INTERNAL"})


def execute(resolve: Callable[..., Any], query: str = 'mutation { act(commitMessage: "m") }') -> Any:
    """Execute a mutation `act` with that resolver."""

    class Query(graphene.ObjectType):
        hello = graphene.String()

    class Mutation(graphene.ObjectType):
        act = graphene.String(number=graphene.Int())
        resolve_act = staticmethod(resolve)

    tested = revy_graphql.Schema(query=Query, mutation=Mutation)
    return tested.execute(query, context_value=request_of(None))


def outcomes(result: Any) -> list[Any]:
    return [(error.message, error.extensions) for error in result.errors or ()]


def assert_retry_is_logged_as_a_warning(caplog: Any) -> None:
    (record,) = [record for record in caplog.records if record.name == "revy_graphql"]
    assert record.levelno == logging.WARNING
    assert record.exc_info is None
    assert "Mutation.act" in record.getMessage()


class DriverError(Exception):
    """What a driver raises: the codes are attributes or arguments."""


def driver_error(*args: Any, **attributes: Any) -> DriverError:
    error = DriverError(*args)
    for name, value in attributes.items():
        setattr(error, name, value)
    return error


def wrapped_by_django(cause: Exception) -> OperationalError:
    error = OperationalError(*cause.args)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        *(wrapped_by_django(driver_error("text", sqlstate=code)) for code in ("40001", "40P01", "55P03")),
        *(wrapped_by_django(driver_error("text", pgcode=code)) for code in ("40001", "40P01", "55P03")),
        *(wrapped_by_django(driver_error(code, "text")) for code in (1020, 1205, 1213, 3572)),
        *(wrapped_by_django(driver_error("text", sqlite_errorcode=code)) for code in (5, 6, 261, 262, 517)),
        driver_error("text", sqlstate="40001"),
        ConcurrentWrite("rows appeared"),
    ],
)
def test_code_of_the_driver_tells_contention_however_often_it_is_wrapped(error: Exception) -> None:
    assert is_contention(error)
    once, twice = ValueError("wrapped"), RuntimeError("again")
    once.__cause__, twice.__cause__ = error, once
    assert is_contention(twice)


@pytest.mark.parametrize(
    "error",
    [
        None,
        wrapped_by_django(driver_error("deadlock detected", sqlstate="23505")),
        wrapped_by_django(driver_error("database is locked", sqlite_errorcode=1)),
        wrapped_by_django(driver_error(1062, "deadlock")),
        wrapped_by_django(driver_error()),
        ValueError(1213),
        ValueError("database is locked"),
    ],
)
def test_text_and_other_codes_tell_no_contention(error: Exception | None) -> None:
    assert not is_contention(error)


def test_causes_that_go_round_end() -> None:
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert not is_contention(first)


def test_graphql_error_about_contention_is_for_clients_as_it_is() -> None:
    def act(root: Any, info: Any) -> None:
        raise GraphQLError("Come back later.") from wrapped_by_django(driver_error(sqlstate="40001"))

    assert outcomes(execute(act)) == [("Come back later.", {})]


def make_pair() -> list[int]:
    return [Article.objects.create(title=title, body="0").pk for title in ("one", "two")]


def write(pk: int, body: str) -> None:
    article = Article.objects.get(pk=pk)
    article.body = body
    article.save()


def cross(pks: list[int], act: Callable[[int, Callable[[], None]], Any]) -> list[Any]:
    """Run `act` twice at once, with a number and what waits until both have come that far; return what both gave."""
    barrier = threading.Barrier(2, timeout=60)
    results: list[Any] = []
    threads = [start(lambda number=number: results.append(act(number, barrier.wait))) for number in range(2)]
    for thread in threads:
        thread.join()
    return results


@with_row_locks
@pytest.mark.parametrize("wraps", [False, True])
def test_deadlock_is_a_retry_for_one_of_two_and_leaves_nothing_of_it(wraps: bool, caplog: Any) -> None:
    pks = make_pair()

    def run(number: int, wait: Callable[[], None]) -> Any:
        def act(root: Any, info: Any) -> str:
            write(pks[number], f"by {number}")
            wait()
            try:
                write(pks[1 - number], f"by {number}")
            except OperationalError as error:
                if wraps:
                    raise ValueError("secret text") from error
                raise
            return str(number)

        return execute(act)

    results = cross(pks, run)
    (winner,) = [result.data["act"] for result in results if result.errors is None]
    (loser,) = [result for result in results if result.errors is not None]
    assert loser.data == {"act": None}
    assert outcomes(loser) == [RETRY]
    assert {article.body for article in Article.objects.all()} == {f"by {winner}"}
    assert messages() == ["m"]
    assert verify([Article]).is_clean
    assert_retry_is_logged_as_a_warning(caplog)


@with_row_locks
@pytest.mark.parametrize("does_go_on", [False, True])
def test_deadlock_of_a_read_that_a_resolver_catches_is_a_retry(does_go_on: bool) -> None:
    """The database took the writes before it back, and would keep those after it."""
    pks = make_pair()

    def run(number: int, wait: Callable[[], None]) -> Any:
        def act(root: Any, info: Any) -> str:
            write(pks[number], f"by {number}")
            wait()
            try:
                list(Article.objects.select_for_update().filter(pk=pks[1 - number]))
            except OperationalError:
                if does_go_on:
                    Article.objects.create(title="never mind")
            return str(number)

        return execute(act)

    (retry,) = [outcome for result in cross(pks, run) for outcome in outcomes(result)]
    assert retry == RETRY
    assert sorted(article.body[:2] for article in Article.objects.all()) == ["0", "by"]
    assert messages() == ["m"]
    assert verify([Article]).is_clean


@with_row_locks
def test_lock_that_is_refused_within_a_savepoint_leaves_the_rest(caplog: Any) -> None:
    pks = make_pair()

    def act(root: Any, info: Any) -> str:
        write(pks[0], "mine")
        with pytest.raises(OperationalError), transaction.atomic():
            list(Article.objects.select_for_update(nowait=True).filter(pk=pks[1]))
        return "the rest"

    with open_transaction(lambda: write(pks[1], "other")):
        result = execute(act)
    assert result.data == {"act": "the rest"}
    assert {article.body for article in Article.objects.all()} == {"mine", "other"}
    assert messages() == ["m"]
    assert caplog.records == []


@with_row_locks
def test_deadlock_that_a_resolver_catches_is_a_retry_as_its_writes_are_gone(caplog: Any) -> None:
    pks = make_pair()

    def run(number: int, wait: Callable[[], None]) -> Any:
        def act(root: Any, info: Any) -> str:
            write(pks[number], f"by {number}")
            wait()
            try:
                write(pks[1 - number], f"by {number}")
            except OperationalError:
                return "never mind"
            return str(number)

        return execute(act)

    results = cross(pks, run)
    assert sorted(map(outcomes, results)) == [[], [RETRY]]
    assert "never mind" not in [result.data["act"] for result in results]
    assert len({article.body for article in Article.objects.all()}) == 1
    assert messages() == ["m"]
    assert verify([Article]).is_clean
    assert_retry_is_logged_as_a_warning(caplog)


@contextmanager
def lock_timeout() -> Iterator[None]:
    """Wait a second for locks, or less, on the connection of this thread."""
    statements = {
        "postgresql": ("SET lock_timeout = '100ms'", "SET lock_timeout = 0"),
        "mysql": ("SET innodb_lock_wait_timeout = 1", "SET innodb_lock_wait_timeout = 50"),
        "sqlite": ("PRAGMA busy_timeout = 50", "PRAGMA busy_timeout = 5000"),
    }
    begin, end = statements[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(begin)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(end)


@pytest.mark.parametrize("is_async", [False, True])
def test_lock_that_is_not_given_in_time_is_a_retry(is_async: bool) -> None:
    root = User.objects.create_superuser("root")
    with recorded(message="created"):
        article = Article.objects.create(title="t", body="1")
    with recorded(message="changed"):
        write(article.pk, "2")
    restore = f"""restoreObject(contentType: "gqlapp.article", contentId: "{article.pk}", version: 1) {{
        errors {{ code }} }}"""
    query = f"""mutation {{
        first: updateArticle(input: {{pk: {article.pk}, body: "3"}}) {{ article {{ id }} }}
        {restore}
    }}"""

    def run() -> Any:
        with lock_timeout():
            return schema.execute(query, context_value=request_of(root))

    async def run_async() -> Any:
        from asgiref.sync import sync_to_async

        locked = lock_timeout()
        await sync_to_async(locked.__enter__)()
        result = await schema.execute_async(query, context_value=request_of(root))
        await sync_to_async(locked.__exit__)(None, None, None)
        return result

    with open_transaction(lambda: Article.objects.filter(pk=article.pk).update(body="other")):
        result = async_to_sync(run_async)() if is_async else run()
    assert outcomes(result) == [RETRY, RETRY]
    assert result.data is None  # `restoreObject` may not be null
    article.refresh_from_db()
    assert article.body == "other"
    assert messages() == ["created", "changed"]
    again = schema.execute(query, context_value=request_of(root))
    assert again.errors is None
    assert len(history_of(article)) == 4


@on["sqlite"]
def test_write_lock_that_another_connection_holds_is_a_retry() -> None:
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with lock_timeout():
            result = execute(lambda root, info: str(Article.objects.create(title="t")))
    finally:
        other.close()
    assert outcomes(result) == [RETRY]
    assert is_empty()
    assert execute(lambda root, info: str(Article.objects.create(title="t"))).errors is None
    assert messages() == ["m"]


@on["sqlite"]
def test_lock_that_is_refused_to_a_resolver_which_goes_on_is_asked_for_again() -> None:
    """What follows the statement that could not begin the transaction must not be outside of one."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def act(root: Any, info: Any) -> None:
        with pytest.raises(OperationalError):
            Article.objects.first()
        other.rollback()
        Article.objects.create(title="t")
        raise ValueError

    try:
        with lock_timeout():
            assert outcomes(execute(act)) == [INTERNAL]
    finally:
        other.close()
    assert not Article.objects.exists()
    assert is_empty()


@on["postgresql"]
def test_row_that_changed_since_a_repeatable_read_began_is_a_retry(caplog: Any) -> None:
    (pk, _other) = make_pair()

    def act(root: Any, info: Any) -> None:
        Article.objects.count()
        start(lambda: Article.objects.filter(pk=pk).update(body="other")).join()
        write(pk, "mine")

    with isolated("REPEATABLE READ"):
        assert outcomes(execute(act)) == [RETRY]
    assert Article.objects.get(pk=pk).body == "other"
    assert is_empty()
    assert_retry_is_logged_as_a_warning(caplog)


@on["postgresql"]
def test_transactions_that_cannot_be_serialized_are_a_retry_at_the_commit_too() -> None:
    """Both read what the other one writes; neither waits, and the last one to commit is refused."""

    def run(number: int, wait: Callable[[], None]) -> Any:
        def act(root: Any, info: Any) -> str:
            title = f"{number} after {Article.objects.count()}"
            wait()
            Article.objects.create(title=title)
            wait()
            return title

        with isolated("SERIALIZABLE"):
            return execute(act)

    results = cross([], run)
    assert sorted(map(outcomes, results)) == [[], [RETRY]]
    assert Article.objects.count() == 1
    assert messages() == ["m"]
    assert verify([Article]).is_clean


def test_read_that_gives_way_is_a_retry(caplog: Any) -> None:
    root = User.objects.create_superuser("root")

    def give_way(run: Any, sql: str, *args: Any) -> Any:
        if "object" in sql.lower() and "delta" in sql.lower():
            raise wrapped_by_django(driver_error(sqlstate="40001"))
        return run(sql, *args)

    with recorded(message="m"):
        Article.objects.create(title="t")
    with connection.execute_wrapper(give_way):
        result = schema.execute("{ revisions { edges { node { id } } } }", context_value=request_of(root))
    assert outcomes(result) == [RETRY]
    assert [record.levelno for record in caplog.records if record.name == "revy_graphql"] == [logging.WARNING]


def test_flush_that_gives_way_is_a_retry_and_leaves_nothing() -> None:
    def give_way(run: Any, sql: str, *args: Any) -> Any:
        if "INSERT" in sql and "objectdelta" in sql.lower():
            raise wrapped_by_django(driver_error(sqlstate="40P01"))
        return run(sql, *args)

    with connection.execute_wrapper(give_way):
        result = execute(lambda root, info: str(Article.objects.create(title="t")))
    assert outcomes(result) == [RETRY]
    assert not Article.objects.exists()
    assert is_empty()


def test_rollback_of_the_resolvers_own_is_no_retry_after_an_earlier_deadlock() -> None:
    """The connection remembers its last error for longer than the transaction that it took down."""
    connection.rollback_exc = wrapped_by_django(driver_error(sqlstate="40P01"))

    def act(root: Any, info: Any) -> str:
        Article.objects.create(title="t")
        transaction.set_rollback(True)
        return "taken back"

    result = execute(act)
    assert result.errors is None
    assert result.data == {"act": "taken back"}
    assert not Article.objects.exists()
    assert is_empty()
