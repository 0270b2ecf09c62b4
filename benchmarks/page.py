"""docs/performance.md: the parts between its markers are made of the results that are kept beside it.

`python -m benchmarks.page` makes them again.
"""

from __future__ import annotations

import re
import subprocess
from typing import Final

from benchmarks import growth_table, results, table
from benchmarks.environments import ROOT, python_for_plots
from benchmarks.urls import TITLES

PAGE: Final = ROOT / "docs" / "performance.md"
GROWTH: Final = "growth-"
_PART: Final = re.compile(r"(<!-- made: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write() -> None:
    PAGE.write_text(render(PAGE.read_text()))


def render(text: str) -> str:
    """Return the page with its parts made anew; a part without results says how to get them."""
    return _PART.sub(lambda part: f"{part[1]}\n{_content(part['name'])}\n\n{part[3]}", text)


def plot(name: str) -> None:
    subprocess.run([python_for_plots(), "-m", "benchmarks.plot", name], check=True, cwd=ROOT)


def _content(name: str) -> str:
    found = results.read(name)
    if found is None:
        return "Not measured yet."
    if name == "contexts":
        return table.contexts(found)
    vendor = name.removeprefix(GROWTH)
    alternative = f"{TITLES[vendor]}: " + ("growth curves" if name.startswith(GROWTH) else "revy and its peers")
    content = growth_table.render(found) if name.startswith(GROWTH) else table.render(found)
    return f"{content}\n\n![{alternative}](performance/{name}.svg)"


if __name__ == "__main__":
    write()
