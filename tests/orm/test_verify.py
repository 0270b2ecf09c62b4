"""What was changed behind the back of the history is found, and can be recorded afterwards."""

from __future__ import annotations

import gc
import io
import tracemalloc
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from revy import Context
from revy.contrib.django.baseline import baseline
from revy.contrib.django.verification import Difference, Kind, Verification, verify
from tests.app.models import Code, Comment, Document, Everything, Pizzeria, Place, Post, Restaurant
from tests.orm.concurrency import open_transaction, start
from tests.orm.history import (
    AttributeDelta,
    ObjectDelta,
    Revision,
    actions,
    changes,
    deltas_of,
    recorded,
    snapshots,
    values_of,
)
from tests.orm.strategies import VALUES

pytestmark = pytest.mark.django_db
EVERY_MODEL = (Code, Comment, Document, Everything, Place, Restaurant, Pizzeria, Post, User)
REPAIRED = "Repaired: the row was changed without being recorded."


class Killed(Exception):
    pass


def execute(sql: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


def run(*tracked: type[models.Model], **options: Any) -> tuple[list[Difference], Verification]:
    found: list[Difference] = []
    verification = verify(tracked, report=found.append, **options)
    return found, verification


def messages(*tracked: type[models.Model], **options: Any) -> list[str]:
    return [str(difference) for difference in run(*tracked, **options)[0]]


def make_codes(keys: Iterable[str]) -> None:
    with Context():
        for key in keys:
            Code.objects.create(id=key, label="1")
        Code.objects.update(label="2")


def spoil(keys: Iterable[str]) -> None:
    """Change, delete and bring back rows without anybody noticing, in turn."""
    for number, key in enumerate(keys):
        if number % 3 == 0:
            execute("UPDATE app_code SET label = 'spoiled' WHERE id = %s", key)
        elif number % 3 == 1:
            execute("DELETE FROM app_code WHERE id = %s", key)
        else:
            with Context():
                Code.objects.get(id=key).delete()
            execute("INSERT INTO app_code (id, label) VALUES (%s, 'back')", key)


def assert_clean(*tracked: type[models.Model], **options: Any) -> None:
    found, verification = run(*tracked, **options)
    assert found == []
    assert verification.is_clean


def test_what_the_orm_wrote_is_clean(alice: User, settings: Any) -> None:
    settings.REVY_KEYFRAME_INTERVAL = 3
    with Context.via_actor(alice):
        post = Post.objects.create(author=alice, title="a", price="1.5", data={"k": [1, None]})
        for title in "bcdefgh":
            post.title, post.editor = title, (alice if post.editor is None else None)
            post.save()
        Comment.objects.create(post=post, text="x")
        pizzeria = Pizzeria.objects.create(name="a", stars=3)
        pizzeria.ovens = 5
        pizzeria.save()
        Place.objects.update(name="b")
        make_codes("abc")
        Code.objects.get(id="b").delete()
        Code.objects.create(id="b")
        Document.objects.create(slug="a").delete()
        alice.delete()
    for size in (1, 2, 3, 2000):
        assert_clean(*EVERY_MODEL, batch_size=size)


class TestEveryValue(TestCase):
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(st.fixed_dictionaries({}, optional=VALUES), min_size=1, max_size=4))
    def test_every_value_is_clean(self, states: list[dict[str, Any]]) -> None:
        with Context():
            instance = Everything.objects.create()
            for state in states:
                Everything.objects.filter(pk=instance.pk).update(**state)
        Everything.objects.create(**states[0])
        baseline([Everything])
        assert_clean(Everything)


@pytest.mark.parametrize("value", [1e300, -1e16, 5.0, 1e-300])
def test_floats_are_clean_however_the_database_writes_them_in_json(value: float) -> None:
    with Context():
        Everything.objects.create(float=value)
        instance = Everything.objects.create(float=1)
        Everything.objects.update(float=value)
        instance.delete()
    assert_clean(Everything)


def test_changed_row_is_reported_with_each_attribute(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a", price="1.5", body="b" * 100)
    execute("UPDATE app_post SET title = 'raw', price = 2, body = '' WHERE id = %s", post.pk)
    (difference,), verification = run(Post)
    assert difference.kind is Kind.CHANGED
    assert difference.changes == (("title", "a", "raw"), ("body", "b" * 100, ""), ("price", "1.50", "2.00"))
    assert str(difference) == (
        f"app.Post '{post.pk}': title 'a' → 'raw', body '{'b' * 58}… → '', price '1.50' → '2.00'"
    )
    assert (verification.histories, verification.found, verification.is_clean) == (1, {Kind.CHANGED: 1}, False)


def test_row_of_a_parents_table_is_part_of_every_model() -> None:
    with Context():
        pizzeria = Pizzeria.objects.create(name="a")
    execute("UPDATE app_place SET name = 'raw' WHERE id = %s", pizzeria.pk)
    found, _verification = run(Place, Restaurant, Pizzeria, repair=True)
    assert [(difference.model, difference.changes) for difference in found] == [
        (model, (("name", "a", "raw"),)) for model in (Place, Restaurant, Pizzeria)
    ]
    assert_clean(Place, Restaurant, Pizzeria)


def test_row_that_came_back_is_reported() -> None:
    with Context():
        Code.objects.create(id="x").delete()
    execute("INSERT INTO app_code (id, label) VALUES ('x', '')")
    assert messages(Code) == ["app.Code 'x': is there, but its last version (2) deletes it"]


def test_row_that_is_gone_is_reported() -> None:
    make_codes("x")
    execute("DELETE FROM app_code")
    assert messages(Code) == ["app.Code 'x': is gone, but its last version (2) does not delete it"]


def test_history_of_a_key_that_no_object_can_have_is_that_of_one_that_is_gone(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a")
    deltas_of(Post, post.pk).update(content_id="no number")
    assert [difference.kind for difference in run(Post, repair=True)[0]] == [Kind.GONE]
    assert_clean(Post)


def test_objects_without_history_are_counted_and_differ_only_when_strict() -> None:
    make_codes("a")
    Code.objects.create(id="b")
    Code.objects.create(id="c")
    found, verification = run(Code, batch_size=1)
    assert (found, verification.without_history, verification.is_clean) == ([], 2, True)
    found, verification = run(Code, batch_size=1, strict=True)
    assert [(difference.kind, difference.content_id) for difference in found] == [
        (Kind.UNRECORDED, "b"),
        (Kind.UNRECORDED, "c"),
    ]
    assert not verification.is_clean


def test_attribute_that_was_never_recorded_or_is_no_more_does_not_differ() -> None:
    make_codes("a")
    Code.objects.create(id="b")
    baseline([Code])
    deltas_of(Code, "b").update(state={"id": "b", "dropped": 1})
    assert_clean(Code)


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ([1], "version 1 is missing"),
        ([2], "version 2 is missing"),
        ([2, 3], "versions 2 to 3 are missing"),
    ],
)
def test_missing_versions_are_reported(missing: list[int], message: str) -> None:
    make_codes("a")
    with Context():
        for label in "3456":
            Code.objects.update(label=label)
    deltas_of(Code, "a").filter(version__in=missing).delete()
    for size in (1, 2, 2000):
        assert f"app.Code 'a': {message}" in messages(Code, batch_size=size)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="elsewhere the constraint cannot be dropped")
def test_version_that_is_there_twice_is_reported() -> None:
    make_codes("ab")
    (constraint,) = ObjectDelta._meta.constraints
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(f"ALTER TABLE {ObjectDelta._meta.db_table} DROP CONSTRAINT {constraint.name}")
    twice = deltas_of(Code, "a").get(version=1)
    twice.pk = None
    twice.save()
    assert messages(Code) == ["app.Code 'a': version 1 is there twice"]


def test_old_value_that_is_not_what_the_version_before_left_is_reported() -> None:
    make_codes("a")
    execute("UPDATE app_code SET label = 'raw'")
    with Context():
        Code.objects.update(label="3")
    for size in (1, 2, 2000):
        assert messages(Code, batch_size=size) == [
            "app.Code 'a': version 3 found label to be 'raw', but version 2 left '2'"
        ]


def test_whole_state_that_is_not_what_the_version_before_left_is_reported(settings: Any, alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a")
        execute("UPDATE app_post SET title = 'raw'")
        settings.REVY_KEYFRAME_INTERVAL = 2
        Post.objects.update(body="b")
        execute("UPDATE app_post SET title = 'raw again'")
        post.delete()
    assert [message.partition(": ")[2] for message in messages(Post)] == [
        "version 2 found title to be 'raw', but version 1 left 'a'",
        "version 3 found title to be 'raw again', but version 2 left 'raw'",
    ]


def test_steps_of_several_actors_are_a_chain(alice: User, bob: User) -> None:
    with Context.via_actor(alice):
        code = Code.objects.create(id="a")
        code.label = "1"
        with Context.via_actor(bob):
            code.label = "2"
        code.label = "3"
        code.save()
    assert AttributeDelta.objects.count() == 3
    assert_clean(Code)
    AttributeDelta.objects.filter(new_value="2").update(old_value="other")
    assert messages(Code) == ["app.Code 'a': version 2 found label to be 'other', but version 1 left '1'"]


def test_versions_out_of_their_order_are_reported() -> None:
    make_codes("a")
    execute("DELETE FROM app_code")
    with Context():
        code = Code.objects.create(id="a")
        code.delete()
    execute("INSERT INTO app_code (id, label) VALUES ('a', '')")
    with Context():
        Code.objects.update(label="b")
        Code.objects.get().delete()
    execute("INSERT INTO app_code (id, label) VALUES ('a', '')")
    with Context():
        Code.objects.get().delete()
    assert actions(Code, "a") == "CUCDUDD"
    assert messages(Code) == [
        "app.Code 'a': version 3 creates what version 2 left there",
        "app.Code 'a': version 5 updates what version 4 deleted",
        "app.Code 'a': version 7 deletes what version 6 deleted",
    ]


def test_history_without_a_whole_state_is_reported_and_repaired() -> None:
    make_codes("a")
    deltas_of(Code, "a").update(state=None)
    message = "app.Code 'a': its last version (2) cannot be rebuilt: no whole state is left"
    assert messages(Code) == [message]
    assert messages(Code, repair=True) == [f"{message} (repaired)"]
    assert_clean(Code)
    assert snapshots(Code, "a")[-1].label == "2"


def test_repair_of_changed_row_is_an_update_by_nobody(alice: User) -> None:
    with Context.via_actor(alice):
        post = Post.objects.create(author=alice, title="a", price="1.5")
    execute("UPDATE app_post SET title = 'raw', price = 2 WHERE id = %s", post.pk)
    with recorded(1, 1, 2), Context.via_actor(alice):
        (difference,), verification = run(Post, repair=True)
    assert (difference.is_repaired, verification.repaired, verification.is_clean) == (True, 1, True)
    delta = deltas_of(Post, post.pk).last()
    assert (delta.action, delta.version, delta.actor, delta.revision.description) == ("U", 2, None, REPAIRED)
    assert changes(delta) == [("title", "a", "raw", None, ""), ("price", "1.50", "2.00", None, "")]
    assert values_of(snapshots(Post, post.pk)[-1]) == values_of(Post.objects.get())
    assert_clean(Post)


def test_repair_of_row_that_came_back_is_a_create() -> None:
    with Context():
        Code.objects.create(id="x").delete()
    execute("INSERT INTO app_code (id, label) VALUES ('x', 'raw')")
    with recorded(1, 1, 0):
        run(Code, repair=True)
    assert (actions(Code, "x"), snapshots(Code, "x")[-1].label) == ("CDC", "raw")
    assert_clean(Code)


def test_repair_of_row_that_is_gone_is_a_delete_of_its_last_recorded_state() -> None:
    make_codes("x")
    execute("DELETE FROM app_code")
    with recorded(1, 1, 0):
        run(Code, repair=True)
    assert (actions(Code, "x"), deltas_of(Code, "x").last().state) == ("CUD", {"id": "x", "label": "2"})
    assert_clean(Code)


@pytest.mark.parametrize("size", [1, 2, 5, 2000])
def test_repair_of_many_is_one_revision_and_leaves_the_rest_alone(size: int) -> None:
    keys = [f"c{number}" for number in range(12)]
    make_codes(keys)
    spoil(keys[::2])
    with recorded(1, 6, 2):
        found, verification = run(Code, repair=True, batch_size=size)
    assert verification.found == {Kind.CHANGED: 2, Kind.GONE: 2, Kind.ALIVE: 2}
    assert (verification.repaired, verification.is_clean) == (6, True)
    assert sorted(difference.content_id for difference in found) == sorted(keys[::2])
    assert [actions(Code, key) for key in keys[:6]] == ["CUU", "CU", "CUD", "CU", "CUDC", "CU"]
    with recorded(0, 0, 0):
        assert_clean(Code, repair=True)


def test_repair_that_is_killed_is_continued_by_the_next() -> None:
    keys = [f"c{number}" for number in range(9)]
    make_codes(keys)
    spoil(keys)

    def kill(difference: Difference) -> None:
        raise Killed

    with recorded(1, 3, 1), pytest.raises(Killed):
        verify([Code], repair=True, batch_size=3, report=kill)
    with recorded(1, 6, 2):
        verify([Code], repair=True, batch_size=4)
    assert_clean(Code)


def test_without_repair_nothing_is_written() -> None:
    keys = [f"c{number}" for number in range(6)]
    make_codes(keys)
    spoil(keys)
    with recorded(0, 0, 0):
        _found, verification = run(Code)
    assert (verification.repaired, verification.is_clean) == (0, False)


def test_contradictions_are_not_repaired() -> None:
    make_codes("a")
    execute("UPDATE app_code SET label = 'raw'")
    with Context():
        Code.objects.update(label="3")
    with recorded(0, 0, 0):
        found, verification = run(Code, repair=True)
    assert ([difference.kind for difference in found], verification.is_clean) == ([Kind.CONTRADICTORY], False)


def test_statements_grow_with_batches_not_with_rows() -> None:
    def statements(*, spoiled: bool, size: int, count: int) -> int:
        Revision.objects.all().delete()
        Code.objects.all().delete()
        Code.objects.bulk_create(Code(id=f"c{number:03}") for number in range(count))
        baseline([Code])
        if spoiled:
            spoil_all()
        with CaptureQueriesContext(connection) as captured:
            run(Code, batch_size=size, repair=True)
        return len(captured)

    def spoil_all() -> None:
        execute("UPDATE app_code SET label = 'raw'")
        execute("DELETE FROM app_code WHERE id LIKE %s", "%7")

    for spoiled, most in ((False, 6), (True, 20)):
        one = statements(spoiled=spoiled, size=10, count=10)
        if connection.features.can_return_rows_from_bulk_insert:
            assert statements(spoiled=spoiled, size=40, count=40) == one
        assert statements(spoiled=spoiled, size=10, count=20) - one <= most


def test_memory_does_not_grow_with_rows() -> None:
    def peak(count: int) -> int:
        Code.objects.bulk_create(Code(id=f"c{number:05}", label="x") for number in range(count))
        baseline([Code])
        gc.collect()
        tracemalloc.start()
        verify([Code], batch_size=100)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        Revision.objects.all().delete()
        Code.objects.all().delete()
        return most

    peak(100)
    assert peak(2000) - peak(200) < 500_000  # 1,800 rows with their deltas are several megabytes


@pytest.mark.django_db(databases=["default", "other"])
def test_database_that_is_named_is_verified_and_repaired() -> None:
    with Context():
        Code.objects.using("other").create(id="a")
    Code.objects.using("other").update(label="raw")
    assert_clean(Code)
    assert len(messages(Code, using="other", repair=True)) == 1
    assert_clean(Code, using="other")
    assert (actions(Code, "a", "other"), ObjectDelta.objects.count()) == ("CU", 0)


class HistoryElsewhere:
    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        return "other" if model in (Revision, ObjectDelta, AttributeDelta) else None

    db_for_read = db_for_write

    def allow_relation(self, *objects: Any, **hints: Any) -> bool:
        return True


@pytest.mark.django_db(databases=["default", "other"])
def test_history_in_another_database_is_found_there(settings: Any) -> None:
    settings.DATABASE_ROUTERS = [f"{__name__}.HistoryElsewhere"]
    ContentType.objects.clear_cache()
    Code.objects.create(id="a")
    baseline([Code])
    make_codes("b")
    assert_clean(Code)
    execute("UPDATE app_code SET label = 'raw'")
    assert len(messages(Code, repair=True)) == 2
    assert_clean(Code)
    assert (actions(Code, "a", "other"), actions(Code, "b", "other")) == ("UUU", "CUU")


def update_b() -> None:
    with Context():
        Code.objects.filter(id="b").update(label="3")


def lock_b() -> None:
    Code.objects.select_for_update().get(id="b")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize(("write", "keys"), [(update_b, ["a", "c"]), (lock_b, ["a", "c", "b"])])
def test_row_that_another_holds_is_waited_for_alone(repair: bool, write: Callable[[], None], keys: list[str]) -> None:
    make_codes("abc")
    execute("UPDATE app_code SET label = 'raw'")
    found: list[str] = []
    with open_transaction(write):
        run = start(
            lambda: verify([Code], repair=repair, report=lambda difference: found.append(difference.content_id))
        )
        while len(found) < 2:
            assert run.is_alive()
    run.join()
    assert found == keys
    assert Revision.objects.filter(description=REPAIRED).count() == repair
    assert len(actions(Code, "b")) == (2 if write is lock_b and not repair else 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_row_that_comes_back_while_its_deletion_is_recorded_is_left_to_its_writer() -> None:
    make_codes("a")
    execute("DELETE FROM app_code")

    def write() -> None:
        with Context():
            Code.objects.create(id="a", label="back")
        assert deltas_of(Code, "a").count() == 3

    with open_transaction(write):
        run = start(lambda: verify([Code], repair=True))
        wait_until_blocked()
    run.join()
    assert [delta.action for delta in deltas_of(Code, "a")] == ["C", "U", "C"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="verify waits for whoever has inserted the row")
def test_row_that_comes_back_with_its_history_still_to_be_written_comes_after_its_deletion() -> None:
    make_codes("a")
    execute("DELETE FROM app_code")

    def write() -> None:
        with Context():
            Code.objects.create(id="a", label="back")

    with open_transaction(write):
        verify([Code], repair=True)
    assert [delta.action for delta in deltas_of(Code, "a")] == ["C", "U", "D", "C"]
    assert verify([Code]).is_clean


def wait_until_blocked() -> None:
    status = {
        "postgresql": "SELECT 'LOCK WAIT' FROM pg_locks WHERE NOT granted",
        "mysql": "SHOW ENGINE INNODB STATUS",  # the tables of information_schema are cached
    }
    with connection.cursor() as cursor:
        while True:
            cursor.execute(status[connection.vendor])
            if "LOCK WAIT" in str(cursor.fetchall()):
                return


@pytest.mark.django_db(transaction=True)
def test_writers_meanwhile_are_no_differences() -> None:
    keys = [f"c{number}" for number in range(20)]
    make_codes(keys)

    def write(offset: int) -> None:
        for number in range(40):
            with Context():
                key = keys[(number * 7 + offset) % 20]
                if number % 5:
                    Code.objects.filter(id=key).update(label=f"{offset} {number}")
                else:
                    Code.objects.filter(id=key).delete()

    writers = [start(partial(write, offset)) for offset in range(2)]
    while any(writer.is_alive() for writer in writers):
        assert messages(Code, repair=True, batch_size=3) == []
    for writer in writers:
        writer.join()
    assert_clean(Code)


def test_command_prints_a_line_for_each_difference_and_fails() -> None:
    make_codes("abc")
    spoil("abc")
    out = io.StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("revy_verify", "app.Code", stdout=out, stderr=io.StringIO())
    assert caught.value.code == 1
    assert out.getvalue().splitlines() == [
        "app.Code 'a': label '2' → 'spoiled'",
        "app.Code 'b': is gone, but its last version (2) does not delete it",
        "app.Code 'c': is there, but its last version (3) deletes it",
        "3 histories checked: 1 alive, 1 changed, 1 gone; 0 repaired; 0 objects without history.",
    ]


def test_command_succeeds_when_all_is_repaired_or_clean() -> None:
    make_codes("abc")
    spoil("abc")
    out = io.StringIO()
    call_command("revy_verify", "app.Code", "--repair", stdout=out, stderr=io.StringIO())
    call_command("revy_verify", "app.Code", stdout=out, stderr=io.StringIO())
    assert out.getvalue().splitlines() == [
        "app.Code 'a': label '2' → 'spoiled' (repaired)",
        "app.Code 'b': is gone, but its last version (2) does not delete it (repaired)",
        "app.Code 'c': is there, but its last version (3) deletes it (repaired)",
        "3 histories checked: 1 alive, 1 changed, 1 gone; 3 repaired; 0 objects without history.",
        "3 histories checked: no difference; 0 repaired; 0 objects without history.",
    ]


def test_command_is_strict_when_told_so() -> None:
    Code.objects.create(id="a")
    out = io.StringIO()
    call_command("revy_verify", "app.Code", stdout=out, stderr=io.StringIO())
    with pytest.raises(SystemExit):
        call_command("revy_verify", "app.Code", strict=True, stdout=out, stderr=io.StringIO())
    assert out.getvalue().splitlines() == [
        "0 histories checked: no difference; 0 repaired; 1 objects without history.",
        "app.Code 'a': has no history",
        "0 histories checked: 1 unrecorded; 0 repaired; 1 objects without history.",
    ]


def test_command_is_silent_when_told_so_but_still_fails() -> None:
    make_codes("abc")
    spoil("abc")
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(SystemExit):
        call_command("revy_verify", verbosity=0, stdout=out, stderr=err)
    assert (out.getvalue(), err.getvalue()) == ("", "")


def test_command_verifies_every_tracked_model_by_default(alice: User) -> None:
    call_command("revy_baseline", verbosity=0)
    out = io.StringIO()
    call_command("revy_verify", strict=True, stdout=out, stderr=io.StringIO())
    assert out.getvalue().endswith("; 0 objects without history.\n")
    execute("UPDATE auth_user SET first_name = 'raw'")
    with pytest.raises(SystemExit):
        call_command("revy_verify", stdout=out, stderr=io.StringIO())
    assert f"auth.User '{alice.pk}': first_name '' → 'raw'" in out.getvalue()


def test_changed_values_are_shown_as_they_are_recorded() -> None:
    with Context():
        Everything.objects.create(json={"a": [1, None]}, integer=1)
    Everything.objects.update(json={"a": True}, integer=None)
    (message,) = messages(Everything)
    assert message.endswith("integer 1 → None, json {'a': [1, None]} → {'a': True}")
