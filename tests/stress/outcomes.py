"""What became of a write that the database refused, in one word for all databases."""

from __future__ import annotations

from typing import Any

from revy.contrib.django.errors import ConcurrentWrite

DEADLOCK = "deadlock"
SERIALIZATION = "serialization failure"
LOCKED = "lock timeout"

_SQLSTATES = {"40P01": DEADLOCK, "40001": SERIALIZATION, "55P03": LOCKED}
# 1020: the row has changed since it was read, which newer MariaDB says in repeatable read.
_MYSQL_ERRORS = {1213: DEADLOCK, 1205: LOCKED, 1020: SERIALIZATION}


def outcome_of(error: Any) -> str:
    if isinstance(error, ConcurrentWrite):
        return "ConcurrentWrite"
    known = _MYSQL_ERRORS.get(error.args[0]) if error.args else None
    if known is None:
        # Not before: MySQL gives deadlocks the SQLSTATE of serialization failures.
        known = _SQLSTATES.get(getattr(error.__cause__, "sqlstate", None) or "")
    if known is None and "database is locked" in str(error):
        known = LOCKED
    return known or type(error).__name__
