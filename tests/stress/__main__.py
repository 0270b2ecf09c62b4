"""python -m tests.stress writers|kill|million|bulk: the long runs, on the database of DATABASE_URL."""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Iterable

import django


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.stress", description=__doc__)
    parser.add_argument("--seed", type=int, help="what the random choices begin with (at random)")
    parser.add_argument("--isolation", choices=["read committed", "repeatable read", "serializable"])
    parser.add_argument("--journal", choices=["wal", "delete"], help="of SQLite")
    parser.add_argument("--mode", choices=["DEFERRED", "IMMEDIATE"], help="of SQLite's transactions (IMMEDIATE)")
    commands = parser.add_subparsers(dest="command", required=True)
    writers = commands.add_parser("writers", help="many processes write to the same objects")
    writers.add_argument("--scenario", action="append", help="which (all of them); may be repeated")
    writers.add_argument("--processes", type=int, default=8)
    writers.add_argument("--updates", type=int, default=500, help="how many a process (500)")
    writers.add_argument("--objects", type=int, default=20)
    writers.add_argument("--compare", action="store_true", help="run it without contexts too")
    kill = commands.add_parser("kill", help="writers are killed at random moments")
    kill.add_argument("--times", type=int, default=50)
    kill.add_argument("--processes", type=int, default=2, help="how many write at once (2)")
    million = commands.add_parser("million", help="revy_baseline and revy_verify over a big table")
    million.add_argument("--rows", type=int, default=1_000_000)
    million.add_argument("--kills", type=int, default=2, help="how often revy_baseline is killed on its way (2)")
    million.add_argument("--batch-size", type=int, default=2000)
    bulk = commands.add_parser("bulk", help="memory and statements of writes of many rows, with and without a context")
    bulk.add_argument("--rows", type=int, default=100_000)
    bulk.add_argument("--act", action="append", help="which (all of them); may be repeated")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()

    from django.db import connection

    from tests.stress import database

    arguments.seed = random.randrange(10**6) if arguments.seed is None else arguments.seed
    options = database.options(connection.vendor, arguments.isolation, arguments.journal, arguments.mode)
    connection.settings_dict["OPTIONS"] = options
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = connection.settings_dict["TEST"]["NAME"].replace("tests", "stress")
    print(f"{connection.vendor}, {options or 'default options'}, seed {arguments.seed}", flush=True)
    with database.test_database():
        wrong = list(COMMANDS[arguments.command](arguments))
    for problem in wrong[:50]:
        print(f"WRONG: {problem}")
    print(f"{len(wrong)} problems." if wrong else "All is as it must be.")
    return 1 if wrong else 0


def run_writers(arguments: argparse.Namespace) -> Iterable[str]:
    from tests.stress.writers import run_writers
    from tests.stress.writes import SCENARIOS

    for scenario in arguments.scenario or SCENARIOS:
        for in_context in (False, True) if arguments.compare else (True,):
            run = run_writers(
                scenario,
                processes=arguments.processes,
                updates=arguments.updates,
                boxes=arguments.objects,
                seed=arguments.seed,
                in_context=in_context,
            )
            print(run, run.refusals(), sep="\n", flush=True)
            yield from run.wrong


def run_kills(arguments: argparse.Namespace) -> Iterable[str]:
    from tests.stress.kill import run_kills

    for kills in run_kills(arguments.times, processes=arguments.processes, seed=arguments.seed):
        print(kills, flush=True)
    return kills.wrong


def run_million(arguments: argparse.Namespace) -> Iterable[str]:
    from tests.stress.million import run_million

    for said in run_million(
        arguments.rows, kills=arguments.kills, batch_size=arguments.batch_size, seed=arguments.seed
    ):
        if isinstance(said, str):
            yield said
        else:
            print(said, flush=True)


def run_bulk(arguments: argparse.Namespace) -> Iterable[str]:
    from tests.stress.bulk import ACTS, run_bulk

    for act, in_context, taken in run_bulk(arguments.act or list(ACTS), arguments.rows, arguments.seed):
        print(f"{act:18} {'in a context' if in_context else 'without one':13}", taken, flush=True)
        if "failed" in taken:
            yield f"{act}: status {taken['failed']}"


COMMANDS = {"writers": run_writers, "kill": run_kills, "million": run_million, "bulk": run_bulk}


if __name__ == "__main__":
    sys.exit(main())
