"""Transactions of PostgreSQL's whose BEGIN and COMMIT go with other statements."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from revy import Context
from revy.contrib.django.transactions import write_transaction
from tests.app.models import Code, Post
from tests.orm.history import Revision, actions

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL takes several statements at once"),
]


def is_idle() -> bool:
    return connection.get_autocommit() and connection.connection.info.transaction_status.name == "IDLE"


def test_save_in_autocommit_takes_two_round_trips() -> None:
    code = Code.objects.create(id="a")
    ContentType.objects.get_for_model(Code)
    with CaptureQueriesContext(connection) as captured, Context():
        code.label = "new"
        code.save()
    first, last = (query["sql"] for query in captured if query["sql"] not in ("BEGIN", "COMMIT"))
    assert first.startswith("BEGIN; UPDATE ")
    assert last.endswith("; COMMIT")
    assert is_idle()
    assert actions(Code, "a") == "U"


def test_first_statement_that_fails_leaves_no_transaction() -> None:
    Code.objects.create(id="a")
    with Context(), pytest.raises(IntegrityError):
        Code.objects.create(id="a")
    assert is_idle()
    with Context():
        Code.objects.create(id="b")
    assert (actions(Code, "a"), actions(Code, "b")) == ("", "C")


def test_constraint_that_is_checked_by_the_commit_takes_the_history_with_it() -> None:
    post = Post(author_id=-1, title="nobody's")
    with Context(), pytest.raises(IntegrityError):
        post.save()
    assert is_idle()
    assert not Post.objects.exists()
    assert not Revision.objects.exists()


def test_transaction_without_a_statement_ends() -> None:
    with Context():
        assert Code.objects.bulk_create([]) == []
        assert Code.objects.none().update(label="x") == 0
    assert is_idle()


def test_first_statement_that_takes_many_begins_by_itself(monkeypatch: Any) -> None:
    def look_up(self: Any, instance: Any, add: bool) -> Any:
        with connection.cursor() as cursor:
            cursor.executemany("SELECT %s", [("a",), ("b",)])
        return getattr(instance, self.attname)

    monkeypatch.setattr(type(Code._meta.get_field("label")), "pre_save", look_up)
    with Context():
        Code.objects.create(id="a", label="x")
    assert is_idle()
    assert actions(Code, "a") == "C"


def test_isolation_level_is_said_by_the_driver() -> None:
    from psycopg import IsolationLevel

    connection.ensure_connection()
    connection.connection.isolation_level = IsolationLevel.SERIALIZABLE
    try:
        with Context(), CaptureQueriesContext(connection) as captured:
            Code.objects.create(id="a")
        assert not any(query["sql"].startswith("BEGIN; ") for query in captured)
    finally:
        connection.connection.isolation_level = None
    assert actions(Code, "a") == "C"


def test_transaction_of_the_projects_own_commits_with_its_history() -> None:
    with CaptureQueriesContext(connection) as captured, transaction.atomic(), Context():
        Code.objects.create(id="a")
    assert [query["sql"] for query in captured][-2].endswith("; COMMIT")
    assert is_idle()
    assert actions(Code, "a") == "C"


def test_first_statement_that_cannot_be_read_leaves_the_next_ones_in_the_transaction() -> None:
    """PostgreSQL reads all statements before it runs any, so that the BEGIN before this one is not run."""
    with pytest.raises(ZeroDivisionError), write_transaction("default"):
        with pytest.raises(ProgrammingError), connection.cursor() as cursor:
            cursor.execute("SELECT FROM WHERE")
        Code.objects.create(id="a")
        raise ZeroDivisionError
    assert is_idle()
    assert not Code.objects.exists()


def test_transaction_without_a_statement_runs_what_waits_for_its_commit() -> None:
    called = []
    with write_transaction("default"):
        transaction.on_commit(lambda: called.append(True))
        assert not called
    assert called
    assert is_idle()
