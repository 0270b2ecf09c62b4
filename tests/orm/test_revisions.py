from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser, User
from django.db import IntegrityError, connection, connections, transaction
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from revy import Context
from revy.contrib.django.errors import ForeignRevision
from revy.errors import InvalidActor
from tests.app.models import Code
from tests.orm.history import Revision, actions, deltas_of, recorded

pytestmark = pytest.mark.django_db


def revision_of(key: str) -> Any:
    return deltas_of(Code, key).last().revision


def test_changes_of_one_scope_share_a_revision_with_several_actors(alice: User, bob: User) -> None:
    with Context.via_revision_description("Together."), recorded(1, 3, 0):
        Code.objects.create(id="a")
        with Context.via_actor(alice):
            Code.objects.create(id="b")
        with Context.via_actor(bob), Context.via_object_delta_description("Mine."):
            Code.objects.create(id="c")
    assert revision_of("a").get_actors() == [None, alice, bob]
    assert deltas_of(Code, "c").get().description == "Mine."


def test_inner_description_names_a_revision_of_its_own() -> None:
    with Context.via_revision_description("Outer."):
        Code.objects.create(id="a")
        with Context.via_revision_description("Inner."):
            Code.objects.create(id="b")
        Code.objects.create(id="c")
    assert [revision_of(key).description for key in "abc"] == ["Outer.", "Inner.", "Outer."]
    assert revision_of("a") == revision_of("c") != revision_of("b")


def test_description_set_after_the_first_change_updates_the_revision() -> None:
    with Context():
        Code.objects.create(id="a")
        Context.set_revision_description("Known now.")
        assert Revision.objects.get().description == "Known now."
        with Context():
            Code.objects.create(id="b")
        Context.set_revision_description("Known better.")
    assert Revision.objects.get().description == "Known better."
    assert Context.get_revision() is None


def test_scope_without_changes_writes_nothing(alice: User) -> None:
    with recorded(0, 0, 0), Context.via_actor(alice), Context.via_revision_description("Nothing."):
        assert Context.get_revision() is None


def test_get_revision_returns_the_revision_that_changes_join() -> None:
    with Context():
        Code.objects.create(id="a")
        assert Context.get_revision() == revision_of("a")
        with Context.via_revision_description("Another."):
            assert Context.get_revision() is None


def test_given_revision_is_joined_and_a_callable_is_called_once() -> None:
    revision = Revision.objects.create(description="Given.")
    calls = []

    def give() -> Any:
        calls.append(1)
        return revision

    with recorded(0, 3, 0):
        with Context.via_revision(revision):
            Code.objects.create(id="a")
        with Context.via_revision(give):
            Code.objects.create(id="b")
            Code.objects.create(id="c")
    assert calls == [1]
    assert {revision_of(key) for key in "abc"} == {revision}
    revision.refresh_from_db()
    assert revision.description == "Given."


def test_revision_none_starts_another_one() -> None:
    with Context.via_revision_description("Outer."):
        Code.objects.create(id="a")
        with Context.via_revision(None):
            Code.objects.create(id="b")
    assert revision_of("a") != revision_of("b")


def test_revision_given_after_the_first_change_is_joined_by_what_follows() -> None:
    given = Revision.objects.create(description="Given.")
    with recorded(2, 4, 0), Context():
        Code.objects.create(id="a")
        Context.set_revision(given)
        Code.objects.create(id="b")
        assert Context.get_revision() == given
        Context.set_revision(None)
        Code.objects.create(id="c")
        Context.reset_revision()
        Code.objects.create(id="d")
    assert revision_of("b") == given
    assert revision_of("a") == revision_of("d") != revision_of("c")


def test_given_revision_that_is_not_saved_is_refused() -> None:
    with recorded(0, 0, 0), Context.via_revision(Revision()):
        with pytest.raises(ForeignRevision, match="saved"), transaction.atomic():
            Code.objects.create(id="a")


# --- rolled back


def test_revision_of_a_rolled_back_savepoint_is_not_used_again() -> None:
    with recorded(1, 1, 0), Context.via_revision_description("Kept."):
        with pytest.raises(IntegrityError), transaction.atomic():
            Code.objects.create(id="a")
            raise IntegrityError
        Code.objects.create(id="b")
    assert revision_of("b").description == "Kept."


def test_revision_older_than_a_rolled_back_savepoint_is_used_on() -> None:
    with recorded(1, 2, 0), Context():
        Code.objects.create(id="a")
        for _attempt in range(2):
            with pytest.raises(IntegrityError), transaction.atomic():
                Code.objects.create(id="b")
                raise IntegrityError
        Code.objects.create(id="c")


def test_revision_of_a_released_savepoint_falls_with_the_outer_one() -> None:
    with recorded(1, 1, 0), Context():
        with pytest.raises(IntegrityError), transaction.atomic():
            with transaction.atomic():
                Code.objects.create(id="a")
            raise IntegrityError
        Code.objects.create(id="b")


def test_revision_of_a_savepoint_rolled_back_by_hand_is_not_used_again() -> None:
    with recorded(1, 1, 0), Context():
        savepoint = connection.savepoint()
        Code.objects.create(id="a")
        connection.savepoint_rollback(savepoint)
        Code.objects.create(id="b")


def test_revision_made_in_an_atomic_used_as_decorator_is_not_used_after_its_rollback() -> None:
    @transaction.atomic
    def create(key: str, fail: bool) -> None:
        Code.objects.create(id=key)
        if fail:
            raise IntegrityError

    with recorded(1, 2, 0), Context():
        with pytest.raises(IntegrityError):
            create("a", fail=True)
        create("b", fail=False)
        with pytest.raises(IntegrityError):
            create("c", fail=True)
        create("d", fail=False)
    assert revision_of("b") == revision_of("d")


def test_description_that_was_rolled_back_is_written_again() -> None:
    with Context():
        Code.objects.create(id="a")
        with pytest.raises(IntegrityError), transaction.atomic():
            Context.set_revision_description("Said in a savepoint.")
            raise IntegrityError
        Code.objects.create(id="b")
    assert Revision.objects.get().description == "Said in a savepoint."


@pytest.mark.django_db(transaction=True)
def test_revision_survives_its_commit_and_not_its_rollback() -> None:
    with recorded(1, 2, 0), Context():
        with pytest.raises(IntegrityError), transaction.atomic():
            Code.objects.create(id="a")
            raise IntegrityError
        Code.objects.create(id="b")
        with pytest.raises(IntegrityError), transaction.atomic():
            Code.objects.create(id="c")
            raise IntegrityError
        Code.objects.create(id="d")


@pytest.mark.django_db(transaction=True)
def test_revision_of_a_connection_that_was_closed_in_a_transaction_is_not_used_again() -> None:
    with recorded(1, 1, 0), Context():
        try:
            with transaction.atomic():
                Code.objects.create(id="a")
                connection.close()
        except Exception as error:
            assert "a" not in str(error.args[:0])
        Code.objects.create(id="b")


def test_recording_leaves_no_callbacks_for_after_the_commit(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks() as callbacks, Context():
        Code.objects.create(id="a")
    assert callbacks == []


# --- threads and tasks


@pytest.mark.django_db(transaction=True)
def test_threads_in_one_scope_do_not_share_uncommitted_revisions() -> None:
    barrier = threading.Barrier(2, timeout=30)
    context = Context.via_revision_description("One scope, two connections.")
    errors: list[BaseException] = []

    def work(key: str, frame: Any) -> None:
        from revy.frame import current

        try:
            current.set(frame)
            with transaction.atomic():
                barrier.wait()
                if key == "b":
                    barrier.wait()
                Code.objects.create(id=key)
            if key == "a":
                barrier.wait()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    with context:
        from revy.frame import current

        threads = [threading.Thread(target=work, args=(key, current.get())) for key in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert revision_of("a") != revision_of("b")
    assert {revision_of(key).description for key in "ab"} == {"One scope, two connections."}


@pytest.mark.django_db(transaction=True)
def test_gathered_tasks_of_one_scope_share_its_revision(alice: User, bob: User) -> None:
    async def create(key: str, actor: User) -> None:
        with Context.via_actor(actor):
            await Code.objects.acreate(id=key)
            code = await Code.objects.aget(id=key)
            code.label = key
            await code.asave()

    @Context.via_revision_description("Gathered.")
    async def work() -> None:
        await asyncio.gather(create("a", alice), create("b", bob))
        await sync_to_async(Code.objects.create)(id="c")
        Context.set_revision_description("All done.")
        await Code.objects.acreate(id="d")

    async def main() -> None:
        try:
            await work()
        finally:
            await sync_to_async(connections.close_all)()

    asyncio.run(main())
    assert {key: {delta.actor for delta in deltas_of(Code, key)} for key in "abc"} == {
        "a": {alice},
        "b": {bob},
        "c": {None},
    }
    assert Revision.objects.get().description == "All done."


# --- actors


def test_lazy_actor_is_resolved_at_the_first_write_and_not_before(alice: User) -> None:
    found: list[int] = []

    def find() -> User:
        found.append(1)
        return alice

    Code.objects.create(id="a")
    with Context.via_actor(SimpleLazyObject(find)):
        Code.objects.get(id="a").save()
        assert found == []
        Code.objects.create(id="b")
    assert (found, deltas_of(Code, "b").get().actor) == ([1], alice)


def test_request_as_actor_is_whoever_it_belongs_to_at_the_write(alice: User) -> None:
    request = HttpRequest()
    with Context.via_actor(request):
        Code.objects.create(id="a")
        request.user = AnonymousUser()
        Code.objects.create(id="b")
        request.user = SimpleLazyObject(lambda: alice)
        Code.objects.create(id="c")
    assert [deltas_of(Code, key).get().actor for key in "abc"] == [None, None, alice]


def test_lazy_actor_that_is_no_instance_is_refused_at_the_write() -> None:
    with recorded(0, 0, 0), Context.via_actor(SimpleLazyObject(lambda: "alice")):
        with pytest.raises(InvalidActor, match="'alice'"), transaction.atomic():
            Code.objects.create(id="a")


def test_actor_of_any_model_with_any_key_can_be_found_again(alice: User) -> None:
    robot = Code.objects.create(id="robot")
    with Context.via_actor(robot):
        Code.objects.create(id="a")
    assert deltas_of(Code, "a").get().actor == robot
    assert actions(Code, "a") == "C"
