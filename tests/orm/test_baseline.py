from __future__ import annotations

import gc
import io
import tracemalloc
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from revy import Context
from revy.contrib.django.baseline import baseline
from revy.contrib.django.restore import restore
from revy.contrib.django.verification import verify
from tests.app.models import Code, Document, Everything, Pizzeria, Place, Post, Restaurant, SpecialPost
from tests.orm.concurrency import open_transaction, start
from tests.orm.history import ObjectDelta, Revision, actions, deltas_of, recorded, snapshots, values_of

pytestmark = pytest.mark.django_db


class Killed(Exception):
    pass


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def make_codes(count: int, using: str = "default") -> None:
    Code.objects.using(using).bulk_create(Code(id=f"c{number:05}", label="x") for number in range(count))


def statements(tracked: list[type[models.Model]], batch_size: int) -> int:
    with CaptureQueriesContext(connection) as captured:
        baseline(tracked, batch_size=batch_size)
    return len(captured)


def test_first_version_is_the_whole_state_by_nobody(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a", price="1.5", data={"k": [1]})
    Post.objects.create(author=alice, title="b")
    with recorded(1, 2, 0), Context.via_actor(alice), Context.via_object_delta_description("Not of these."):
        assert baseline([Post]) == 2
    (delta,) = deltas_of(Post, post.pk)
    assert (delta.action, delta.version, delta.actor, delta.description) == ("U", 1, None, "")
    assert delta.revision.description == "Baseline."
    assert delta.state["price"] == "1.50"
    assert values_of(snapshots(Post, post.pk)[0]) == values_of(Post.objects.get(pk=post.pk))


def test_state_is_the_one_that_a_create_records() -> None:
    with Context():
        known = Everything.objects.create(decimal="1.5", binary=b"\x00\xff", json={"a": None}, float=1e300)
    unknown = Everything.objects.create(decimal="1.5", binary=b"\x00\xff", json={"a": None}, float=1e300)
    baseline([Everything])
    one, other = deltas_of(Everything, known.pk).get(), deltas_of(Everything, unknown.pk).get()
    assert {**one.state, "id": 0} == {**other.state, "id": 0}


def test_objects_with_history_are_left_alone() -> None:
    with Context():
        Code.objects.create(id="known")
        Code.objects.create(id="gone").delete()
    Code.objects.create(id="new")
    with recorded(1, 1, 0):
        baseline([Code])
    assert (actions(Code, "known"), actions(Code, "gone"), actions(Code, "new")) == ("C", "CD", "U")


def test_second_run_writes_nothing(django_assert_max_num_queries: Any) -> None:
    make_codes(5)
    baseline([Code])
    with recorded(0, 0, 0), django_assert_max_num_queries(4):
        assert baseline([Code]) == 0


def test_history_goes_on_from_there(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    baseline([Post])
    with Context.via_actor(alice):
        post.title = "b"
        post.save()
    assert actions(Post, post.pk) == "UU"
    assert [snapshot.title for snapshot in snapshots(Post, post.pk)] == ["a", "b"]
    restore(deltas_of(Post, post.pk).first())
    assert Post.objects.get().title == "a"


def test_multi_table_objects_get_a_version_of_each_model_with_all_attributes() -> None:
    pizzeria = Pizzeria.objects.create(name="a", stars=3, ovens=4)
    baseline([Place, Restaurant, Pizzeria], batch_size=1)
    assert actions(Place, pizzeria.pk) == actions(Restaurant, pizzeria.pk) == actions(Pizzeria, pizzeria.pk) == "U"
    assert values_of(snapshots(Pizzeria, pizzeria.pk)[0]) == values_of(Pizzeria.objects.get())


def test_uuid_keys_are_found_again() -> None:
    for slug in "abc":
        Document.objects.create(slug=slug)
    assert (baseline([Document], batch_size=2), baseline([Document], batch_size=2)) == (3, 0)


def test_excluded_fields_are_not_in_the_state(settings: Any, alice: User) -> None:
    settings.REVY_EXCLUDED_FIELDS = ["auth.User.password"]
    baseline([User])
    assert "password" not in deltas_of(User, alice.pk).get().state


def test_killed_run_is_continued_by_the_next() -> None:
    make_codes(10)

    def kill(model: type[models.Model], count: int) -> None:
        seen.append(count)
        if len(seen) == 2:
            raise Killed

    seen: list[int] = []
    with pytest.raises(Killed):
        baseline([Code], batch_size=3, progress=kill)
    assert (ObjectDelta.objects.count(), seen) == (6, [3, 3])
    assert baseline([Code], batch_size=4) == 4
    assert {actions(Code, code.pk) for code in Code.objects.all()} == {"U"}
    assert Revision.objects.count() == 2


def test_one_run_is_one_revision_whatever_models_and_batches(alice: User) -> None:
    make_codes(5)
    with recorded(1, 6, 0):
        baseline([Code, User], batch_size=2)


def test_statements_grow_with_batches_not_with_rows() -> None:
    baseline([Code])  # looks the content type up
    found = []
    for batches, size in ((1, 10), (1, 40), (2, 20)):
        make_codes(batches * size)
        found.append(statements([Code], batch_size=size))
        Revision.objects.all().delete()
        Code.objects.all().delete()
    assert found[0] == found[1]
    # 2 SELECTs without locks, 3 with them, 1 INSERT, and what surrounds a transaction
    assert found[2] - found[1] <= 10


def test_memory_does_not_grow_with_rows() -> None:
    def peak(count: int) -> int:
        make_codes(count)
        gc.collect()
        tracemalloc.start()
        baseline([Code], batch_size=100)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        Revision.objects.all().delete()
        Code.objects.all().delete()
        return most

    peak(100)
    assert peak(2000) - peak(200) < 500_000  # 1,800 rows with their deltas are several megabytes


@pytest.mark.django_db(databases=["default", "other"])
def test_history_is_written_beside_the_objects_of_the_database() -> None:
    make_codes(2, "other")
    make_codes(1)
    call_command("revy_baseline", database="other", verbosity=0)
    assert actions(Code, "c00001", "other") == "U"
    assert not ObjectDelta.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_row_that_another_writes_is_waited_for_alone_and_not_given_a_second_first_version() -> None:
    make_codes(5)

    def write() -> None:
        with Context():
            Code.objects.filter(id="c00002").update(label="new")

    with open_transaction(write):
        run = start(lambda: baseline([Code]))
        while ObjectDelta.objects.count() < 4:  # the rows that nobody else holds are done meanwhile
            assert run.is_alive()
    run.join()
    assert [actions(Code, code.pk) for code in Code.objects.all()] == ["U"] * 5
    assert deltas_of(Code, "c00002").get().revision.description == ""
    assert verify([Code]).is_clean


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time")
def test_row_of_a_parents_table_that_another_writes_is_waited_for() -> None:
    pizzerias = [Pizzeria.objects.create(name="a") for _ in range(3)]

    def write() -> None:
        with Context():
            Place.objects.filter(pk=pizzerias[1].pk).update(name="new")

    with open_transaction(write):
        run = start(lambda: baseline([Pizzeria]))
        while ObjectDelta.objects.count() < 2:
            assert run.is_alive()
    run.join()
    assert [actions(Pizzeria, pizzeria.pk) for pizzeria in pizzerias] == ["U"] * 3
    assert verify([Place, Pizzeria]).is_clean


@pytest.mark.django_db(transaction=True)
def test_writers_meanwhile_and_the_baseline_make_one_history() -> None:
    make_codes(40)

    def write(offset: int) -> None:
        for number in range(40):
            with Context():
                Code.objects.filter(id=f"c{(number * 7 + offset) % 40:05}").update(label=f"{offset} {number}")

    writers = [start(partial(write, offset)) for offset in range(3)]
    baseline([Code], batch_size=3)
    for writer in writers:
        writer.join()
    verification = verify([Code])
    assert verification.is_clean
    assert (verification.histories, verification.without_history) == (40, 0)


def test_command_gives_every_tracked_model_its_baseline(alice: User) -> None:
    make_codes(3)
    out = io.StringIO()
    call_command("revy_baseline", stdout=out, stderr=io.StringIO())
    assert f"{ObjectDelta.objects.count():,} objects were given a first version." in out.getvalue()
    assert (actions(Code, "c00000"), actions(User, alice.pk)) == ("U", "U")
    assert Revision.objects.count() == 1
    call_command("revy_baseline", stdout=out, stderr=io.StringIO())
    assert out.getvalue().endswith("\n0 objects were given a first version.\n")


@pytest.mark.parametrize("labels", [["app.Code"], ["app.code"], ["app"], ["app.Code", "app.Code", "app"]])
def test_command_takes_labels_of_apps_and_models(labels: list[str], alice: User) -> None:
    make_codes(3)
    call_command("revy_baseline", *labels, verbosity=0, description="Since today.")
    assert (actions(Code, "c00000"), actions(User, alice.pk)) == ("U", "")
    assert Revision.objects.get().description == "Since today."


def test_command_takes_a_proxy_as_its_concrete_model(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    call_command("revy_baseline", SpecialPost._meta.label, verbosity=0)
    assert actions(Post, post.pk) == "U"


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("nothing", "'nothing' names no installed app or model"),
        ("app.Nothing", "'app.Nothing' names no installed app or model"),
        ("a.b.c", "'a.b.c' names no installed app or model"),
        ("sessions.Session", "'sessions.Session' names nothing that is tracked in this database: see REVY_MODELS"),
        ("revy", "'revy' names nothing that is tracked"),
    ],
)
@pytest.mark.parametrize("command", ["revy_baseline", "revy_verify"])
def test_command_refuses_labels_that_name_nothing_tracked(label: str, reason: str, command: str) -> None:
    with recorded(0, 0, 0), pytest.raises(CommandError, match=reason):
        call_command(command, "app.Code", label)


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_command_refuses_a_batch_size_that_is_none(size: str) -> None:
    with pytest.raises(CommandError, match="batch-size"):
        call_command("revy_baseline", f"--batch-size={size}")


def test_command_shows_its_progress_as_one_line_on_a_terminal() -> None:
    make_codes(4)
    err = Terminal()
    call_command("revy_baseline", "app.Code", batch_size=2, stdout=io.StringIO(), stderr=err)
    lines = err.getvalue().split("\r\033[K")
    assert "[###############...............]  50% 2/4 app.Code" in lines
    assert "[##############################] 100% 4/4 app.Code" in lines
    assert lines[-1] == ""
    assert "\n" not in err.getvalue()


def test_command_shows_its_progress_as_lines_elsewhere() -> None:
    make_codes(4)
    err = io.StringIO()
    call_command("revy_baseline", "app.Code", batch_size=2, stdout=io.StringIO(), stderr=err)
    assert err.getvalue() == " 50% 2/4 app.Code\n100% 4/4 app.Code\n"


def test_command_is_silent_when_told_so() -> None:
    make_codes(4)
    out, err = Terminal(), Terminal()
    call_command("revy_baseline", "app.Code", verbosity=0, stdout=out, stderr=err)
    assert (out.getvalue(), err.getvalue()) == ("", "")
