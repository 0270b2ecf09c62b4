"""How long the histories are, and when their versions were. Knows no Django."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

# The title of a version is its number.
VERSIONS: Final = 20
MIDDLE: Final = VERSIONS // 2
_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def moment_of(version: int) -> datetime:
    return _BEGIN + timedelta(hours=version)
