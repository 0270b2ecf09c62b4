"""The process of one subject: `python -m benchmarks.as_of.worker fill|measure|drop OBJECTS` prints JSON."""

from __future__ import annotations

import gc
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any, Final

import django

from benchmarks.as_of.histories import MIDDLE, VERSIONS, moment_of

_STATUS: Final = Path("/proc/self/status")


def fill(count: int) -> dict[str, Any]:
    """Make the database and its histories."""
    from benchmarks import worker

    bench = worker.start()
    from benchmarks.as_of import filling

    filling.fill(bench, count)
    return worker.introduction()


def measure(count: int) -> dict[str, float]:
    """Return the seconds to the first object and to the last, and the bytes that memory grew by up to a tenth and all.

    It is the most memory that the process has had. Whoever reads drops one object before it takes the next.
    """
    django.setup()
    from benchmarks.blog.models import Post
    from benchmarks.subjects.current import SUBJECT

    # What a process does once, connecting and importing, counts for nobody.
    assert Post.objects.filter(title=str(VERSIONS)).first()
    title = str(MIDDLE if SUBJECT.records else VERSIONS)
    gc.collect()
    before, seen = _peak(is_anew=True), 0
    found: dict[str, float] = {}
    begin = time.perf_counter()
    for post in SUBJECT.as_of(Post, moment_of(MIDDLE)):
        assert post.title == title
        seen += 1
        if seen == 1:
            found["first_seconds"] = time.perf_counter() - begin
        if seen == count // 10:
            found["tenth_bytes"] = _peak() - before
    found["seconds"] = time.perf_counter() - begin
    found["bytes"] = _peak() - before
    assert seen == count, f"{seen} of {count} objects"
    return found


def drop(count: int) -> None:
    django.setup()
    from benchmarks import databases

    databases.drop()


def _peak(*, is_anew: bool = False) -> int:
    """Return the most bytes of memory that the process has had, from now on if anew."""
    if is_anew:
        Path("/proc/self/clear_refs").write_text("5")
    (kilobytes,) = re.findall(r"VmHWM:\s*(\d+) kB", _STATUS.read_text())
    return int(kilobytes) * 1024


def main() -> None:
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    done = {"fill": fill, "measure": measure, "drop": drop}[sys.argv[1]](int(sys.argv[2]))
    json.dump(done, answer)


if __name__ == "__main__":
    main()
