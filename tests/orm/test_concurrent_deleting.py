"""Deletions that meet other writers: nothing falls that nobody has recorded."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from revy import Context
from revy.contrib.django.verification import verify
from tests.app.models import Code
from tests.orm.concurrency import open_transaction, start
from tests.orm.history import actions
from tests.orm.test_verify import wait_until_blocked
from tests.stress.app.models import Box, Tag

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time"),
]


def assert_true_history() -> None:
    differences: list[str] = []
    verify([Code, Box, Tag], strict=True, report=lambda difference: differences.append(str(difference)))
    assert differences == []


def test_object_that_comes_back_while_its_deletion_waits_does_not_fall_unrecorded() -> None:
    with Context():
        Code.objects.create(id="a")

    def recreate() -> None:
        with Context():
            Code.objects.filter(id="a").delete()
            Code.objects.create(id="a", label="again")

    def delete() -> None:
        with Context():
            Code.objects.filter(id="a").delete()

    with open_transaction(recreate):
        run = start(delete)
        wait_until_blocked()
    run.join()
    # PostgreSQL's DELETE does not find the new row, MariaDB's does.
    assert actions(Code, "a") == ("CDC" if Code.objects.exists() else "CDCD")
    assert_true_history()


def test_relation_that_is_added_while_others_are_cleared_does_not_fall_unrecorded() -> None:
    with Context():
        one, other = Box.objects.create(pk=1), Box.objects.create(pk=2)
        tag = Tag.objects.create(name="a")
        one.tags.add(tag)

    def add() -> None:
        with Context():
            Box.objects.select_for_update().get(pk=one.pk)
            other.tags.add(tag)

    def clear() -> None:
        with Context():
            Tag.objects.get().boxes.clear()

    with open_transaction(add):
        run = start(clear)
        wait_until_blocked()
    run.join()
    assert_true_history()


def test_relation_that_is_added_to_a_falling_object_is_not_left_to_its_successor_unrecorded() -> None:
    with Context():
        box, tag = Box.objects.create(pk=1), Tag.objects.create(name="a")

    def add() -> None:
        with Context():
            box.tags.add(tag)

    def recreate() -> None:
        with Context(), transaction.atomic():
            Box.objects.filter(pk=box.pk).delete()
            Box.objects.create(pk=box.pk)

    with open_transaction(add):
        run = start(recreate)
        wait_until_blocked()
    run.join()
    assert actions(Box, box.pk) == "CUDC"
    assert not Box.objects.get().tags.exists()
    assert_true_history()
