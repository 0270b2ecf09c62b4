"""Everything a context can do, in any order and interleaving, against an oracle that copies whole stacks of dicts."""

from __future__ import annotations

import contextvars
import itertools
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from stackholm import ContextIsNotActive, NoContextIsActive

from revy import Context
from revy.frame import Scope, current
from tests.core.strategies import FAMILIES, NAMING, Family, Said, families, utterances

T = TypeVar("T")

MOST_FLOWS = 4


class Start(NamedTuple):
    """A context, and what a block of it begins with."""

    context: Context
    utterance: tuple[Family, Said] | None = None
    switch: bool | None = None


class Block(NamedTuple):
    """What holds in a block. Numbers grow inwards; `said` lists what counts, nearest last, with who said it."""

    number: int
    context: Context
    enabled: bool
    said: dict[str, tuple[tuple[int, Said], ...]]

    def saying(self, family: Family, said: Said) -> Block:
        outer = tuple(entry for entry in self.said.get(family.name, ()) if entry[0] != self.number)
        return self._replace(said={**self.said, family.name: (*outer, (self.number, said))})

    def unsaying(self, family: Family) -> Block:
        return self._replace(said={**self.said, family.name: self.said.get(family.name, ())[:-1]})

    def silenced(self, family: Family) -> Block:
        return self._replace(said={**self.said, family.name: ()})

    def scope(self, outermost: int) -> int:
        """Return the number of the nearest block that names a revision, else of the outermost block."""
        return max((said[-1][0] for family in NAMING if (said := self.said.get(family.name))), default=outermost)

    def shown(self, family: Family, outermost: int) -> Any:
        entries = self.said.get(family.name)
        if not entries:
            return family.nothing
        number, said = entries[-1]
        if family.name == "revision" and number != self.scope(outermost):
            return None
        return said.shown


Stack = tuple[Block, ...]


@dataclass(eq=False)
class Flow:
    """One flow of execution: something real that runs code, and beside it what the oracle holds to be true there."""

    run_: Callable[[Callable[[], Any]], Any]
    stack: Stack = ()
    scopes: dict[int, Scope] = field(default_factory=dict)

    def run(self, function: Callable[..., T], *args: Any) -> T:
        outcome = self.run_(lambda: _attempt(lambda: function(*args)))
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome  # type: ignore[no-any-return]


@dataclass(eq=False)
class Iteration(Flow):
    """The body of a decorated generator, run step by step from wherever its host is."""

    close: Callable[[], Any] = lambda: None
    host: Flow | None = None
    last_frames: list[Any] = field(default_factory=list)


def _attempt(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:
        return error


def _finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    raise AssertionError("It waits.")


def _run_sent(last_frames: list[Any]) -> Generator[Any, Callable[[], Any], None]:
    outcome = None
    try:
        while True:
            function = yield outcome
            outcome = function()
    finally:
        last_frames.append(current.get())


async def _arun_sent(last_frames: list[Any]) -> AsyncGenerator[Any, Callable[[], Any]]:
    outcome = None
    try:
        while True:
            function = yield outcome
            outcome = function()
    finally:
        last_frames.append(current.get())


class ContextMachine(RuleBasedStateMachine):
    starts = Bundle("starts")
    tasks = Bundle("tasks")
    iterations = Bundle("iterations")
    flows = st.one_of(tasks, iterations)

    def __init__(self) -> None:
        super().__init__()
        self.numbers = itertools.count(1)
        self.all_flows: list[Flow] = []
        self.all_starts: list[Start] = []
        self.block_of_scope: dict[Scope, int] = {}

    def pushed(self, stack: Stack, start: Start) -> Stack:
        number = next(self.numbers)
        block = (
            stack[-1]._replace(number=number, context=start.context)
            if stack
            else Block(number, start.context, True, {})
        )
        if start.utterance is not None:
            block = block.saying(*start.utterance)
        if start.switch is not None:
            block = block._replace(enabled=start.switch)
        return (*stack, block)

    def change(self, flow: Flow, operation: Callable[[], None], changed: Callable[[Block], Block]) -> None:
        """Run an operation on the running block, which only a running block can take."""
        if flow.stack:
            flow.run(operation)
            flow.stack = (*flow.stack[:-1], changed(flow.stack[-1]))
        else:
            with pytest.raises(NoContextIsActive):
                flow.run(operation)

    @initialize(target=tasks)
    def begin(self) -> Flow:
        return self.keep(Flow(contextvars.Context().run))

    def keep(self, flow: Flow) -> Flow:
        self.all_flows.append(flow)
        return flow

    @rule(target=starts, flow=flows, start=utterances | st.none() | st.booleans())
    def enter(self, flow: Flow, start: tuple[Family, Said] | bool | None) -> Start:
        match start:
            case None:
                entered = Start(Context())
            case bool():
                entered = Start(Context.as_enabled() if start else Context.as_disabled(), switch=start)
            case family, said:
                entered = Start(family.via(said.given), (family, said))
        self.all_starts.append(entered)
        self.enter_again(flow, entered)
        return entered

    @rule(flow=flows, start=starts)
    def enter_again(self, flow: Flow, start: Start) -> None:
        assert flow.run(start.context.__enter__) is start.context
        flow.stack = self.pushed(flow.stack, start)

    @rule(flow=flows)
    def leave(self, flow: Flow) -> None:
        # A generator never leaves the block that its decorator entered.
        if len(flow.stack) > isinstance(flow, Iteration):
            flow.run(flow.stack[-1].context.__exit__, None, None, None)
            flow.stack = flow.stack[:-1]

    @rule(flow=tasks, start=starts)
    def deactivate(self, flow: Flow, start: Start) -> None:
        entered = [place for place, block in enumerate(flow.stack) if block.context is start.context]
        if entered:
            flow.run(start.context.deactivate)
            flow.stack = flow.stack[: entered[-1]]
        else:
            with pytest.raises(ContextIsNotActive):
                flow.run(start.context.deactivate)

    @rule(flow=flows, utterance=utterances)
    def set(self, flow: Flow, utterance: tuple[Family, Said]) -> None:
        family, said = utterance
        self.change(flow, lambda: family.set(said.given), lambda block: block.saying(family, said))

    @rule(flow=flows, family=families)
    def unset(self, flow: Flow, family: Family) -> None:
        self.change(flow, family.unset, lambda block: block.unsaying(family))

    @rule(flow=flows, family=families)
    def reset(self, flow: Flow, family: Family) -> None:
        self.change(flow, family.reset, lambda block: block.silenced(family))

    @rule(flow=flows, enabled=st.booleans())
    def switch(self, flow: Flow, enabled: bool) -> None:
        self.change(flow, Context.enable if enabled else Context.disable, lambda block: block._replace(enabled=enabled))

    @rule(flow=flows, start=starts, utterance=utterances)
    def call(self, flow: Flow, start: Start, utterance: tuple[Family, Said]) -> None:
        family, said = utterance

        @start.context
        def function() -> list[Any]:
            seen = self.look()
            family.set(said.given)
            Context.disable()
            return seen

        assert flow.run(function) == self.expected(self.pushed(flow.stack, start))

    @precondition(lambda self: len(self.all_flows) < MOST_FLOWS)
    @rule(target=tasks, flow=flows)
    def fork(self, flow: Flow) -> Flow:
        """What asyncio does for a new task, and asgiref for a call in another thread."""
        return self.keep(Flow(flow.run(contextvars.copy_context).run, flow.stack, dict(flow.scopes)))

    @precondition(lambda self: len(self.all_flows) < MOST_FLOWS)
    @rule(target=iterations, flow=flows, start=starts, is_async=st.booleans())
    def iterate(self, flow: Flow, start: Start, is_async: bool) -> Iteration:
        last_frames: list[Any] = []
        step: Callable[[Callable[[], Any] | None], Any]
        if is_async:
            async_steps = start.context(_arun_sent)(last_frames)
            step = lambda function: _finish(async_steps.asend(function))  # type: ignore[arg-type]  # noqa: E731
            close = lambda: _finish(async_steps.aclose())  # noqa: E731
        else:
            steps = start.context(_run_sent)(last_frames)
            step, close = steps.send, steps.close  # type: ignore[assignment]
        flow.run(step, None)
        iteration = Iteration(
            lambda function: iteration.host.run(step, function),  # type: ignore[union-attr]
            self.pushed(flow.stack, start),
            dict(flow.scopes),
            close,
            flow,
            last_frames,
        )
        self.keep(iteration)
        return iteration

    @rule(iteration=iterations, host=tasks)
    def move(self, iteration: Iteration, host: Flow) -> None:
        """Let somebody else take the next steps, as a server does that sends each part from another thread."""
        iteration.host = host

    @rule(iteration=consumes(iterations))
    def close(self, iteration: Iteration) -> None:
        hosted = [flow for flow in self.all_flows if isinstance(flow, Iteration) and flow.host is iteration]
        for inner in hosted:
            inner.host = self.all_flows[0]
        self.all_flows.remove(iteration)
        self.close_now(iteration)

    def close_now(self, iteration: Iteration) -> None:
        assert iteration.host is not None
        iteration.host.run(iteration.close)
        [frame] = iteration.last_frames
        assert frame.context is iteration.stack[-1].context

    def teardown(self) -> None:
        for flow in reversed(self.all_flows):
            if isinstance(flow, Iteration):
                flow.host = self.all_flows[0]
                self.close_now(flow)

    @staticmethod
    def look() -> list[Any]:
        return [Context.is_enabled(), not Context.is_disabled(), *(family.get() for family in FAMILIES)]

    @staticmethod
    def expected(stack: Stack) -> list[Any]:
        if not stack:
            return [False, False, *(family.nothing for family in FAMILIES)]
        top, outermost = stack[-1], stack[0].number
        return [top.enabled, top.enabled, *(top.shown(family, outermost) for family in FAMILIES)]

    @invariant()
    def every_flow_sees_its_own(self) -> None:
        for flow in self.all_flows:
            flow.run(self.check, flow)

    def check(self, flow: Flow) -> None:
        frame, stack = current.get(), flow.stack
        assert self.look() == self.expected(stack)
        assert Context.get_current() is (stack[-1].context if stack else None)
        places = {id(block.context): place for place, block in enumerate(stack)}
        for start in self.all_starts:
            place = places.get(id(start.context))
            assert start.context.is_active is (place is not None)
            assert place is None or start.context.index == place
        if frame is None:
            assert not stack
        else:
            number = stack[-1].scope(stack[0].number)
            # The same block is always the same scope, and no two blocks are. Where two flows both name a revision in a
            # block that they share, each may have its own: what is known of a block is copied with the flow.
            assert flow.scopes.setdefault(number, frame.scope) is frame.scope
            assert self.block_of_scope.setdefault(frame.scope, number) == number


def test_context_operations_in_any_order_match_the_oracle() -> None:
    run_state_machine_as_test(
        ContextMachine, settings=settings(max_examples=200, stateful_step_count=40, deadline=None)
    )
