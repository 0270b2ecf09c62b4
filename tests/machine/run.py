"""Running the machine until it has made a number of steps."""

from __future__ import annotations

from typing import Any

from django.db import connection
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.machine import Machine

STEPS_AN_EXAMPLE = 50
EXAMPLES_A_SEED = 10


def run(machine: type[Machine], steps: int, first_seed: int, *, shrinks: bool = True, say: Any = print) -> None:
    """Run seed after seed until that many writes are checked. Raises what the machine finds, its seed in a note."""
    options = settings(
        max_examples=EXAMPLES_A_SEED,
        stateful_step_count=STEPS_AN_EXAMPLE,
        deadline=None,
        database=None,
        print_blob=True,
        phases=(Phase.generate, Phase.shrink) if shrinks else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    Machine.steps = Machine.versions = 0
    Machine.examples = []
    Machine.outcomes = {}
    number = first_seed
    while Machine.steps < steps:
        seeded = seed(number)(type(machine.__name__, (machine,), {}))
        try:
            run_state_machine_as_test(seeded, settings=options)
        except BaseException as error:
            # The last example is the one that failed, run again to show it.
            error.add_note(f"Found after {(Machine.examples[:-1] or [0])[-1]} writes")
            error.add_note(f"Again: python -m tests.machine --seed {number}")
            raise
        number += 1
        done = f"{Machine.steps} writes, {Machine.versions} versions"
        say(f"{machine.__name__} on {connection.vendor}, seed {number - 1}: {done}", flush=True)
