"""Rounds: every subject runs every workload, in turns."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.catalogue import BYTES, RATIO, WORKLOADS, Workload
from benchmarks.libraries import REVY, UNTRACKED
from benchmarks.processes import Process

# By workload and subject: a value a round, or why there is none.
Measurements = dict[str, dict[str, dict[str, Any]]]


def measure(processes: Sequence[Process], rounds: int, *, is_quick: bool = False) -> Measurements:
    """Return the measurements of several rounds, after one with few rows that only warms up; or of such rounds.

    In a round, all subjects run a workload one right after the other, so that what slows the machine down meets all of
    them; a different one comes first in each round.
    """
    found: Measurements = {workload.name: {} for workload in WORKLOADS}
    for number in range(1 if is_quick else 0, rounds + 1):
        for workload in WORKLOADS:
            if workload.unit == BYTES and number > 1:
                continue  # Bytes do not vary.
            first = number % len(processes)
            for process in (*processes[first:], *processes[:first]):
                if _runs(process, workload):
                    is_small = is_quick or number == 0
                    answer = process.run(workload.name, workload.quick if is_small else workload.count)
                    if number > 0:
                        _keep(found[workload.name].setdefault(process.name, {"values": []}), answer)
        print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
    return found


def _runs(process: Process, workload: Workload) -> bool:
    if process.name == UNTRACKED:
        return workload.unit == RATIO
    return process.name == REVY or not workload.is_of_revy_only


def _keep(cell: dict[str, Any], answer: dict[str, Any]) -> None:
    if "value" in answer:
        cell["values"].append(answer["value"])
    else:
        # One run that did not record what it should is enough.
        cell["reason"] = answer["reason"]
