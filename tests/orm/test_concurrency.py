"""What others write between the statements of a write that is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection

from revy import Context
from revy.contrib.django.verification import verify
from tests.app.models import Code
from tests.orm.concurrency import start
from tests.orm.history import actions

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
]


@contextmanager
def after_the_first_lock(write: Callable[[], object]) -> Iterator[None]:
    """Have somebody else write, and commit, as soon as the block has locked rows."""
    is_due = True

    def wrapper(execute: Any, sql: str, *args: Any) -> Any:
        nonlocal is_due
        result = execute(sql, *args)
        if is_due and "FOR " in sql and " UPDATE" in sql:
            is_due = False
            start(write).join()
        return result

    with connection.execute_wrapper(wrapper):
        yield
    assert not is_due


def create_code() -> None:
    with Context():
        Code.objects.create(id="new", label="x")


def test_delete_leaves_rows_that_appeared_since_it_looked() -> None:
    Code.objects.create(id="a", label="x")
    with after_the_first_lock(create_code), Context():
        assert Code.objects.filter(label="x").delete() == (1, {"app.Code": 1})
    assert (actions(Code, "a"), actions(Code, "new")) == ("D", "C")
    assert list(Code.objects.values_list("pk", flat=True)) == ["new"]
    assert verify([Code]).is_clean


def test_update_leaves_rows_that_appeared_since_it_looked() -> None:
    Code.objects.create(id="a", label="x")
    with after_the_first_lock(create_code), Context():
        assert Code.objects.filter(label="x").update(label="y") == 1
    assert (actions(Code, "a"), actions(Code, "new")) == ("U", "C")
    assert verify([Code]).is_clean


def test_relations_cleared_from_the_other_side_are_those_that_were_there(alice: User, bob: User) -> None:
    group = Group.objects.create(name="a")
    alice.groups.add(group)

    def add() -> None:
        with Context():
            bob.groups.add(group)

    with after_the_first_lock(add), Context():
        group.user_set.clear()
    assert list(group.user_set.all()) == [bob]
    assert (actions(User, alice.pk), actions(User, bob.pk)) == ("U", "U")
    assert verify([User]).is_clean


def upsert(*objects: Code) -> None:
    targets: Any = {}
    if connection.features.supports_update_conflicts_with_target:
        targets = {"unique_fields": ["id"]}
    with Context():
        Code.objects.bulk_create(objects, update_conflicts=True, update_fields=["label"], **targets)


def test_upsert_of_a_row_that_appeared_since_it_looked_is_an_update() -> None:
    Code.objects.create(id="a", label="x")
    with after_the_first_lock(create_code):
        upsert(Code(id="a", label="y"), Code(id="new", label="y"))
    assert dict(Code.objects.values_list("pk", "label")) == {"a": "y", "new": "y"}
    assert (actions(Code, "a"), actions(Code, "new")) == ("U", "CU")
    assert verify([Code]).is_clean


def test_upsert_of_an_object_whose_deletion_was_not_recorded_is_a_create() -> None:
    create_code()
    Code.objects.all().delete()
    upsert(Code(id="new", label="y"))
    assert actions(Code, "new") == "CC"
