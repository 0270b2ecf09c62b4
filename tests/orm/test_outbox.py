"""History that waits for the end of its transaction: nobody can tell that it does."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from revy import Context
from revy.contrib.django import insertion
from revy.contrib.django.batches import BATCH
from revy.contrib.django.transactions import ledger_of
from tests.app.models import Code, Invoice, Post
from tests.orm.history import AttributeDelta, ObjectDelta, Revision, actions, counting, deltas_of, write_history

KEYS = (1, 2)


class RollBack(Exception):
    """Ends a block without an effect."""


def save(pk: int, value: int) -> None:
    Invoice(pk=pk, amount=value).save()


def save_loaded(pk: int, value: int) -> None:
    for invoice in Invoice.objects.filter(pk=pk):
        invoice.amount = value
        invoice.exchange_rate = F("exchange_rate") + value
        invoice.save()


def save_field(pk: int, value: int) -> None:
    for invoice in Invoice.objects.filter(pk=pk):
        invoice.local_amount = value
        invoice.save(update_fields=["local_amount"])


def update(pk: int, value: int) -> None:
    Invoice.objects.filter(pk=pk).update(amount=value)


def update_all(pk: int, value: int) -> None:
    Invoice.objects.update(amount=F("amount") + value)


def delete(pk: int, value: int) -> None:
    Invoice.objects.filter(pk=pk).delete()


def describe(pk: int, value: int) -> None:
    Context.set_revision_description(str(value))


def update_unrecorded(pk: int, value: int) -> None:
    with Context.as_disabled():
        Invoice.objects.filter(pk=pk).update(amount=value)


def create_unrecorded(pk: int, value: int) -> None:
    with Context.as_disabled():
        Invoice.objects.get_or_create(pk=pk, defaults={"amount": value})


STEPS: tuple[Callable[[int, int], None], ...] = (
    save, save_loaded, save_field, update, update_all, delete, describe, update_unrecorded, create_unrecorded,
)  # fmt: skip
step = st.tuples(st.sampled_from(STEPS), st.sampled_from(KEYS), st.integers(0, 3))


def lists_with(inner: Any) -> Any:
    # A block of its own: what becomes of it, whether it has a context of its own, and what it does.
    block = st.tuples(st.sampled_from(["plain", "saved", "undone"]), st.booleans(), inner)
    return st.lists(st.one_of(step, step, block), min_size=2, max_size=8)


steps = lists_with(lists_with(st.lists(step, min_size=1, max_size=4)))


def run(todo: list[Any], after_each: Callable[[], None]) -> None:
    for first, second, third in todo:
        if callable(first):
            first(second, third)
        else:
            with (
                suppress(RollBack),
                nullcontext() if first == "plain" else transaction.atomic(),
                Context.via_revision_description("inner") if second else nullcontext(),
            ):
                run(third, after_each)
                if first == "undone":
                    raise RollBack
        after_each()


def history() -> list[Any]:
    """Return all of the history, but for keys and times; revisions by the order in which they have deltas."""
    found: list[Any] = []
    numbers: dict[int, int] = {}
    for delta in ObjectDelta.objects.order_by("pk").select_related("revision"):
        number = numbers.setdefault(delta.revision_id, len(numbers))
        changes = [
            (change.field_name, change.old_value, change.new_value)
            for change in AttributeDelta.objects.filter(object_delta=delta).order_by("field_name")
        ]
        told = (delta.content_id, delta.version, delta.action, delta.state, delta.description)
        found.append((number, delta.revision.description, *told, changes))
    return [found, Revision.objects.count()]


class TestEveryOrder(TestCase):
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(steps, st.sampled_from([1, 2, 3, 32]))
    def test_history_is_the_same_as_if_each_change_was_written_at_once(self, todo: list[Any], interval: int) -> None:
        histories = []
        with override_settings(REVY_KEYFRAME_INTERVAL=interval):
            for after_each in (write_history, lambda: None):
                with suppress(RollBack), transaction.atomic():
                    with Context():
                        for key in KEYS:
                            save(key, 0)
                        run(todo, after_each)
                    histories.append(history())
                    raise RollBack
        assert histories[0] == histories[1]


@pytest.mark.django_db
def test_changes_of_one_transaction_are_written_in_one_go(alice: User) -> None:
    posts = [Post.objects.create(author=alice, title=str(number)) for number in range(30)]
    with counting() as captured, transaction.atomic(), Context.via_actor(alice):
        for post in posts:
            post.title = "new"
            post.save()
    kinds = [query["sql"].split(maxsplit=1)[0] for query in captured]
    assert kinds.count("INSERT") == 3
    assert ObjectDelta.objects.count() == 30


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["SELECT COUNT(*) FROM {}", "/* why not */ SELECT COUNT(*) FROM {}"])
def test_raw_statements_see_what_waits(sql: str) -> None:
    with Context(), connection.cursor() as cursor:
        Code.objects.create(id="a")
        cursor.execute(sql.format(ObjectDelta._meta.db_table))
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db
def test_raw_savepoints_keep_what_was_before_them() -> None:
    with Context(), connection.cursor() as cursor:
        Code.objects.create(id="a")
        cursor.execute("SAVEPOINT here")
        Code.objects.create(id="b")
        cursor.execute("ROLLBACK TO SAVEPOINT here")
    assert (actions(Code, "a"), actions(Code, "b")) == ("C", "")
    assert list(Code.objects.values_list("pk", flat=True)) == ["a"]


@pytest.mark.django_db
def test_statements_around_what_waits_keep_their_wrappers() -> None:
    seen: list[str] = []

    def wrapper(execute: Any, sql: str, *args: Any) -> Any:
        seen.append(sql)
        return execute(sql, *args)

    with Context():
        with connection.execute_wrapper(wrapper):
            Code.objects.create(id="a")
        Code.objects.create(id="b")
        assert not any(ObjectDelta._meta.db_table in sql for sql in seen)
    assert (actions(Code, "a"), actions(Code, "b")) == ("C", "C")
    assert connection.execute_wrappers == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [DatabaseError, ZeroDivisionError])
def test_history_that_cannot_be_written_takes_its_transaction_with_it(monkeypatch: Any, error: Any) -> None:
    def fail(*args: Any) -> Any:
        raise error

    def change_two() -> None:
        with transaction.atomic(), Context():
            Code.objects.create(id="a")
            Code.objects.create(id="b")
            monkeypatch.setattr(insertion.Table, "compose", fail)
            monkeypatch.setattr(insertion.Table, "insert", fail)

    with pytest.raises(error):
        change_two()
    monkeypatch.undo()
    assert not Code.objects.exists()
    assert not Revision.objects.exists()
    with Context():
        Code.objects.create(id="a")
    assert actions(Code, "a") == "C"


@pytest.mark.django_db(transaction=True)
def test_history_is_there_when_the_transaction_has_committed() -> None:
    found: list[int] = []
    with transaction.atomic(), Context():
        Code.objects.create(id="a")
        transaction.on_commit(lambda: found.append(ObjectDelta.objects.count()))
    assert found == [1]


@pytest.mark.django_db(transaction=True)
def test_transactions_ended_by_hand_have_their_history() -> None:
    connection.set_autocommit(False)
    try:
        with Context():
            Code.objects.create(id="a")
            connection.rollback()
            Code.objects.create(id="b")
            connection.commit()
    finally:
        connection.set_autocommit(True)
    assert (actions(Code, "a"), actions(Code, "b")) == ("", "C")


@pytest.mark.django_db
def test_large_batches_are_written_in_the_order_of_the_changes() -> None:
    with Context():
        Code.objects.create(id="first")
        Code.objects.bulk_create(Code(id=f"{number:05}") for number in range(BATCH + 10))
        Code.objects.create(id="last")
    keys = list(ObjectDelta.objects.order_by("pk").values_list("content_id", flat=True))
    assert keys == ["first", *(f"{number:05}" for number in range(BATCH + 10)), "last"]


@pytest.mark.django_db
def test_revision_is_there_for_who_asks_for_it() -> None:
    with Context():
        Code.objects.create(id="a")
        revision = Context.get_revision()
        assert revision == Revision.objects.get()
        Context.set_revision_description("later")
    assert Revision.objects.get().description == "later"
    assert deltas_of(Code, "a").get().revision == revision


@pytest.mark.django_db(transaction=True)
def test_scopes_end_with_their_blocks() -> None:
    with Context() as context:
        Code.objects.create(id="a")
        ended = weakref.ref(context)
    del context
    gc.collect()
    assert len(ledger_of(connection).entries) == 0
    assert ended() is None


@pytest.mark.django_db
def test_object_that_came_back_unrecorded_while_its_deletion_waited_gets_its_whole_state() -> None:
    with Context():
        code = Code.objects.create(id="a", label="x")
        write_history()
        code.delete()
        with Context.as_disabled():
            Code.objects.create(id="a", label="y")
        Code.objects.filter(id="a").update(label="z")
    assert [delta.state for delta in deltas_of(Code, "a")][1:] == [{"id": "a", "label": "x"}, {"id": "a", "label": "z"}]


@pytest.mark.django_db(transaction=True)
def test_revision_that_was_looked_at_and_rolled_back_is_never_used_again() -> None:
    with Context():
        with suppress(RollBack), transaction.atomic():
            Code.objects.create(id="a")
            assert ObjectDelta.objects.count() == 1
            raise RollBack
        Code.objects.create(id="b")
    assert (actions(Code, "a"), actions(Code, "b")) == ("", "C")
    assert deltas_of(Code, "b").get().revision == Revision.objects.get()
