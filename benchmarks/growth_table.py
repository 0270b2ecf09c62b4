"""The tables of the growth curves, in Markdown."""

from __future__ import annotations

from typing import Any, Final

from benchmarks import machine

TITLES: Final = {
    "versions": "versions of the object",
    "rows": "object deltas in the tables",
    "fields": "fields of the model",
    "nesting": "blocks around the operation",
}


def render(found: dict[str, Any]) -> str:
    """Return a table for each thing that grows."""
    conditions = (
        f"{found['database']}, Django {found['django']}, Python {found['python']}, revy {found['version']}. "
        f"{machine.render(found['machine'])}. Microseconds: the lower quartile of 25 calls."
    )
    return "\n\n".join([*(_table(TITLES[axis], curve) for axis, curve in found["curves"].items()), conditions])


def _table(title: str, curve: dict[str, dict[str, float]]) -> str:
    sizes = list(curve)
    lines = [
        f"| {title} | " + " | ".join(f"{int(size):,}" for size in sizes) + " | × |",
        "|---|" + "--:|" * (len(sizes) + 1),
    ]
    for operation in curve[sizes[0]]:
        costs = [curve[size][operation] for size in sizes]
        lines.append(
            f"| {operation} | " + " | ".join(f"{cost:,.0f}" for cost in costs) + f" | {costs[-1] / costs[0]:.1f} |"
        )
    return "\n".join(lines)
