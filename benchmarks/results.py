"""What a run found, kept as JSON beside the page that is made of it."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any, Final

from benchmarks.catalogue import BYTES, MILLISECONDS, WORKLOADS, Workload
from benchmarks.environments import ROOT
from benchmarks.libraries import UNTRACKED
from benchmarks.runner import Measurements

FOLDER: Final = ROOT / "docs" / "performance"


def summarize(
    measurements: Measurements, introductions: dict[str, dict[str, Any]], machine: dict[str, Any], rounds: int
) -> dict[str, Any]:
    first = introductions[UNTRACKED]
    return {
        "database": first["database"],
        "python": first["python"],
        "django": first["django"],
        "machine": machine,
        "rounds": rounds,
        "versions": {name: introduction["version"] for name, introduction in introductions.items()},
        "cells": {
            workload.name: {
                name: _cell(workload, cell, measurements[workload.name].get(UNTRACKED, {}).get("values", []))
                for name, cell in measurements[workload.name].items()
            }
            for workload in WORKLOADS
        },
    }


def _cell(workload: Workload, cell: dict[str, Any], untracked: list[float]) -> dict[str, Any]:
    """Return the median and the quartiles of a subject; for times, those of the ratios within each round."""
    if "reason" in cell:
        return {"reason": cell["reason"]}
    seconds = cell["values"]
    if workload.unit == BYTES:
        values = seconds
    elif workload.unit == MILLISECONDS:
        values = [value * 1e3 for value in seconds]
    else:
        values = [value / base for value, base in zip(seconds, untracked, strict=True)]
    low, middle, high = _quartiles(values)
    return {"value": middle, "low": low, "high": high, "microseconds": statistics.median(seconds) * 1e6}


def _quartiles(values: list[float]) -> tuple[float, float, float]:
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.json"


def write(name: str, origin: dict[str, Any], found: dict[str, Any]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    content = {"origin": origin, **_rounded(found)}
    path_of(name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read(name: str) -> dict[str, Any] | None:
    """Return what the last run found, or None if there was none."""
    return json.loads(path_of(name).read_text()) if path_of(name).exists() else None


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value
