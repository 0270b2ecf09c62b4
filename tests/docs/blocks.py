"""The code blocks of the documentation, to be run just as they stand."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    return [code for name, code in _FENCE.findall((ROOT / page).read_text()) if name == language]


def block(page: str, marker: str, language: str = "python") -> str:
    """Return the one block of the page that contains the marker."""
    (code,) = [code for code in blocks(page, language) if marker in code]
    return code
