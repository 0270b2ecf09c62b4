"""Models of as many fields as their names say, the primary key counted."""

from __future__ import annotations

from typing import Any, Final

from django.db import models


def _wide(count: int) -> Any:
    fields: dict[str, Any] = {
        f"field_{number}": models.CharField(max_length=100, default="as it is by default, twenty to thirty characters")
        for number in range(1, count)
    }
    return type(f"Wide{count}", (models.Model,), {"__module__": __name__, **fields})


WIDE: Final = {count: _wide(count) for count in (5, 10, 20, 50, 100)}
