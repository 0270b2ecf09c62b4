"""Which state of the code figures are of, and of which day."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.environments import ROOT

# What a run writes itself does not change what the next one measures.
_WRITTEN: Final = (":!docs/performance", ":!docs/performance.md")


def describe() -> dict[str, str | bool]:
    """Return the commit, whether anything differs from it, and the date."""
    return {
        "commit": _git("rev-parse", "--short", "HEAD"),
        "is_dirty": bool(_git("status", "--porcelain", "--", ".", *_WRITTEN)),
        "date": datetime.now(UTC).date().isoformat(),
    }


def render(origin: dict[str, Any]) -> str:
    changes = ", with changes that are not committed" if origin["is_dirty"] else ""
    return f"Measured on {origin['date']} at commit {origin['commit']}{changes}."


def _git(*arguments: str) -> str:
    run = subprocess.run(["git", *arguments], check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return run.stdout.strip()
