"""python -m tests.machine.mutations: break revy by hand, in many ways, and see that the machine notices each.

Each mutation is applied to a copy of the tree, and the machine runs there until it finds a difference. The exit status
is 1 if one is missed, or if the code has changed so that one does not apply any more.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tests.machine.broken import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("revy", "revy_graphql", "tests")


class DoesNotApply(Exception):
    """The code that a mutation changes is not there, or more than once."""


@dataclass(frozen=True)
class Verdict:
    is_noticed: bool
    text: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.machine.mutations", description=__doc__)
    parser.add_argument("--steps", type=int, default=2000, help="how many writes the machine has to notice one (2000)")
    parser.add_argument("--seed", type=int, default=1, help="the machine's first seed (1)")
    parser.add_argument("--jobs", type=int, default=2, help="how many machines run at once (2)")
    parser.add_argument("names", nargs="*", help="words that the names of the mutations contain (all mutations)")
    arguments = parser.parse_args()
    chosen = [each for each in MUTATIONS if not arguments.names or any(word in each.name for word in arguments.names)]
    noticed = 0
    with ThreadPoolExecutor(arguments.jobs) as pool:
        running = {pool.submit(_try, each, arguments.steps, arguments.seed): each for each in chosen}
        for done in as_completed(running):
            verdict = done.result()
            noticed += verdict.is_noticed
            print(f"{running[done].name:64} {verdict.text}", flush=True)
    print(f"{noticed} of {len(chosen)} noticed.")
    return 0 if 0 < noticed == len(chosen) else 1


def _try(mutation: Mutation, steps: int, seed: int) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="revy-mutation-") as folder:
        for name in COPIED:
            shutil.copytree(ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
        try:
            _apply(mutation, Path(folder))
        except DoesNotApply as error:
            return Verdict(False, f"DOES NOT APPLY: {error}")
        command = [sys.executable, "-m", "tests.machine", "--as-found", f"--steps={steps}", f"--seed={seed}"]
        if mutation.is_committing:
            command.append("--committing")
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = re.search(r"^Found after (\d+) writes$", result.stderr, re.MULTILINE)
    if found is not None:
        return Verdict(True, f"noticed after {found[1]}: {_error(result.stderr)}")
    if result.returncode == 0:
        return Verdict(False, f"MISSED in {steps}")
    return Verdict(False, f"DOES NOT RUN: {result.stderr.strip()[-300:]}")


def _apply(mutation: Mutation, folder: Path) -> None:
    for old, new in mutation.changes:
        file = folder / "revy" / mutation.file
        text = file.read_text()
        if text.count(old) != 1:
            raise DoesNotApply(f"revy/{mutation.file} has {text.count(old)} times {old!r}")
        file.write_text(text.replace(old, new))


def _error(output: str) -> str:
    lines = re.findall(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception|Difference|Found|Exist)\w*: .*)$", output, re.MULTILINE)
    return lines[-1][:60] if lines else "an error"


if __name__ == "__main__":
    sys.exit(main())
