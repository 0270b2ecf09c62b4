"""Of many restores that expect the same version, one wins."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import nullcontext
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from revy.contrib.django.verification import verify
from tests.graphql.api import history_of, messages, recorded, request_of
from tests.graphql.app.models import Article
from tests.graphql.schema import schema
from tests.orm.concurrency import isolated, start

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 20

RESTORE = """mutation ($id: ID!, $expected: Int, $plan: String, $message: String, $version: Int = 1, $dry: Boolean) {
    restoreObject(
        contentType: "gqlapp.article", contentId: $id, version: $version, expectedVersion: $expected
        expectedPlan: $plan, commitMessage: $message, dryRun: $dry
    ) { objectDelta { version } plan { token } errors { code } }
}"""


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


def make_article() -> Article:
    with recorded(message="created"):
        article = Article.objects.create(title="t", body="1")
    with recorded(message="changed"):
        article.body = "2"
        article.save()
    return article


def restore_at_once(root: User, pk: int, level: str | None = None, **variables: Any) -> Counter[str]:
    """Restore with as many connections, all of them together; return what came of it."""
    barrier = threading.Barrier(CLIENTS, timeout=60)
    found: list[str] = []

    def run(number: int) -> None:
        connection.ensure_connection()
        with isolated(level) if level else nullcontext():
            barrier.wait()
            given = {"id": str(pk), "message": f"restored by {number}", **variables}
            result = schema.execute(RESTORE, context_value=request_of(root), variable_values=given)
        if result.errors:
            found.extend(error.extensions["code"] for error in result.errors)
        else:
            payload = result.data["restoreObject"]
            won = payload["objectDelta"] and f"version {payload['objectDelta']['version']}"
            found.extend([won] if won else [error["code"] for error in payload["errors"]] or ["nothing"])

    threads = [start(lambda number=number: run(number)) for number in range(CLIENTS)]
    for thread in threads:
        thread.join()
    return Counter(found)


def assert_one_won(found: Counter[str], article: Any, version: int) -> None:
    assert found[f"version {version}"] == 1
    assert found.total() == CLIENTS
    assert set(found) <= {f"version {version}", "CONFLICT", "RETRY"}
    deltas = history_of(article)
    assert [delta.version for delta in deltas] == list(range(1, version + 1))
    assert messages()[-1].startswith("restored by ")
    assert len(messages()) == version
    assert Article.objects.get(pk=article.pk).body == "1"
    assert verify([Article]).is_clean


def test_one_of_twenty_restores_wins(root: User) -> None:
    article = make_article()
    found = restore_at_once(root, article.pk, expected=2)
    assert_one_won(found, article, 3)
    assert found["CONFLICT"] == CLIENTS - 1


def test_one_of_twenty_restores_of_a_deleted_object_wins(root: User) -> None:
    article = make_article()
    pk = article.pk
    with recorded(message="deleted"):
        article.delete()
    article.pk = pk
    found = restore_at_once(root, pk, expected=3)
    assert_one_won(found, article, 4)
    assert found["CONFLICT"] == CLIENTS - 1


@pytest.mark.parametrize("is_deleted", [False, True])
def test_one_of_twenty_restores_that_expect_the_same_plan_wins(is_deleted: bool, root: User) -> None:
    article = make_article()
    pk = article.pk
    if is_deleted:
        with recorded(message="deleted"):
            article.delete()
        article.pk = pk
    given = {"id": str(pk), "dry": True}
    seen = schema.execute(RESTORE, context_value=request_of(root), variable_values=given).data["restoreObject"]
    found = restore_at_once(root, pk, plan=seen["plan"]["token"])
    assert_one_won(found, article, 4 if is_deleted else 3)
    assert found["CONFLICT"] == CLIENTS - 1


def test_restores_that_expect_nothing_are_no_conflict(root: User) -> None:
    article = make_article()
    found = restore_at_once(root, article.pk)
    assert found == {"version 3": 1, "nothing": CLIENTS - 1}
    assert [delta.version for delta in history_of(article)] == [1, 2, 3]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one isolation level")
@pytest.mark.parametrize("is_deleted", [False, True])
@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_one_of_twenty_restores_wins_where_reads_are_of_a_snapshot(level: str, is_deleted: bool, root: User) -> None:
    article = make_article()
    pk = article.pk
    if is_deleted:
        with recorded(message="deleted"):
            article.delete()
        article.pk = pk
    version = 3 if is_deleted else 2
    assert_one_won(restore_at_once(root, pk, level, expected=version), article, version + 1)
