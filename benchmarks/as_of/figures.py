"""What the rounds found, in a few figures."""

from __future__ import annotations

import statistics
from typing import Any, Final

from benchmarks.libraries import UNTRACKED

TIMES: Final = ("seconds", "first_seconds")
SIZES: Final = ("tenth_bytes", "bytes")


def summarize(rounds: dict[str, list[dict[str, float]]], introductions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return medians of a library's figures; of times, those of the ratios within each round, too."""
    first = introductions[UNTRACKED]
    return {
        "database": first["database"],
        "python": first["python"],
        "django": first["django"],
        "versions": {name: introduction["version"] for name, introduction in introductions.items()},
        "rounds": len(rounds[UNTRACKED]),
        "cells": {name: _cells(found, rounds[UNTRACKED]) for name, found in rounds.items()},
    }


def _cells(found: list[dict[str, float]], untracked: list[dict[str, float]]) -> dict[str, Any]:
    ratios = {
        name: sorted(each[name] / base[name] for each, base in zip(found, untracked, strict=True)) for name in TIMES
    }
    return {
        **{name: statistics.median(each[name] for each in found) for name in (*TIMES, *SIZES)},
        **{f"{name}_ratio": statistics.median(values) for name, values in ratios.items()},
        **{f"{name}_spread": [values[0], values[-1]] for name, values in ratios.items()},
    }
