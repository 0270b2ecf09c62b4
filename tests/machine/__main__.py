"""python -m tests.machine --steps 10000: the long run, on the database of DATABASE_URL."""

from __future__ import annotations

import argparse
import os
import random

import django


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.machine", description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000, help="how many writes to check (10000)")
    parser.add_argument("--seed", type=int, help="the seed to begin with (at random)")
    parser.add_argument(
        "--as-found", action="store_true", help="show a difference as it was found, without shrinking it"
    )
    parser.add_argument(
        "--committing", action="store_true", help="commit each write instead of rolling back at the end"
    )
    arguments = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()

    from django.test.runner import DiscoverRunner

    from tests.machine.machine import CommittingMachine, Machine
    from tests.machine.run import run

    runner = DiscoverRunner(interactive=False, verbosity=0)
    databases = runner.setup_databases()
    try:
        seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
        run(
            CommittingMachine if arguments.committing else Machine,
            arguments.steps,
            seed,
            shrinks=not arguments.as_found,
        )
    finally:
        runner.teardown_databases(databases)
        for name, outcomes in Machine.outcomes.items():
            print(f"{name:24}", *(f"{outcome} {count}" for outcome, count in outcomes.most_common()))


if __name__ == "__main__":
    main()
