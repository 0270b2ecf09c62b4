"""The process that measures keyframe intervals: `python -m benchmarks.keyframes.worker [quick]` prints JSON."""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from typing import Any, Final

INTERVALS: Final = (1, 8, 32, 128)
REPEATS: Final = 5


def measure(bench: Any, interval: int, objects: int, versions: int) -> dict[str, float]:
    """Return bytes a one-field update, and milliseconds to rebuild: on average, and just before a keyframe."""
    from benchmarks import databases

    bench.clear()
    tables, posts = bench.subject.tables(), bench.posts(objects)
    save(bench, posts, 1)
    before = databases.size(tables)
    for version in range(2, versions + 1):
        save(bench, posts, version)
    size = databases.size(tables) - before
    databases.settle()
    gc.collect()
    costs = {version: rebuild(bench, posts[0], version) for version in range(1, versions + 1)}
    return {
        "bytes": size / objects / (versions - 1),
        "mean": statistics.mean(costs.values()),
        "worst": statistics.mean(cost for version, cost in costs.items() if (version + 1) % interval == 0),
    }


def save(bench: Any, posts: list[Any], version: int) -> None:
    for post in posts:
        with bench.acting():
            post.title = str(version)
            post.save()


def rebuild(bench: Any, post: Any, version: int) -> float:
    """Return the milliseconds of the fastest of several calls."""
    costs = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        found = bench.subject.rebuild(type(post), post.pk, version)
        costs.append(time.perf_counter() - begin)
        assert (found.title, found.text) == (str(version), post.text)
    return min(costs) * 1e3


def main() -> None:
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    from benchmarks import worker

    intervals, objects, versions = (INTERVALS[:2], 1, 16) if sys.argv[1:] == ["quick"] else (INTERVALS, 16, 256)
    bench = worker.start()
    from django.test import override_settings

    from benchmarks import databases

    try:
        costs = {}
        for interval in intervals:
            with override_settings(REVY_KEYFRAME_INTERVAL=interval):
                costs[interval] = measure(bench, interval, objects, versions)
            print(interval, costs[interval], flush=True)
        json.dump({**worker.introduction(), "versions": versions, "costs": costs}, answer)
    finally:
        databases.drop()


if __name__ == "__main__":
    main()
