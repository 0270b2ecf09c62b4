"""The table of ways into the past of a whole table, in Markdown."""

from __future__ import annotations

from typing import Any, Final

from benchmarks import machine
from benchmarks.libraries import LIBRARIES, UNTRACKED

_TIMES: Final = {"seconds": "all objects", "first_seconds": "the first object"}
_SIZES: Final = {"tenth_bytes": "memory after a tenth of them", "bytes": "memory after all of them"}


def render(found: dict[str, Any]) -> str:
    today, names = found["cells"][UNTRACKED], [name for name in found["cells"] if name != UNTRACKED]
    lines = [
        f"| | the table of today | {' | '.join(LIBRARIES[name].title for name in names)} |",
        "|---|" + "--:|" * (len(names) + 1),
    ]
    for key, title in _TIMES.items():
        ratios = [_short(found["cells"][name][key] / today[key]) for name in names]
        lines.append(f"| {title} | {today[key] * 1e3:,.0f} ms | {' | '.join(ratios)} |")
    for key, title in _SIZES.items():
        sizes = [f"{found['cells'][name][key] / 2**20:,.1f} MiB" for name in (UNTRACKED, *names)]
        lines.append(f"| {title} | {' | '.join(sizes)} |")
    versions = ", ".join(f"{LIBRARIES[name].title} {version}" for name, version in found["versions"].items() if version)
    conditions = (
        f"{found['objects']:,} objects of {found['depth']} versions each, as of the middle. {found['database']}, "
        f"Django {found['django']}, Python {found['python']}; {versions}. {machine.render(found['machine'])}. "
        f"The fastest of {found['rounds']} rounds; the slowest took up to {found['noise']:.1f} times as long."
    )
    return "\n".join([*lines, "", conditions])


def _short(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"
