"""Configure Sphinx, which makes a site of the pages in this folder: `make docs`.

The pages are plain Markdown, readable where the code is. What is in the navigation, in which order, is what the lists
of index.md link to: a heading there is a caption here. A page that they do not name is an orphan, and fails the build.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_ENTRY = re.compile(r"^- \[(?P<title>[^]]+)\]\((?P<page>[\w-]+)\.md\)", re.MULTILINE)

project = "revy"
author = "revy contributors"
release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

extensions = ["myst_parser"]
# Every reference has to lead somewhere.
nitpicky = True
myst_heading_anchors = 3
# What is indented is commands; blocks of code name their language.
highlight_language = "none"

html_theme = "furo"
html_title = f"revy {release}"
html_static_path = ["static"]
html_css_files = ["revy.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False


def navigation(index: str) -> str:
    """Return the navigation of the site: what the lists under the headings of the index name."""
    _, *parts = _HEADING.split(index)
    trees = []
    for caption, part in zip(parts[::2], parts[1::2], strict=True):
        entries = [f"{entry['title']} <{entry['page']}>" for entry in _ENTRY.finditer(part)]
        if entries:
            trees.append("\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```"]))
    return "\n\n".join(trees)


def add_navigation(app: Any, docname: str, source: list[str]) -> None:
    if docname == "index":
        source[0] += f"\n\n{navigation(source[0])}\n"


def setup(app: Any) -> None:
    app.connect("source-read", add_navigation)
