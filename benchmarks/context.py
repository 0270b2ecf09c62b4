"""Report what contexts cost: `python -m benchmarks.context`; `--json` for machines.

The budget (microseconds): 3 to enter and leave a block, 0.5 for each of get_actor and is_enabled with ten nested
blocks. None of them may grow with the depth.
"""

from __future__ import annotations

import contextlib
import json
import platform
import sys
import time
import timeit
from collections.abc import Callable
from typing import Any

from benchmarks import machine
from revy import Context

DEPTHS = (0, 10, 100)
ROUNDS = 40
CALLS = 5_000

SOMEBODY = Context.via_actor(None)


def enter_and_leave() -> None:
    with Context():
        pass


def enter_and_leave_with_actor() -> None:
    with SOMEBODY:
        pass


def make_enter_and_leave_with_actor() -> None:
    with Context.via_actor(None):
        pass


def enter_and_leave_with_two_values() -> None:
    with Context.via_actor(None), Context.via_revision_description("why"):
        pass


@Context()
def call_decorated() -> None:
    pass


def set_actor() -> None:
    # Outside every context nothing can be set, so this enters a block of its own.
    with Context():
        Context.set_actor(None)


OPERATIONS: dict[str, Callable[[], object]] = {
    "with Context()": enter_and_leave,
    "with context: (made before, has an actor)": enter_and_leave_with_actor,
    "with Context.via_actor(…)": make_enter_and_leave_with_actor,
    "with via_actor, via_revision_description": enter_and_leave_with_two_values,
    "call of a decorated function": call_decorated,
    "with Context(): set_actor(…)": set_actor,
    "Context.get_actor()": Context.get_actor,
    "Context.get_revision_description()": Context.get_revision_description,
    "Context.is_enabled()": Context.is_enabled,
}


def measure(operation: Callable[[], object], depth: int) -> float:
    """Return the processor time of a call in the fastest of several rounds, in microseconds, inside of `depth` blocks.

    Work of others and the cache only ever add to it.
    """
    with contextlib.ExitStack() as blocks:
        for number in range(depth):
            context = Context.via_actor(None) if number % 2 else Context.via_revision_description("why")
            blocks.enter_context(context)
        rounds = timeit.repeat(operation, timer=time.process_time, number=CALLS, repeat=ROUNDS)
    return min(rounds) / CALLS * 1e6


def measure_all() -> dict[str, Any]:
    costs = {name: {depth: measure(operation, depth) for depth in DEPTHS} for name, operation in OPERATIONS.items()}
    return {"python": platform.python_version(), "machine": machine.describe(), "costs": costs}


def main() -> None:
    if "--json" in sys.argv[1:]:
        print(json.dumps(measure_all()))
        return
    print(
        f"Python {platform.python_version()}: µs of processor time a call, the fastest of {ROUNDS} × {CALLS:,} calls\n"
    )
    print(f"{'nested blocks':<42}" + "".join(f"{depth:>8}" for depth in DEPTHS))
    for name, operation in OPERATIONS.items():
        print(f"{name:<42}" + "".join(f"{measure(operation, depth):>8.2f}" for depth in DEPTHS), flush=True)


if __name__ == "__main__":
    main()
