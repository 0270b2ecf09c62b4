"""What the rounds found, in a few figures."""

from __future__ import annotations

from typing import Any, Final

from benchmarks.libraries import UNTRACKED

KEYS: Final = ("seconds", "first_seconds", "tenth_bytes", "bytes")


def summarize(rounds: dict[str, list[dict[str, float]]], introductions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the least of each library's figures: work of others only ever adds to them.

    `noise` is how many times as long the slowest round of any library took as its fastest.
    """
    first = introductions[UNTRACKED]
    totals = [[each["seconds"] for each in found] for found in rounds.values()]
    return {
        "database": first["database"],
        "python": first["python"],
        "django": first["django"],
        "versions": {name: introduction["version"] for name, introduction in introductions.items()},
        "rounds": len(rounds[UNTRACKED]),
        "noise": max(max(seconds) / min(seconds) for seconds in totals),
        "cells": {name: {key: min(each[key] for each in found) for key in KEYS} for name, found in rounds.items()},
    }
