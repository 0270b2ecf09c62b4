"""The table of ways into the past of a whole table, in Markdown."""

from __future__ import annotations

from typing import Any, Final

from benchmarks import machine
from benchmarks.libraries import LIBRARIES, UNTRACKED

_TIMES: Final = {"seconds": "all objects", "first_seconds": "the first object"}
_SIZES: Final = {"tenth_bytes": "memory after a tenth of them", "bytes": "memory after all of them"}


def render(found: dict[str, Any]) -> str:
    names = [name for name in found["cells"] if name != UNTRACKED]
    titles = ["", "the table of today", *(LIBRARIES[name].title for name in names)]
    lines = [f"| {' | '.join(titles)} |", "|---|" + "--:|" * (len(names) + 1)]
    today = found["cells"][UNTRACKED]
    for key, title in _TIMES.items():
        cells = [_ratio(found["cells"][name], key) for name in names]
        lines.append(f"| {title} | {today[key] * 1e3:,.0f} ms | {' | '.join(cells)} |")
    for key, title in _SIZES.items():
        sizes = [f"{found['cells'][name][key] / 2**20:,.1f} MiB" for name in (UNTRACKED, *names)]
        lines.append(f"| {title} | {' | '.join(sizes)} |")
    versions = ", ".join(f"{LIBRARIES[name].title} {version}" for name, version in found["versions"].items() if version)
    return "\n".join(
        [
            *lines,
            "",
            f"{found['objects']:,} objects of {found['depth']} versions each, as of the middle. {found['database']}, "
            f"Django {found['django']}, Python {found['python']}; {versions}. {machine.render(found['machine'])}; "
            f"{found['rounds']} rounds, the lowest and the highest ratio in brackets.",
        ]
    )


def _ratio(cell: dict[str, Any], key: str) -> str:
    low, high = cell[f"{key}_spread"]
    return f"{_short(cell[f'{key}_ratio'])} ({_short(low)} to {_short(high)})"


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"
