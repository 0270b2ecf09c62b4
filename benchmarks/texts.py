"""Texts like those that people write: words of many lengths, no two texts the same."""

from __future__ import annotations

import random
import string


def text(seed: int, length: int) -> str:
    choose = random.Random(seed)
    letters = "".join(choose.choices(string.ascii_lowercase + "     ", k=length))
    return letters.strip().ljust(length, ".")
