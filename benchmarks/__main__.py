"""Compare revy with its peers: `python -m benchmarks --help`, or `make bench`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks import environments, machine, origin, page, processes, results, runner, table
from benchmarks.libraries import LIBRARIES, PEERS, REVY, UNTRACKED
from benchmarks.urls import vendor_of

NO_PEERS: Final = "none"
SQLITE_URL: Final = f"sqlite:///{environments.DATABASES / 'benchmark.sqlite3'}"


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--database",
        default=SQLITE_URL,
        metavar="URL",
        help="sqlite:///… or postgres://…; databases called like it, with _SUBJECT behind, are made and dropped",
    )
    parser.add_argument("--peers", nargs="*", default=PEERS, choices=(*PEERS, NO_PEERS), help="all by default")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--quick", action="store_true", help="few rows, and nothing is written: only try whether it runs"
    )
    return parser.parse_args(arguments)


def measure_contexts(python: Path | str) -> dict[str, Any]:
    """Return microseconds by operation and depth, measured by that interpreter."""
    command = [str(python), "-m", "benchmarks.context", "--json"]
    return json.loads(subprocess.run(command, check=True, cwd=environments.ROOT, stdout=subprocess.PIPE).stdout)


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    vendor, measured_at = vendor_of(options.database), origin.describe()
    names = [UNTRACKED, REVY, *(name for name in PEERS if name in options.peers)]
    pythons: dict[str, Path | str] = {
        name: environments.python_of(name) for name in names if vendor in LIBRARIES[name].vendors
    }
    environments.DATABASES.mkdir(parents=True, exist_ok=True)
    with processes.running(pythons, options.database) as running:
        measurements = runner.measure(running, options.rounds, is_quick=options.quick)
        introductions = {process.name: process.introduction for process in running}
    found = results.summarize(measurements, introductions, machine.describe(), options.rounds)
    print(table.render(found))
    if not options.quick:
        results.write(vendor, measured_at, found)
        results.write(page.CONTEXTS, measured_at, measure_contexts(pythons[REVY]))
        page.write()
        page.plot(vendor)


if __name__ == "__main__":
    main(sys.argv[1:])
