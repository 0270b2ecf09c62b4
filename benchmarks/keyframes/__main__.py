"""Compare keyframe intervals: `python -m benchmarks.keyframes --help`, or `make bench-keyframes`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks import environments, machine, origin, page, processes, results, table
from benchmarks.__main__ import SQLITE_URL
from benchmarks.libraries import REVY
from benchmarks.urls import own_url, vendor_of


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keyframes", description=__doc__)
    parser.add_argument(
        "--database",
        default=SQLITE_URL,
        metavar="URL",
        help="sqlite:///… or postgres://…; a database called like it, with _keyframes behind, is made and dropped",
    )
    parser.add_argument(
        "--quick", action="store_true", help="short histories, and nothing is written: only try whether it runs"
    )
    return parser.parse_args(arguments)


def measure(python: Path | str, database_url: str, *, is_quick: bool) -> dict[str, Any]:
    """Return the costs of each interval, measured by a process of that interpreter."""
    variables = {
        **processes.environment(REVY, database_url),
        "REVY_BENCHMARK_DATABASE_URL": own_url(database_url, "keyframes"),
    }
    command = [str(python), "-m", "benchmarks.keyframes.worker", *(["quick"] if is_quick else [])]
    run = subprocess.run(command, check=True, cwd=environments.ROOT, env=variables, stdout=subprocess.PIPE)
    return {**json.loads(run.stdout), "machine": machine.describe()}


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    name, measured_at = page.KEYFRAMES + vendor_of(options.database), origin.describe()
    environments.DATABASES.mkdir(parents=True, exist_ok=True)
    found = measure(environments.python_of(REVY), options.database, is_quick=options.quick)
    print(table.keyframes(found))
    if not options.quick:
        results.write(name, measured_at, found)
        page.write()


if __name__ == "__main__":
    main(sys.argv[1:])
