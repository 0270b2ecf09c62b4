from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.restoring.machine import Machine

# How much is asked of the machine, and what it must have come across by then.
EXAMPLES = int(os.environ.get("REVY_RESTORING_EXAMPLES", "12"))
EXPECTED = {
    "last revision reverted",
    "older revision reverted",
    "version restored",
    "with all that fell",
    "nothing to do",
}


@pytest.mark.django_db
def test_restoring_machine_finds_no_difference() -> None:
    options = settings(
        max_examples=EXAMPLES,
        stateful_step_count=40,
        deadline=None,
        database=None,
        print_blob=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    Machine.outcomes = {}
    number = int(os.environ.get("REVY_RESTORING_SEED", "1"))
    run_state_machine_as_test(seed(number)(type("Seeded", (Machine,), {})), settings=options)
    assert Machine.outcomes.keys() >= EXPECTED, Machine.outcomes
