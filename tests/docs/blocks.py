"""The code blocks of the documentation, to be run just as they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)((?: \w+)*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One block: its language, the words behind that, and where it is."""

    page: str
    line: int
    language: str
    marks: tuple[str, ...]
    code: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def compiled(self, code: str | None = None) -> CodeType:
        """Return the block as code, or that which replaces it; tracebacks name the page and its lines."""
        return compile("\n" * self.line + (self.code if code is None else code), self.page, "exec")


def blocks_of(page: str) -> list[Block]:
    text = (ROOT / page).read_text()
    found = [
        Block(page, text.count("\n", 0, fence.start()) + 1, fence[1], tuple(fence[2].split()), fence[3])
        for fence in _FENCE.finditer(text)
    ]
    if text.count("```") != 2 * len(found):
        raise ValueError(f"{page} has a fence that is not read as a block: it begins a line, and names a language.")
    return found


def blocks(page: str, language: str) -> list[str]:
    return [block.code for block in blocks_of(page) if block.language == language]


def block(page: str, marker: str, language: str = "python") -> str:
    """Return the one block of the page that contains the marker."""
    (code,) = [code for code in blocks(page, language) if marker in code]
    return code
