"""The table of one database, in Markdown."""

from __future__ import annotations

from typing import Any

from benchmarks import machine
from benchmarks.catalogue import BYTES, MILLISECONDS, RATIO, WORKLOADS, Workload
from benchmarks.libraries import LIBRARIES, UNTRACKED

DASH = "–"


def render(found: dict[str, Any]) -> str:
    names = [name for name in found["versions"] if name != UNTRACKED]
    reasons: list[str] = []
    lines = [
        "| work | untracked | " + " | ".join(LIBRARIES[name].title for name in names) + " |",
        "|---|--:|" + "--:|" * len(names),
        *(_row(workload, found["cells"].get(workload.name, {}), names, reasons) for workload in WORKLOADS),
        "",
        *(f"{number}. {reason}" for number, reason in enumerate(reasons, 1)),
        "",
        _conditions(found),
    ]
    return "\n".join(lines)


def _row(workload: Workload, cells: dict[str, Any], names: list[str], reasons: list[str]) -> str:
    values = {name: cells[name]["value"] for name in names if "value" in cells.get(name, {})}
    texts = []
    for name in names:
        if name not in cells:
            texts.append(DASH)
            continue
        if name not in values:
            reason = f"{LIBRARIES[name].title}, {workload.title}: {cells[name]['reason']}."
            reasons.append(reason)
            texts.append(f"{DASH} <sup>{len(reasons)}</sup>")
            continue
        text = _format(workload.unit, values[name])
        is_best = values[name] == min(values.values()) and len(values) > 1
        texts.append(f"**{text}**" if is_best else text)
    base = cells[UNTRACKED]["microseconds"] if UNTRACKED in cells else None
    return f"| {workload.title} | {DASH if base is None else f'{base:,.0f} µs'} | " + " | ".join(texts) + " |"


def _format(unit: str, value: float) -> str:
    if unit == RATIO:
        return f"{value:.2f}" if value < 10 else f"{value:.1f}"
    if unit == MILLISECONDS:
        return f"{value:.2f} ms" if value < 10 else f"{value:.0f} ms"
    assert unit == BYTES
    return f"{value:,.0f}"


def _conditions(found: dict[str, Any]) -> str:
    versions = ", ".join(f"{LIBRARIES[name].title} {version}" for name, version in found["versions"].items() if version)
    return (
        f"{found['database']}, Django {found['django']}, Python {found['python']}; {versions}. "
        f"{machine.render(found['machine'])}; {found['rounds']} rounds."
    )


def keyframes(found: dict[str, Any]) -> str:
    lines = [
        "| keyframe interval | history bytes a one-field update | rebuild a version | at worst, before a keyframe |",
        "|--:|--:|--:|--:|",
        *(
            f"| {interval} | {cost['bytes']:,.0f} | {cost['mean']:.2f} ms | {cost['worst']:.2f} ms |"
            for interval, cost in found["costs"].items()
        ),
        "",
        f"{found['database']}, Django {found['django']}, Python {found['python']}, revy {found['version']}. "
        f"{machine.render(found['machine'])}. Over {found['versions']} versions, each the fastest of 5 calls.",
    ]
    return "\n".join(lines)


def contexts(found: dict[str, Any]) -> str:
    costs = found["costs"]
    depths = list(next(iter(costs.values())))
    lines = [
        "| operation | " + " | ".join(f"{depth} blocks around it" for depth in depths) + " |",
        "|---|" + "--:|" * len(depths),
    ]
    for operation, by_depth in costs.items():
        lines.append(f"| `{operation}` | " + " | ".join(f"{by_depth[depth]:.2f} µs" for depth in depths) + " |")
    lines += ["", f"Python {found['python']}. {machine.render(found['machine'])}."]
    return "\n".join(lines)
