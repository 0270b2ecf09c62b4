"""Real processes with connections of their own, which can be killed at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).parents[2]


class Worker:
    """A worker process, and the lines that it has printed so far; `on_line` is called with each as it comes."""

    def __init__(self, task: dict[str, Any], on_line: Callable[[str], object] | None = None) -> None:
        database = {name: connection.settings_dict[name] for name in ("NAME", "OPTIONS")}
        self.lines: list[str] = []
        self._on_line = on_line
        self._is_ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stress.worker", json.dumps({**task, "database": database})],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            # What a killed process could not finish is no line.
            if not line.endswith("\n"):
                break
            if not self._is_ready.is_set():
                self._is_ready.set()
                continue
            self.lines.append(line)
            if self._on_line is not None:
                self._on_line(line)
        self._is_ready.set()

    def wait_until_ready(self) -> None:
        self._is_ready.wait()

    def wait_for_lines(self, count: int) -> None:
        while len(self.lines) < count and self.is_running:
            time.sleep(0.001)

    def begin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)

    def join(self) -> int:
        """Wait until the process has ended, and return its exit status."""
        status = self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        return status

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def memory(self) -> int:
        """Return the megabytes that the process has in memory."""
        with open(f"/proc/{self._process.pid}/statm") as file:
            pages = int(file.read().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


@contextmanager
def workers(tasks: Sequence[dict[str, Any]]) -> Iterator[list[Worker]]:
    """Start a worker for each task, all of them at the same moment; none is left at the end."""
    connection.close()
    started = [Worker(task) for task in tasks]
    try:
        for worker in started:
            worker.wait_until_ready()
        for worker in started:
            if worker.is_running:
                worker.begin()
        yield started
    finally:
        for worker in started:
            if worker.is_running:
                worker.kill()
            worker.join()
