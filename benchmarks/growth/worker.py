"""The process that measures the curves: `python -m benchmarks.growth.worker ROWS [quick]` prints JSON."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import django

Point = tuple[int, dict[str, float]]


@dataclass(frozen=True)
class Study:
    """Who acts, and how far to go."""

    user: Any
    rows: int
    repeats: int

    def measure(self, model: Any, versions: int) -> dict[str, float]:
        return self.histories(model, versions).measure()

    def histories(self, model: Any, versions: int) -> Any:
        from benchmarks.growth.operations import Histories

        return Histories.make(model, versions, self.user, self.repeats)


def versions(study: Study) -> Iterator[Point]:
    for count in _sizes(1, 10_000):
        yield count, study.measure(_model(), count)


def rows(study: Study) -> Iterator[Point]:
    from benchmarks.growth.filling import fill

    for count in _sizes(10_000, study.rows):
        fill(_model(), count)
        yield count, study.measure(_model(), 10)


def fields(study: Study) -> Iterator[Point]:
    from benchmarks.growth.models import WIDE

    for count, model in WIDE.items():
        yield count, study.measure(model, 10)


def nesting(study: Study) -> Iterator[Point]:
    from revy import Context

    for count in _sizes(1, 100):
        histories = study.histories(_model(), 10)
        with ExitStack() as blocks:
            for number in range(count):
                context = Context.via_actor(study.user) if number % 2 else Context.via_revision_description("outer")
                blocks.enter_context(context)
            yield count, histories.measure()


# The rows come last: they stay.
AXES: Final[tuple[Callable[[Study], Iterator[Point]], ...]] = (versions, fields, nesting, rows)


def _model() -> Any:
    from benchmarks.growth.models import WIDE

    return WIDE[10]


def _sizes(first: int, last: int) -> Iterator[int]:
    while first <= last:
        yield first
        first *= 10


def main() -> None:
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    django.setup()
    from django.contrib.auth.models import User

    from benchmarks import databases
    from benchmarks.worker import introduction, migrate

    most_rows, is_quick = int(sys.argv[1]), sys.argv[2:] == ["quick"]
    databases.create()
    try:
        migrate()
        study = Study(User.objects.create_superuser("somebody"), most_rows, repeats=2 if is_quick else 25)
        # So that a page is full from the beginning, and everything has run once.
        study.measure(_model(), 20)
        curves: dict[str, dict[int, Any]] = {}
        for axis in AXES:
            curves[axis.__name__] = {}
            for size, costs in itertools.islice(axis(study), 1 if is_quick else None):
                curves[axis.__name__][size] = costs
                print(axis.__name__, size, {name: round(cost) for name, cost in costs.items()}, flush=True)
        json.dump({**introduction(), "curves": curves}, answer)
    finally:
        databases.drop()


if __name__ == "__main__":
    main()
