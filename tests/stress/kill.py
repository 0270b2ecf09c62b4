"""Writers that are killed at random moments, and whether the history is exact whatever they were doing."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from revy.contrib.django.verification import verify
from tests.stress import database
from tests.stress.judge import MODELS, History, Said, problems
from tests.stress.processes import workers
from tests.stress.writers import FURNISHED, furnish, said_by, task_of

BOXES = 20
MOST_WRITES = 20
A_WRITE = 0.05  # seconds, and more


@dataclass
class Kills:
    """How many writers were killed, what they had done by then, and what is wrong with it.

    `untold` are the writes that were committed by writers who could not tell any more.
    """

    times: int = 0
    said: list[Said] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    deltas: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.times} writers killed after {len(self.said)} writes, {len(self.untold)} of them between a commit "
            f"and telling so; {self.deltas} object deltas"
        )


def run_kills(times: int, *, processes: int, seed: int) -> Iterator[Kills]:
    """Start some writers, kill them one after the other, judge what they left, and begin again, on the same objects."""
    database.empty()
    actors, tags = furnish(processes, BOXES, older=False)
    chosen = random.Random(seed)
    kills = Kills()
    while kills.times < times and not kills.wrong:
        count = min(processes, times - kills.times)
        tasks = [
            task_of(number, actor, tags, boxes=BOXES, processes=processes, start=kills.times)
            | {"scenario": "killed", "seed": chosen.randrange(2**32), "updates": None, "in_context": True}
            for number, actor in enumerate(actors[:count])
        ]
        with workers(tasks) as started:
            for worker in chosen.sample(started, count):
                worker.wait_for_lines(chosen.randrange(MOST_WRITES))
                time.sleep(chosen.uniform(0, A_WRITE))
                worker.kill()
        database.wait_until_alone()
        kills.times += count
        for worker, actor in zip(started, actors, strict=False):
            kills.said += said_by(worker, actor.pk)
        # What each was doing is there as a whole or not at all: which of the two, nobody has told.
        _judge(kills, [f"{task['name']}.{len(worker.lines)}" for task, worker in zip(tasks, started, strict=True)])
        yield kills


def _judge(kills: Kills, unfinished: list[str]) -> None:
    history = History()
    kills.deltas = history.size
    kills.untold += history.by_token.keys() & set(unfinished)
    kills.wrong += problems(history, kills.said, untold={FURNISHED, *kills.untold})
    verify(MODELS, strict=True, report=lambda difference: kills.wrong.append(f"revy_verify: {difference}"))
