"""Plots of what was measured: `python -m benchmarks.plot NAME…`, with matplotlib, which its own environment has."""

from __future__ import annotations

import sys
from typing import Any, Final

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from benchmarks import growth_table, results
from benchmarks.catalogue import BYTES, MILLISECONDS, RATIO, WORKLOADS
from benchmarks.libraries import LIBRARIES, UNTRACKED

# Told apart in grey and by colour-blind eyes, too.
STYLES: Final = {
    "revy": ("#d55e00", "o"),
    "simple_history": ("#0072b2", "s"),
    "reversion": ("#009e73", "^"),
    "auditlog": ("#cc79a7", "D"),
    "pghistory": ("#555555", "v"),
}
PANELS: Final = {
    RATIO: "times as long as untracked Django",
    MILLISECONDS: "milliseconds",
    BYTES: "bytes of history",
}
# Text stays text; the same figures make the same file.
pyplot.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "revy", "font.size": 9, "axes.axisbelow": True})


def compare(found: dict[str, Any]) -> Figure:
    """Return a dot for each library and workload, with a line from quartile to quartile."""
    heights = [sum(workload.unit == unit for workload in WORKLOADS) for unit in PANELS]
    figure, panels = pyplot.subplots(
        len(PANELS), figsize=(9, 8.5), height_ratios=[height + 0.6 for height in heights], layout="constrained"
    )
    names = [name for name in found["versions"] if name != UNTRACKED]
    for axes, (unit, label) in zip(panels, PANELS.items(), strict=True):
        _panel(axes, unit, label, found["cells"], names)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(names), frameon=False)
    return figure


def _panel(axes: Axes, unit: str, label: str, cells: dict[str, Any], names: list[str]) -> None:
    workloads = [workload for workload in WORKLOADS if workload.unit == unit]
    for place, name in enumerate(names):
        colour, marker = STYLES[name]
        shift = (place - (len(names) - 1) / 2) * 0.15
        points = [
            (number + shift, cells[workload.name][name])
            for number, workload in enumerate(workloads)
            if "value" in cells.get(workload.name, {}).get(name, {})
        ]
        heights = [height for height, _ in points]
        axes.hlines(heights, [cell["low"] for _, cell in points], [cell["high"] for _, cell in points], color=colour)
        axes.plot(
            [cell["value"] for _, cell in points],
            heights,
            marker,
            color=colour,
            label=LIBRARIES[name].title,
            markersize=6,
            linestyle="none",
        )
    if unit == RATIO:
        axes.axvline(1, color="black", linewidth=0.8)
    axes.set_yticks(range(len(workloads)), [workload.title for workload in workloads])
    axes.set_ylim(len(workloads) - 0.5, -0.5)
    for number in range(1, len(workloads)):
        axes.axhline(number - 0.5, color="#dddddd", linewidth=0.6)
    axes.set_xlabel(label)
    scale_logarithmically(axes, "x")
    axes.grid(axis="x", which="both", color="#eeeeee")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


def growth(found: dict[str, Any]) -> Figure:
    """Return a curve for each operation, in a panel for each thing that grows."""
    figure, panels = pyplot.subplots(2, 2, figsize=(9, 7), sharey=True, layout="constrained")
    for axes, (axis, curve) in zip(panels.flat, found["curves"].items(), strict=True):
        sizes = [int(size) for size in curve]
        for operation, (colour, marker) in zip(curve[str(sizes[0])], STYLES.values(), strict=True):
            costs = [curve[str(size)][operation] / 1e3 for size in sizes]
            axes.plot(sizes, costs, color=colour, marker=marker, markersize=5, label=operation)
        axes.set_xlabel(growth_table.TITLES[axis])
        scale_logarithmically(axes, "x")
        scale_logarithmically(axes, "y")
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.set_xticks([], minor=True)
        axes.grid(color="#eeeeee", which="both")
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("milliseconds")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    return figure


def scale_logarithmically(axes: Axes, direction: str) -> None:
    """Give an axis a logarithmic scale with plain numbers at 1, 2 and 5 of each decade."""
    axis = getattr(axes, f"{direction}axis")
    getattr(axes, f"set_{direction}scale")("log", subs=[2, 5])
    plain = FuncFormatter(lambda value, _: f"{value:,.10g}")
    axis.set_major_formatter(plain)
    low, high = getattr(axes, f"get_{direction}lim")()
    # Over several decades, those between would stand on top of each other.
    axis.set_minor_formatter(plain if high / low < 2_000 else NullFormatter())


def main(names: list[str]) -> None:
    for name in names:
        found = results.read(name)
        if found is None:
            raise SystemExit(f"{name} has not been measured.")
        figure = growth(found) if "curves" in found else compare(found)
        figure.savefig(results.FOLDER / f"{name}.svg", metadata={"Date": None})
        figure.savefig(results.FOLDER / f"{name}.png", dpi=120)


if __name__ == "__main__":
    main(sys.argv[1:])
