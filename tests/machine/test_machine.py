"""The proof: whatever Django writes is recorded exactly. `python -m tests.machine` runs it for longer."""

from __future__ import annotations

import os
import random

import pytest

from tests.machine.machine import CommittingMachine, Machine
from tests.machine.run import run


@pytest.fixture
def first_seed() -> int:
    """Return the same seed at every run, so that a change is blamed for what it breaks; "random" for another one."""
    seed = os.environ.get("REVY_MACHINE_SEED", "1")
    return random.randrange(10**6) if seed == "random" else int(seed)


@pytest.mark.django_db(databases=["default", "other"])
def test_machine_in_a_transaction_finds_no_difference(first_seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        run(Machine, 2000, first_seed)


@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_machine_that_commits_finds_no_difference(first_seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        run(CommittingMachine, 300, first_seed)
