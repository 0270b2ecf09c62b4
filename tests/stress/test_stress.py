"""Small ones of the long runs of `python -m tests.stress`, on the database of the tests."""

from __future__ import annotations

import os
import random

import pytest
from django.db import connection

from tests.stress.kill import run_kills
from tests.stress.million import run_million
from tests.stress.writers import run_writers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seed(capsys: pytest.CaptureFixture[str]) -> int:
    """Return REVY_STRESS_SEED, or a new one: what processes do to each other is different each time anyway."""
    seed = int(os.environ.get("REVY_STRESS_SEED") or random.randrange(10**6))
    with capsys.disabled():
        print(f"\n{connection.vendor}, REVY_STRESS_SEED={seed}", flush=True)
    return seed


@pytest.mark.parametrize(("scenario", "processes"), [("mixed", 4), ("ordered", 3)])
def test_many_writers_leave_an_exact_history(scenario: str, processes: int, seed: int) -> None:
    run = run_writers(scenario, processes=processes, updates=60, boxes=6, seed=seed)
    assert run.wrong == []
    assert run.outcomes["done"] > 100


def test_killed_writers_leave_an_exact_history(seed: int) -> None:
    *_, kills = run_kills(5, processes=5, seed=seed)
    assert kills.wrong == []
    assert kills.times == 5


def test_killed_baseline_is_continued_and_then_verified(seed: int) -> None:
    runs = list(run_million(20_000, kills=1, batch_size=2000, seed=seed))
    assert [run for run in runs if isinstance(run, str)] == []
    assert [(run.command, run.was_killed) for run in runs if not isinstance(run, str)] == [
        ("revy_baseline", True),
        ("revy_baseline", False),
        ("revy_verify", False),
    ]
