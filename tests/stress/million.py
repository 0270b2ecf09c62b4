"""revy_baseline and revy_verify over a big table: how much memory they take on their way, and what a kill costs."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Count, Max, Min

from revy.contrib.django import get_object_delta_model
from tests.stress import database
from tests.stress.app.models import Box
from tests.stress.processes import Worker

CHUNK = 5000
# The first tenth of a run loads and caches what it needs; after that its memory has to stay as it is.
MOST_GROWTH = 20


@dataclass
class Run:
    """One run of a command: the megabytes that it had in memory, and how long it took; `status` is its exit status."""

    command: str
    was_killed: bool = False
    status: int = 0
    seconds: float = 0
    memory: list[int] = field(default_factory=list)
    shares: list[str] = field(default_factory=list)
    said: str = ""

    @property
    def settled(self) -> list[int]:
        return self.memory[len(self.memory) // 5 :]

    @property
    def growth(self) -> int:
        settled = self.settled
        half = len(settled) // 2
        return max(settled[half:], default=0) - max(settled[:half], default=0)

    def __str__(self) -> str:
        end = "killed" if self.was_killed else f"status {self.status}"
        step = max(1, len(self.memory) // 10)
        return (
            f"{self.command}: {end} after {self.seconds:.1f} s; peak {max(self.memory, default=0)} MB, over time "
            f"{self.memory[::step]}; progress {' '.join(self.shares)}; {self.said}"
        )


def run_million(rows: int, *, kills: int, batch_size: int, seed: int) -> Iterator[Run | str]:
    """Yield each run of the commands, and as a string everything that is wrong."""
    database.empty()
    for start in range(0, rows, CHUNK):
        stop = min(start + CHUNK, rows)
        Box.objects.bulk_create(
            Box(pk=number, label=f"box {number}", count=number % 97, data={"number": number})
            for number in range(start, stop)
        )
    yield from _baselines(rows, kills, batch_size, random.Random(seed))
    run = _run("revy_verify", batch_size, "--strict")
    yield run
    if run.status:
        yield f"revy_verify: status {run.status}, {run.said}"
    if run.growth > MOST_GROWTH:
        yield f"revy_verify: its memory grew by {run.growth} MB"


def _baselines(rows: int, kills: int, batch_size: int, chosen: random.Random) -> Iterator[Run | str]:
    deltas = get_object_delta_model()._base_manager
    before = 0
    for tenths in sorted(chosen.sample(range(1, 9), kills)):
        run = _run("revy_baseline", batch_size, kill_at=tenths)
        database.wait_until_alone()
        done = deltas.count()
        yield run
        if not before < done < rows:
            yield f"{done} object deltas after a kill, {before} before"
        before = done
    run = _run("revy_baseline", batch_size)
    yield run
    if run.growth > MOST_GROWTH:
        yield f"revy_baseline: its memory grew by {run.growth} MB"
    if not re.search(rf"^{rows - before:,} objects", run.said):
        yield f"{rows - before} objects were left, but: {run.said}"
    counted = deltas.aggregate(Count("pk"), Count("content_id", distinct=True), Min("version"), Max("version"))
    if list(counted.values()) != [rows, rows, 1, 1]:
        yield f"not every object has one version: {counted}"


def _run(command: str, batch_size: int, *arguments: str, kill_at: int | None = None) -> Run:
    """Run a command in a process of its own; kill it soon after it has told so many tenths."""
    words = [command, *arguments, Box._meta.label, f"--batch-size={batch_size}"]
    run = Run(command)
    worker = Worker({"job": "command", "arguments": words})
    worker.wait_until_ready()
    begin = time.monotonic()
    worker.begin()
    while worker.is_running:
        run.memory.append(worker.memory())
        time.sleep(0.05)
        if kill_at is not None and len(worker.lines) >= kill_at:
            run.was_killed = True
            worker.kill()
            break
    run.status = worker.join()
    run.seconds = time.monotonic() - begin
    run.shares = [line.split()[0] for line in worker.lines if "%" in line]
    run.said = worker.lines[-1].strip() if worker.lines else ""
    return run
