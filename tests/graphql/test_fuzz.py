"""Random documents give nobody what they may not see, and never fail.

REVY_FUZZ_DOCUMENTS is how many are sent (400), REVY_FUZZ_SEED what the first one is made from (1). The seed of a
document that fails is printed; `REVY_FUZZ_SEED=thatseed REVY_FUZZ_DOCUMENTS=1` sends it again.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.graphql.fuzz.run import run
from tests.graphql.fuzz.world import World


@pytest.fixture
def world(db: None, settings: Any) -> World:
    settings.ROOT_URLCONF = "tests.graphql.fuzz.urls"
    return World()


def test_random_documents_give_nothing_away(world: World) -> None:
    count = int(os.environ.get("REVY_FUZZ_DOCUMENTS", "400"))
    seed = int(os.environ.get("REVY_FUZZ_SEED", "1"))
    print(f"{count} documents from the seed {seed} on")
    outcome = run(world, count, seed)
    print(outcome)
    if count >= 400:
        # Nothing is shown by a run that finds nothing.
        assert outcome.answered["data"] > count / 10
        wanted = {"snapshot", "newValue", "display", "objectDeltas", "restoreObject", "diff", "isMasked", "object"}
        wanted |= {"revertRevision", "plan", "then", "token", "objectAsOf"}
        assert wanted <= outcome.fields
