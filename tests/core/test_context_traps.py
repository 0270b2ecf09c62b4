"""Where contexts go wrong when they are built carelessly: calls, threads, tasks, crossings."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.metadata import version
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.contrib.auth.models import User
from stackholm import ContextIsNotActive

from revy import Context
from tests.core.running import HUNG, NOTHING, in_new_thread, in_threads, running_frame, state
from tests.core.strategies import ACME, ALICE, BOB


def test_decorated_function_called_again_keeps_nothing_of_its_last_call() -> None:
    @Context()
    def view(user: User | None) -> Any:
        before = state(), Context.get_revision_description(), running_frame().scope
        if user is not None:
            Context.set_actor(user)
            Context.set_revision_description("from Alice")
            Context.disable()
        return before

    alice = view(ALICE)
    anonymous = view(None)

    assert alice[:2] == anonymous[:2] == ((True, None), "")
    assert alice[2] is not anonymous[2]
    assert state() == NOTHING


def test_decorated_function_with_values_starts_every_call_with_them() -> None:
    @Context.via_actor(ALICE)
    def view() -> Any:
        before = Context.get_actor()
        Context.unset_actor()
        return before

    assert [view(), view()] == [ALICE, ALICE]


def test_decorated_function_that_calls_itself_has_a_block_for_each_call() -> None:
    seen: list[Any] = []

    @Context()
    def countdown(number: int) -> None:
        Context.set_actor(User(pk=number))
        if number:
            Context.disable()
            countdown(number - 1)
            Context.enable()
        seen.append((Context.is_enabled(), Context.get_actor().pk, running_frame().depth))

    countdown(3)

    assert seen == [(False, 0, 4), (True, 1, 3), (True, 2, 2), (True, 3, 1)]
    assert state() == NOTHING


def test_decorated_coroutine_function_that_calls_itself_has_a_block_for_each_call() -> None:
    seen: list[Any] = []

    @Context()
    async def countdown(number: int) -> None:
        Context.set_actor(User(pk=number))
        if number:
            await countdown(number - 1)
        seen.append((Context.is_enabled(), Context.get_actor().pk, running_frame().depth))

    asyncio.run(countdown(2))

    assert seen == [(True, 0, 3), (True, 1, 2), (True, 2, 1)]


def test_decorated_generator_that_delegates_to_itself_has_a_block_for_each_call() -> None:
    @Context()
    def countdown(number: int) -> Iterator[tuple[int, int]]:
        Context.set_actor(User(pk=number))
        if number:
            yield from countdown(number - 1)
        yield Context.get_actor().pk, running_frame().depth

    assert list(countdown(2)) == [(0, 3), (1, 2), (2, 1)]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit, asyncio.CancelledError, StopIteration])
def test_exception_in_a_block_leaves_it_and_passes_unchanged(error: type[BaseException]) -> None:
    raised = error("no")

    @Context.via_actor(BOB)
    def view() -> None:
        Context.disable()
        raise raised

    with Context.via_actor(ALICE):
        with pytest.raises(error) as caught:
            view()
        assert caught.value is raised
        assert state() == (True, ALICE)
        with pytest.raises(error) as caught, Context.as_disabled(), Context.via_actor(BOB):
            raise raised
        assert caught.value is raised
        assert state() == (True, ALICE)
    assert state() == NOTHING


def test_decorated_method_of_each_kind_receives_what_it_belongs_to() -> None:
    class Service:
        @Context.via_actor(ALICE)
        def of_instance(self) -> Any:
            return self, Context.get_actor()

        @classmethod
        @Context.via_actor(ALICE)
        def of_class(cls) -> Any:
            return cls, Context.get_actor()

        @staticmethod
        @Context.via_actor(ALICE)
        def of_nothing() -> Any:
            return None, Context.get_actor()

        @Context.via_actor(ALICE)
        async def awaited(self) -> Any:
            return self, Context.get_actor()

        def undecorated(self) -> Any:
            return self, Context.get_actor()

    service = Service()
    assert service.of_instance() == (service, ALICE)
    assert Service.of_class() == (Service, ALICE)
    assert Service.of_nothing() == (None, ALICE)
    assert asyncio.run(service.awaited()) == (service, ALICE)
    assert Context.via_actor(BOB)(service.undecorated)() == (service, BOB)


def test_decorated_function_of_each_kind_stays_what_it_is() -> None:
    def function(value: int = 1) -> int:
        """Say it."""
        return value

    async def coroutine_function() -> None: ...

    def generator_function() -> Iterator[None]:
        yield

    async def async_generator_function() -> AsyncIterator[None]:
        yield

    kinds: dict[Callable[..., Any], Callable[[Any], bool]] = {
        coroutine_function: inspect.iscoroutinefunction,
        generator_function: inspect.isgeneratorfunction,
        async_generator_function: inspect.isasyncgenfunction,
    }
    for original in (function, *kinds):
        decorated = Context()(original)
        assert [kind(decorated) for kind in kinds.values()] == [kind(original) for kind in kinds.values()]
        assert (decorated.__name__, decorated.__doc__) == (original.__name__, original.__doc__)
        assert decorated.__wrapped__ is original  # type: ignore[attr-defined]
    assert Context()(function)(value=2) == 2


def test_decorated_function_in_four_threads_at_once_keeps_them_apart() -> None:
    meet = threading.Barrier(4, timeout=HUNG)

    @Context()
    def view(number: int) -> tuple[bool, list[int], bool]:
        seen = []
        for round_ in range(50):
            meet.wait()
            Context.set_actor(User(pk=4 * round_ + number + 1))
            if number == 0:
                Context.disable()
            meet.wait()
            seen.append(Context.get_actor().pk)
        return Context.is_enabled(), seen, Context.get_current() is not None

    results = in_threads(4, view)

    assert results == [(number != 0, list(range(number + 1, 200 + number + 1, 4)), True) for number in range(4)]
    assert state() == NOTHING


def test_context_instance_entered_by_many_at_once_gives_each_a_block() -> None:
    context = Context.via_actor(ALICE)
    meet = threading.Barrier(4, timeout=HUNG)

    def enter(number: int) -> Any:
        with context, context:
            meet.wait()
            Context.set_actor(User(pk=number + 10))
            meet.wait()
            inner, inner_index = Context.get_actor().pk, context.index
            context.deactivate()
            meet.wait()
            seen = inner, inner_index, Context.get_actor(), context.index
            context.activate()
        return seen, context.is_active

    assert in_threads(4, enter) == [((number + 10, 1, ALICE, 0), False) for number in range(4)]


def test_context_instance_entered_by_many_tasks_at_once_gives_each_a_block() -> None:
    context = Context.via_actor(ALICE)

    async def enter(number: int, meet: asyncio.Barrier) -> Any:
        async with asyncio.timeout(HUNG):
            with context:
                await meet.wait()
                before = Context.get_actor()
                Context.set_actor(User(pk=number + 10))
                await meet.wait()
                return before, Context.get_actor().pk

    async def main() -> Any:
        meet = asyncio.Barrier(3)
        results = await asyncio.gather(*(enter(number, meet) for number in range(3)))
        assert not context.is_active
        return results

    assert asyncio.run(main()) == [(ALICE, number + 10) for number in range(3)]


def test_gather_of_tasks_that_each_enter_blocks_keeps_them_apart() -> None:
    async def work(number: int, meet: asyncio.Barrier) -> list[int]:
        seen = []
        async with asyncio.timeout(HUNG):
            with Context.via_actor(User(pk=number + 1)):
                for depth in range(3):
                    await meet.wait()
                    with Context.via_actor(User(pk=10 * (number + 1) + depth)):
                        await meet.wait()
                        seen.append(Context.get_actor().pk)
                    await meet.wait()
                    seen.append(Context.get_actor().pk)
            await meet.wait()
            assert state() == NOTHING
        return seen

    async def main() -> list[list[int]]:
        # Two tasks were enough to read the other's actor, the third one raised an IndexError.
        meet = asyncio.Barrier(3)
        return await asyncio.gather(*(work(number, meet) for number in range(3)))

    assert asyncio.run(main()) == [[10, 1, 11, 1, 12, 1], [20, 2, 21, 2, 22, 2], [30, 3, 31, 3, 32, 3]]


def test_gather_of_decorated_coroutines_keeps_them_apart() -> None:
    @Context()
    async def view(user: User, meet: asyncio.Barrier) -> Any:
        async with asyncio.timeout(HUNG):
            await meet.wait()
            Context.set_actor(user)
            await meet.wait()
            if user is ALICE:
                Context.disable()
            await meet.wait()
            return state()

    async def main() -> Any:
        meet = asyncio.Barrier(2)
        with Context.via_actor(ACME):
            results = await asyncio.gather(view(ALICE, meet), view(BOB, meet))
            assert state() == (True, ACME)
        return results

    assert asyncio.run(main()) == [(False, ALICE), (True, BOB)]


def test_task_starts_with_the_blocks_of_its_creator_and_neither_sees_later_changes() -> None:
    async def inner(begun: asyncio.Event, changed: asyncio.Event) -> Any:
        with Context():
            seen = [state(), running_frame().scope]
            Context.set_actor(BOB)
            Context.disable()
            begun.set()
            await changed.wait()
            seen.append(Context.get_actor())
        return [*seen, state(), Context.get_object_delta_description()]

    async def main() -> None:
        begun, changed = asyncio.Event(), asyncio.Event()
        async with asyncio.timeout(HUNG):
            with Context.via_actor(ALICE), Context.via_revision_description("one revision"):
                scope = running_frame().scope
                task = asyncio.create_task(inner(begun, changed))
                await begun.wait()
                assert state() == (True, ALICE)
                Context.set_actor(ACME)
                Context.set_object_delta_description("later")
            # The creator's blocks have ended; the task still runs in them.
            assert state() == NOTHING
            changed.set()
            assert await task == [(True, ALICE), scope, BOB, (True, ALICE), ""]

    asyncio.run(main())


def test_task_of_a_task_inherits_through_both() -> None:
    async def grandchild() -> Any:
        Context.set_attribute_delta_description("grandchild")
        return Context.get_actor(), Context.get_object_delta_description(), Context.get_attribute_delta_description()

    async def child() -> Any:
        with Context.via_object_delta_description("child"):
            seen = await asyncio.gather(grandchild(), grandchild())
            return *seen, Context.get_attribute_delta_description()

    async def main() -> Any:
        with Context.via_actor(ALICE):
            seen = await asyncio.create_task(child())
            return *seen, Context.get_object_delta_description()

    grandchildren = (ALICE, "child", "grandchild")
    assert asyncio.run(main()) == (grandchildren, grandchildren, "", "")


def test_new_thread_in_a_block_starts_outside_every_context() -> None:
    with Context.via_actor(ALICE):
        assert in_new_thread(lambda: (state(), Context.get_current())) == (NOTHING, None)
        assert state() == (True, ALICE)


def test_asgiref_that_runs_here_is_the_line_that_stackholm_breaks_on() -> None:
    assert tuple(map(int, version("asgiref").split(".")[:2])) >= (3, 13)


def test_sync_to_async_carries_blocks_in_and_changes_out() -> None:
    def in_thread() -> Any:
        before = state(), threading.current_thread() is main_thread
        Context.set_actor(BOB)
        Context.set_object_delta_description("said in the thread")
        with Context.as_disabled():
            pass
        return before

    async def main() -> None:
        with Context.via_actor(ALICE):
            with Context():
                assert await sync_to_async(in_thread, thread_sensitive=False)() == ((True, ALICE), False)
                assert state() == (True, BOB)
                assert Context.get_object_delta_description() == "said in the thread"
            assert state() == (True, ALICE)
        assert state() == NOTHING

    main_thread = threading.current_thread()
    asyncio.run(main())


def test_async_to_sync_carries_blocks_in_and_changes_out() -> None:
    async def in_loop() -> Any:
        before = state()
        await asyncio.sleep(0)
        Context.set_actor(BOB)
        Context.disable()
        return before

    with Context.via_actor(ALICE):
        with Context():
            assert async_to_sync(in_loop)() == (True, ALICE)
            assert state() == (False, BOB)
        assert state() == (True, ALICE)


@pytest.mark.parametrize("thread_sensitive", [True, False])
def test_nested_crossings_carry_blocks_through_all_of_them(thread_sensitive: bool) -> None:
    @Context()
    async def innermost() -> Any:
        Context.set_actor(ACME)
        return state(), running_frame().depth

    def middle() -> Any:
        with Context.via_actor(BOB):
            inner = async_to_sync(innermost)()
            return inner, state(), running_frame().depth

    async def outermost() -> Any:
        with Context.via_actor(ALICE):
            return await sync_to_async(middle, thread_sensitive=thread_sensitive)(), state()

    with Context():
        seen = async_to_sync(outermost)()
        assert seen == ((((True, ACME), 4), (True, BOB), 3), (True, ALICE))
        assert state() == (True, None)


def test_sync_to_async_in_parallel_tasks_keeps_them_apart() -> None:
    def in_thread(user: User) -> Any:
        before = Context.get_actor()
        meet.wait()
        Context.set_actor(user)
        meet.wait()
        return before

    async def request(user: User) -> Any:
        with Context():
            before = await sync_to_async(in_thread, thread_sensitive=False)(user)
            return before, Context.get_actor()

    async def main() -> Any:
        with Context.via_actor(ACME):
            results = await asyncio.gather(request(ALICE), request(BOB))
            return *results, Context.get_actor()

    meet = threading.Barrier(2, timeout=HUNG)
    assert asyncio.run(main()) == ((ACME, ALICE), (ACME, BOB), ACME)


def test_leaving_a_context_that_was_never_entered_raises() -> None:
    context = Context()
    with Context.via_actor(ALICE):
        with pytest.raises(ContextIsNotActive) as caught:
            context.deactivate()
        assert caught.value.context is context
        with pytest.raises(ContextIsNotActive):
            _ = context.index
        assert state() == (True, ALICE)


def test_leaving_a_context_twice_raises() -> None:
    context = Context().activate()
    context.deactivate()
    with pytest.raises(ContextIsNotActive):
        context.deactivate()
    assert not context.is_active


def test_leaving_a_context_that_another_thread_entered_raises_and_leaves_it_open_there() -> None:
    def leave() -> None:
        with pytest.raises(ContextIsNotActive):
            context.deactivate()

    with Context.via_actor(ALICE) as context:
        in_new_thread(leave)
        assert context.is_active
        assert state() == (True, ALICE)


def test_leaving_a_context_in_a_task_leaves_it_open_for_the_creator() -> None:
    async def leave() -> Any:
        context.deactivate()
        return state()

    async def main() -> Any:
        return await asyncio.create_task(leave()), state()

    with Context.via_actor(ALICE) as context:
        assert asyncio.run(main()) == (NOTHING, (True, ALICE))


def test_leaving_an_outer_block_leaves_what_is_open_inside_it() -> None:
    outer = Context.via_actor(ALICE)
    with Context.via_actor(ACME):
        outer.activate()
        inner = Context.via_actor(BOB).activate()
        outer.deactivate()
        assert state() == (True, ACME)
        assert not inner.is_active
