"""The processes of the subjects, as their parent sees them."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.environments import ROOT
from benchmarks.urls import own_url


class ProcessFailed(Exception):
    """A subject's process ended, or could not start; the message has what it said last."""


class Process:
    """A subject that waits for something to run."""

    def __init__(self, name: str, python: Path | str, database_url: str) -> None:
        self.name = name
        self._log = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [str(python), "-m", "benchmarks.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=ROOT,
            env=environment(name, database_url),
        )
        self.introduction = self._answer()

    def run(self, workload: str, count: int) -> dict[str, Any]:
        """Return {"value": seconds or bytes}, or {"reason": why there is none}."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"name": workload, "count": count}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._log.seek(0)
            raise ProcessFailed(f"The process of {self.name} failed:\n{self._log.read()[-4000:]}")
        return json.loads(line)


def environment(name: str, database_url: str) -> dict[str, str]:
    """Return the variables of a process: its subject, and a database of its own beside the one that is named."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "REVY_BENCHMARK_SUBJECT": name,
        "REVY_BENCHMARK_DATABASE_URL": own_url(database_url, name),
    }


@contextmanager
def running(pythons: dict[str, Path | str], database_url: str) -> Iterator[Sequence[Process]]:
    """Start a process for each name, and end them."""
    with ExitStack() as stack:
        processes = []
        for name, python in pythons.items():
            process = Process(name, python, database_url)
            stack.callback(process.close)
            processes.append(process)
        yield processes
