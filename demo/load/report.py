"""The outcome of a run, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import quantiles

from demo.load.client import Record

_ERRORS_SHOWN = 10


def print_report(records: Sequence[Record], seconds: float, differences: Sequence[str]) -> None:
    merged: dict[str, list[float]] = {}
    for record in records:
        for kind, took in record.seconds.items():
            merged.setdefault(kind, []).extend(took)
    print(f"\n{'':12} {'requests':>9} {'a second':>9} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8} {'most ms':>8}")
    for kind, took in sorted(merged.items()):
        _print_row(kind, took, seconds)
    _print_row("all", [each for took in merged.values() for each in took], seconds)
    answers = sum((record.answers for record in records), Counter[str]())
    errors = [error for record in records for error in record.errors]
    revisions = sum(len(record.written) for record in records)
    print(f"\n{revisions:,} revisions by {len(records)} users; answered: {dict(answers) or 'nothing but yes'}")
    _print_list("errors", errors)
    _print_list("revisions that differ from what was sent", differences)


def _print_row(kind: str, took: list[float], seconds: float) -> None:
    cuts = quantiles(took, n=100, method="inclusive") if len(took) > 1 else took * 99
    shown = (*(cuts[percent - 1] for percent in (50, 95, 99)), max(took))
    print(f"{kind:12} {len(took):9,} {len(took) / seconds:9.1f} {' '.join(f'{each * 1000:8.1f}' for each in shown)}")


def _print_list(name: str, lines: Iterable[str]) -> None:
    found = list(lines)
    print(f"{len(found)} {name}")
    for line in found[:_ERRORS_SHOWN]:
        print(f"  {line}")
