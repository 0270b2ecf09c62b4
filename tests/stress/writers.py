"""Many processes that write at random to the same objects, and whether the history is exact afterwards."""

from __future__ import annotations

import json
import random
import time
from collections import Counter, defaultdict
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User

from revy import Context
from revy.contrib.django.verification import verify
from tests.stress import database
from tests.stress.app.models import Box, Item, Slip, Tag
from tests.stress.judge import History, Said, problems
from tests.stress.outcomes import DEADLOCK
from tests.stress.processes import Worker, workers

TAGS_A_WORKER = 4
OLDER_SLIPS = 200
SLIPS_A_WORKER = 100_000
FURNISHED = "furnished"


@dataclass
class Run:
    """What a number of processes did, and what is wrong with it."""

    scenario: str
    in_context: bool
    seconds: float = 0
    said: list[Said] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    deltas: int = 0
    longest: int = 0

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(each.outcome for each in self.said)

    def __str__(self) -> str:
        told = "in a context" if self.in_context else "without one"
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())
        history = f"; {self.deltas} object deltas, at most {self.longest} of an object" if self.in_context else ""
        return f"{self.scenario} {told}: {len(self.said)} writes in {self.seconds:.1f} s: {outcomes}{history}"

    def refusals(self) -> str:
        """Tell which writes were refused, and how."""
        by_act: dict[str, Counter[str]] = defaultdict(Counter)
        for each in self.said:
            if not each.is_done:
                by_act[each.act][each.outcome] += 1
        return "\n".join(
            f"    {act}: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
            for act, outcomes in sorted(by_act.items())
        )


def furnish(processes: int, boxes: int, *, older: bool) -> tuple[list[User], list[int]]:
    """Make what is written to, and return the actors and the keys of their tags.

    `older`: every second box and all slips are older than their history.
    """
    actors = [User.objects.create(username=f"worker {number}") for number in range(processes)]
    with Context.via_revision_description(FURNISHED):
        tags = [Tag.objects.create(name=f"tag {number}") for number in range(processes * TAGS_A_WORKER)]
        for number in range(1, boxes + 1):
            with Context.as_disabled() if older and number % 2 else nullcontext():
                Box.objects.create(pk=number)
        with Context.as_disabled() if older else nullcontext():
            Slip.objects.bulk_create(Slip(pk=number) for number in range(1, OLDER_SLIPS + 1))
    return actors, [tag.pk for tag in tags]


def task_of(number: int, actor: User, tags: list[int], *, boxes: int, processes: int, start: int = 0) -> dict[str, Any]:
    """Return what a worker is told; `start` is how many workers there were before it."""
    mine = TAGS_A_WORKER * number
    return {
        "job": "write",
        "actor": actor.pk,
        "name": f"w{start + number}",
        "hand": {
            "boxes": list(range(1, boxes + 1)),
            "older_slips": list(range(1, OLDER_SLIPS + 1)),
            "tags": tags[mine : mine + TAGS_A_WORKER],
            "next_slip": SLIPS_A_WORKER * (start + 1) + number,
            "step": processes,
        },
    }


def said_by(worker: Worker, actor: int) -> list[Said]:
    return [Said(actor=actor, **json.loads(line)) for line in list(worker.lines)]


def run_writers(scenario: str, *, processes: int, updates: int, boxes: int, seed: int, in_context: bool = True) -> Run:
    """Let the processes write, and judge the history that they leave."""
    database.empty()
    actors, tags = furnish(processes, boxes, older=True)
    chosen = random.Random(seed)
    tasks = [
        {
            **task_of(number, actor, tags, boxes=boxes, processes=processes),
            "scenario": scenario,
            "seed": chosen.randrange(2**32),
            "updates": min(updates, OLDER_SLIPS) if scenario == "older" else updates,
            "in_context": in_context,
        }
        for number, actor in enumerate(actors)
    ]
    run = Run(scenario, in_context)
    with workers(tasks) as started:
        begin = time.monotonic()
        for number, worker in enumerate(started):
            status = worker.join()
            if status:
                run.wrong.append(f"worker {number} ended with status {status}")
        run.seconds = time.monotonic() - begin
        for worker, actor in zip(started, actors, strict=True):
            run.said += said_by(worker, actor.pk)
    history = History()
    run.deltas, run.longest = history.size, history.longest
    if in_context:
        run.wrong += problems(history, run.said, untold=[FURNISHED])
        verify([Box, Item, Slip, Tag], report=lambda difference: run.wrong.append(f"revy_verify: {difference}"))
        if scenario == "ordered" and DEADLOCK in run.outcomes:
            run.wrong.append("deadlocks where Django alone has none")
    elif history.by_token.keys() != {FURNISHED}:
        run.wrong.append("something was recorded outside every context")
    return run
