"""The same as of generators, with an event loop between the steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

from revy import Context
from tests.core.running import HUNG, NOTHING, state
from tests.core.strategies import ACME, ALICE, BOB


@Context.via_actor(ALICE)
async def aconverse() -> AsyncGenerator[Any, Any]:
    answer: Any = state()
    while True:
        try:
            sent = yield answer
            await asyncio.sleep(0)
        except ValueError as error:
            answer = str(error), *state()
        else:
            if sent is None:
                return
            Context.set_actor(sent)
            answer = state()


def test_decorated_async_generator_holds_its_block_only_while_its_body_runs() -> None:
    @Context.via_actor(ALICE)
    async def steps() -> AsyncIterator[Any]:
        yield state()
        with Context.via_actor(BOB), Context.as_disabled():
            await asyncio.sleep(0)
            yield state()
        yield state(), Context.get_object_delta_description()

    async def main() -> None:
        with Context.via_actor(ACME), Context.via_object_delta_description("outer"):
            seen = []
            async for step in steps():
                seen.append(step)
                assert state() == (True, ACME)
                Context.set_object_delta_description("later")
            assert seen == [(True, ALICE), (False, BOB), ((True, ALICE), "outer")]
            assert Context.get_object_delta_description() == "later"

    asyncio.run(main())


def test_decorated_async_generator_takes_what_is_sent_and_thrown() -> None:
    async def main() -> None:
        generator = aconverse()
        assert await anext(generator) == (True, ALICE)
        assert await generator.asend(BOB) == (True, BOB)
        assert await generator.athrow(ValueError("what?")) == ("what?", True, BOB)
        assert state() == NOTHING
        with pytest.raises(StopAsyncIteration):
            await generator.asend(None)
        assert state() == NOTHING

    asyncio.run(main())


def test_decorated_async_generator_that_raises_passes_the_exception_on_and_ends() -> None:
    raised = KeyError("no")

    @Context()
    async def steps() -> AsyncIterator[int]:
        yield 1
        raise raised

    async def main() -> None:
        with Context.via_actor(ALICE):
            generator = steps()
            await anext(generator)
            with pytest.raises(KeyError) as caught:
                await anext(generator)
            assert caught.value is raised
            assert state() == (True, ALICE)
            assert [step async for step in generator] == []

    asyncio.run(main())


@pytest.mark.parametrize("thrown", [KeyError("no"), asyncio.CancelledError(), GeneratorExit()], ids=repr)
def test_decorated_async_generator_passes_on_what_is_thrown_in_and_ends(thrown: BaseException) -> None:
    async def main() -> None:
        with Context.via_actor(ACME):
            generator = aconverse()
            await anext(generator)
            with pytest.raises(type(thrown)) as caught:
                await generator.athrow(thrown)
            assert caught.value is thrown
            assert state() == (True, ACME)
            assert [step async for step in generator] == []

    asyncio.run(main())


@pytest.mark.parametrize("ending", ["close", "forget"])
def test_decorated_async_generator_that_is_not_finished_cleans_up_in_its_block(ending: str) -> None:
    @Context.via_actor(ALICE)
    async def steps(cleaned_up: asyncio.Future[Any]) -> AsyncIterator[None]:
        try:
            with Context.via_actor(BOB):
                yield
        finally:
            await asyncio.sleep(0)
            cleaned_up.set_result(state())

    async def main() -> None:
        cleaned_up = asyncio.get_running_loop().create_future()
        with Context.via_actor(ACME):
            generator: Any = steps(cleaned_up)
            async for _ in generator:
                break
            if ending == "close":
                await generator.aclose()
            else:
                # The event loop closes it, in a task of its own.
                del generator
            assert state() == (True, ACME)
        async with asyncio.timeout(HUNG):
            assert await cleaned_up == (True, ALICE)

    asyncio.run(main())


def test_decorated_async_generators_in_tasks_keep_their_blocks() -> None:
    async def consume(user: Any, meet: asyncio.Barrier) -> list[Any]:
        seen = []
        with Context.via_actor(ACME):
            generator = aconverse()
            seen.append(await anext(generator))
            for sent in (user, BOB, user):
                await meet.wait()
                seen.append(await generator.asend(sent))
                assert state() == (True, ACME)
            await generator.aclose()
        return seen

    async def main() -> Any:
        meet = asyncio.Barrier(2)
        async with asyncio.timeout(HUNG):
            return await asyncio.gather(consume(ALICE, meet), consume(ACME, meet))

    assert asyncio.run(main()) == [[(True, actor) for actor in (ALICE, user, BOB, user)] for user in (ALICE, ACME)]


def test_decorated_async_generator_continued_by_another_task_keeps_its_block() -> None:
    async def send(generator: AsyncGenerator[Any, Any], actor: Any) -> Any:
        return await generator.asend(actor), state()

    async def main() -> None:
        with Context.via_actor(ACME):
            generator = aconverse()
            await anext(generator)
            assert await asyncio.create_task(send(generator, BOB)) == ((True, BOB), (True, ACME))
        assert await generator.athrow(ValueError("here")) == ("here", True, BOB)
        await generator.aclose()

    asyncio.run(main())


def test_decorated_async_generator_cancelled_while_it_waits_leaves_its_block() -> None:
    cleaned_up = []

    @Context.via_actor(BOB)
    async def steps(begun: asyncio.Event) -> AsyncIterator[None]:
        try:
            begun.set()
            await asyncio.Event().wait()
            yield
        finally:
            cleaned_up.append(state())

    async def consume(begun: asyncio.Event) -> Any:
        with Context.via_actor(ALICE):
            try:
                await anext(aiter(steps(begun)))
            except asyncio.CancelledError:
                return state()

    async def main() -> Any:
        begun = asyncio.Event()
        task = asyncio.create_task(consume(begun))
        await begun.wait()
        task.cancel()
        return await task

    assert asyncio.run(main()) == (True, ALICE)
    assert cleaned_up == [(True, BOB)]
