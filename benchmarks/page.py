"""docs/performance.md: the parts between its markers are made of the results that are kept beside it.

`python -m benchmarks.page` makes them again.
"""

from __future__ import annotations

import re
import subprocess
from typing import Any, Final

from benchmarks import as_of_table, growth_table, origin, results, table
from benchmarks.environments import ROOT, python_for_plots
from benchmarks.urls import TITLES

PAGE: Final = ROOT / "docs" / "performance.md"
AS_OF: Final = "as-of-"
CONTEXTS: Final = "contexts"
GROWTH: Final = "growth-"
KEYFRAMES: Final = "keyframes-"
_PART: Final = re.compile(r"(<!-- made: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write() -> None:
    PAGE.write_text(render(PAGE.read_text()))


def render(text: str) -> str:
    """Return the page with its parts made anew; a part without results says so."""
    return _PART.sub(lambda part: f"{part[1]}\n{_content(part['name'])}\n\n{part[3]}", text)


def plot(name: str) -> None:
    subprocess.run([python_for_plots(), "-m", "benchmarks.plot", name], check=True, cwd=ROOT)


def _content(name: str) -> str:
    found = results.read(name)
    if found is None:
        return "Not measured yet."
    paragraphs = _paragraphs(name, found)
    paragraphs.insert(1, origin.render(found["origin"]))
    return "\n\n".join(paragraphs)


def _paragraphs(name: str, found: dict[str, Any]) -> list[str]:
    if name == CONTEXTS:
        return [table.contexts(found)]
    if name.startswith(AS_OF):
        return [as_of_table.render(found)]
    if name.startswith(KEYFRAMES):
        return [table.keyframes(found)]
    if name.startswith(GROWTH):
        return [growth_table.render(found), _plot(f"{TITLES[name.removeprefix(GROWTH)]}: growth curves", name)]
    return [table.render(found), _plot(f"{TITLES[name]}: revy and its peers", name)]


def _plot(alternative: str, name: str) -> str:
    return f"![{alternative}](performance/{name}.svg)"


if __name__ == "__main__":
    write()
