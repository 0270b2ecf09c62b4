"""Compare ways into the past of a whole table: `python -m benchmarks.as_of --help`, or `make bench-as-of`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks import as_of_table, environments, machine, origin, page, processes, results
from benchmarks.__main__ import SQLITE_URL
from benchmarks.as_of import figures
from benchmarks.as_of.histories import VERSIONS
from benchmarks.libraries import REVY, UNTRACKED
from benchmarks.urls import own_url, vendor_of

SUBJECTS: Final = (UNTRACKED, REVY, "simple_history")
OBJECTS: Final = 100_000


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.as_of", description=__doc__)
    parser.add_argument(
        "--database",
        default=SQLITE_URL,
        metavar="URL",
        help="sqlite:///… or postgres://…; databases called like it, with _as_of_SUBJECT behind, are made and dropped",
    )
    parser.add_argument("--objects", type=int, default=OBJECTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--quick", action="store_true", help="few objects, and nothing is written: only try whether it runs"
    )
    return parser.parse_args(arguments)


def measure(pythons: dict[str, Path | str], database_url: str, objects: int, rounds: int) -> dict[str, Any]:
    """Return what each library needs: each time in a process of its own, those of a round one after the other."""

    def run(name: str, *arguments: str) -> Any:
        command = [str(pythons[name]), "-m", "benchmarks.as_of.worker", *arguments]
        variables = processes.environment(name, own_url(database_url, "as_of"))
        done = subprocess.run(command, check=True, cwd=environments.ROOT, env=variables, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    try:
        introductions = {name: run(name, "fill", str(objects)) for name in pythons}
        found: dict[str, list[dict[str, float]]] = {name: [] for name in pythons}
        for number in range(rounds):
            for name, timings in found.items():
                timings.append(run(name, "measure", str(objects)))
                print(number + 1, name, timings[-1], file=sys.stderr, flush=True)
    finally:
        for name in pythons:
            run(name, "drop", str(objects))
    described = {"objects": objects, "depth": VERSIONS, "machine": machine.describe()}
    return {**figures.summarize(found, introductions), **described}


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    name, measured_at = page.AS_OF + vendor_of(options.database), origin.describe()
    environments.DATABASES.mkdir(parents=True, exist_ok=True)
    pythons: dict[str, Path | str] = {subject: environments.python_of(subject) for subject in SUBJECTS}
    objects, rounds = (1_000, 1) if options.quick else (options.objects, options.rounds)
    found = measure(pythons, options.database, objects, rounds)
    print(as_of_table.render(found))
    if not options.quick:
        results.write(name, measured_at, found)
        page.write()


if __name__ == "__main__":
    main(sys.argv[1:])
