"""What a DATABASE_URL says."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

TITLES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_VENDORS: Final = {"sqlite": "sqlite", "postgres": "postgresql", "postgresql": "postgresql"}


def vendor_of(url: str) -> str:
    """Return the vendor of a DATABASE_URL. Raises ValueError for one that is not measured."""
    scheme = urlsplit(url).scheme
    if scheme not in _VENDORS:
        raise ValueError(f"The benchmarks run on {' and '.join(TITLES.values())}, not on {scheme!r}.")
    return _VENDORS[scheme]


def own_url(url: str, name: str) -> str:
    """Return the URL of a database beside the one that is named, for one subject."""
    stem, dot, extension = url.rpartition(".sqlite3")
    return f"{stem}_{name}{dot}{extension}" if dot else f"{url}_{name}"
