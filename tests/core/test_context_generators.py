"""A decorated generator has its block while its body runs, and nobody else has it meanwhile."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from hypothesis import given
from hypothesis import strategies as st

from revy import Context
from tests.core.running import NOTHING, in_new_thread, running_frame, state
from tests.core.strategies import ACME, ALICE, BOB


@Context.via_actor(ALICE)
def converse() -> Generator[Any, Any, Any]:
    """Answer with the state; an actor that is sent in becomes the actor, a ValueError is answered with its text."""
    answer: Any = state()
    while True:
        try:
            sent = yield answer
        except ValueError as error:
            answer = str(error), *state()
        else:
            if sent is None:
                return state()
            Context.set_actor(sent)
            answer = state()


def test_decorated_generator_holds_its_block_only_while_its_body_runs() -> None:
    with Context.via_actor(ACME), Context.via_object_delta_description("outer"):

        @Context.via_actor(ALICE)
        def steps() -> Iterator[Any]:
            yield state(), Context.get_object_delta_description()
            with Context.via_actor(BOB), Context.as_disabled():
                yield state(), Context.get_object_delta_description()
            yield state(), Context.get_object_delta_description()

        generator = steps()
        seen = []
        for step in generator:
            seen.append(step)
            assert state() == (True, ACME)
            # Neither sees what the other says meanwhile.
            Context.set_object_delta_description("later")
        assert seen == [((True, ALICE), "outer"), ((False, BOB), "outer"), ((True, ALICE), "outer")]
        assert Context.get_object_delta_description() == "later"


def test_decorated_generator_takes_what_is_sent_and_thrown_and_returns() -> None:
    generator = converse()
    assert next(generator) == (True, ALICE)
    assert generator.send(BOB) == (True, BOB)
    assert generator.throw(ValueError("what?")) == ("what?", True, BOB)
    assert state() == NOTHING
    with pytest.raises(StopIteration) as stopped:
        generator.send(None)
    assert stopped.value.value == (True, BOB)
    assert state() == NOTHING


def test_decorated_generator_that_raises_passes_the_exception_on_and_ends() -> None:
    raised = KeyError("no")

    @Context()
    def steps() -> Iterator[int]:
        yield 1
        raise raised

    with Context.via_actor(ALICE):
        generator = steps()
        next(generator)
        with pytest.raises(KeyError) as caught:
            next(generator)
        assert caught.value is raised
        assert state() == (True, ALICE)
        assert list(generator) == []


@pytest.mark.parametrize("thrown", [KeyError("no"), KeyboardInterrupt(), GeneratorExit()], ids=repr)
def test_decorated_generator_passes_on_what_is_thrown_in_and_ends(thrown: BaseException) -> None:
    with Context.via_actor(ACME):
        generator = converse()
        next(generator)
        with pytest.raises(type(thrown)) as caught:
            generator.throw(thrown)
        assert caught.value is thrown
        assert state() == (True, ACME)
        assert list(generator) == []


@pytest.mark.parametrize("ending", ["close", "forget"])
def test_decorated_generator_that_is_not_finished_cleans_up_in_its_block(ending: str) -> None:
    cleaned_up = []

    @Context.via_actor(ALICE)
    def steps() -> Iterator[None]:
        try:
            with Context.via_actor(BOB):
                yield
        finally:
            cleaned_up.append(state())

    with Context.via_actor(ACME):
        generator: Any = steps()
        next(generator)
        if ending == "close":
            generator.close()
        else:
            del generator
        assert cleaned_up == [(True, ALICE)]
        assert state() == (True, ACME)


def test_decorated_generator_that_ignores_its_end_is_told_so() -> None:
    @Context()
    def stubborn() -> Iterator[int]:
        while True:
            try:
                yield 1
            except GeneratorExit:
                yield 2
                return

    generator = stubborn()
    next(generator)
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        generator.close()  # type: ignore[attr-defined]
    assert state() == NOTHING


def test_decorated_generator_never_started_closes_quietly() -> None:
    converse().close()
    assert state() == NOTHING


def test_decorated_generator_continued_by_another_thread_keeps_its_block() -> None:
    generator = converse()
    next(generator)
    assert in_new_thread(lambda: (generator.send(BOB), state())) == ((True, BOB), NOTHING)
    with Context.via_actor(ACME):
        assert generator.throw(ValueError("here")) == ("here", True, BOB)
        assert state() == (True, ACME)


@given(order=st.lists(st.integers(0, 2), max_size=30))
def test_decorated_generators_in_any_interleaving_keep_their_blocks(order: list[int]) -> None:
    @Context()
    def body(number: int) -> Iterator[tuple[int, int]]:
        for round_ in range(10):
            with Context.via_actor(User(pk=100 * number + round_ + 1)):
                yield Context.get_actor().pk, running_frame().depth
                yield Context.get_actor().pk, running_frame().depth
        yield -1, running_frame().depth

    generators = [body(number) for number in range(3)]
    seen: list[list[tuple[int, int]]] = [[], [], []]
    with Context.via_actor(ALICE):
        for number in order:
            with Context.via_actor(BOB):
                seen[number].extend(step for step in [next(generators[number], None)] if step is not None)
                assert Context.get_actor() is BOB
            assert Context.get_actor() is ALICE
        for number, generator in enumerate(generators):
            in_one_go = list(Context.via_actor(BOB)(body)(number))
            seen[number].extend(generator)
            assert [pk for pk, _ in seen[number]] == [pk for pk, _ in in_one_go]
            assert len({depth for pk, depth in seen[number] if pk != -1}) == 1
            assert Context.get_actor() is ALICE


class GeneratorCallable:
    def __call__(self) -> Iterator[Any]:
        yield state()


class AsyncGeneratorCallable:
    async def __call__(self) -> AsyncIterator[Any]:
        yield state()


def generate_state(*_: Any) -> Iterator[Any]:
    yield state()


async def agenerate_state(*_: Any) -> AsyncIterator[Any]:
    yield state()


GENERATOR_FUNCTIONS = {
    "partial": lambda: functools.partial(generate_state, 1),
    "bound method": lambda: GeneratorCallable().__call__,
    "callable object": GeneratorCallable,
    "partial of a callable object": lambda: functools.partial(GeneratorCallable()),
}
ASYNC_GENERATOR_FUNCTIONS = {
    "partial": lambda: functools.partial(agenerate_state, 1),
    "bound method": lambda: AsyncGeneratorCallable().__call__,
    "callable object": AsyncGeneratorCallable,
    "partial of a callable object": lambda: functools.partial(AsyncGeneratorCallable()),
}


@pytest.mark.parametrize("make", GENERATOR_FUNCTIONS.values(), ids=list(GENERATOR_FUNCTIONS))
def test_decorated_callable_that_is_iterated_is_tracked_while_it_runs(make: Callable[[], Callable[[], Any]]) -> None:
    assert [(step, state()) for step in Context.via_actor(ALICE)(make())()] == [((True, ALICE), NOTHING)]


@pytest.mark.parametrize("make", ASYNC_GENERATOR_FUNCTIONS.values(), ids=list(ASYNC_GENERATOR_FUNCTIONS))
def test_decorated_callable_that_is_iterated_async_is_tracked_while_it_runs(
    make: Callable[[], Callable[[], Any]],
) -> None:
    async def main() -> Any:
        return [(step, state()) async for step in Context.via_actor(ALICE)(make())()]

    assert asyncio.run(main()) == [((True, ALICE), NOTHING)]
