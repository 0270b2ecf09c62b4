"""Follow what operations cost as things grow: `python -m benchmarks.growth --help`, or `make bench-growth`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks import environments, growth_table, machine, origin, page, processes, results
from benchmarks.__main__ import SQLITE_URL
from benchmarks.libraries import REVY
from benchmarks.urls import TITLES, own_url, vendor_of

ROWS: Final = {"sqlite": 1_000_000, "postgresql": 10_000_000}


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument(
        "--database",
        default=SQLITE_URL,
        metavar="URL",
        help="sqlite:///… or postgres://…; a database called like it, with _growth behind, is made and dropped",
    )
    parser.add_argument(
        "--rows",
        type=int,
        help="the most object deltas in the tables; by default "
        + " or ".join(f"{rows:,} on {TITLES[vendor]}" for vendor, rows in ROWS.items()),
    )
    parser.add_argument(
        "--quick", action="store_true", help="nothing grows, and nothing is written: only try whether it runs"
    )
    return parser.parse_args(arguments)


def measure(python: Path | str, database_url: str, rows: int, *, is_quick: bool) -> dict[str, Any]:
    """Return the curves, measured by a process of that interpreter."""
    variables = {
        **processes.environment(REVY, database_url),
        "DJANGO_SETTINGS_MODULE": "benchmarks.growth.settings",
        "REVY_BENCHMARK_DATABASE_URL": own_url(database_url, "growth"),
    }
    command = [str(python), "-m", "benchmarks.growth.worker", str(rows), *(["quick"] if is_quick else [])]
    run = subprocess.run(command, check=True, cwd=environments.ROOT, env=variables, stdout=subprocess.PIPE)
    return {**json.loads(run.stdout), "machine": machine.describe()}


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    vendor, measured_at = vendor_of(options.database), origin.describe()
    name = page.GROWTH + vendor
    environments.DATABASES.mkdir(parents=True, exist_ok=True)
    python = environments.python_of(REVY)
    found = measure(python, options.database, options.rows or ROWS[vendor], is_quick=options.quick)
    print(growth_table.render(found))
    if not options.quick:
        results.write(name, measured_at, found)
        page.write()
        page.plot(name)


if __name__ == "__main__":
    main(sys.argv[1:])
