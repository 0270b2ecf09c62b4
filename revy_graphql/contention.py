"""Whether a failure is another transaction's doing, so that the same request may succeed when it is sent again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db import Error

from revy.contrib.django.errors import ConcurrentWrite

# PostgreSQL: serialization failure, deadlock, lock not available.
_SQLSTATES: Final = frozenset(("40001", "40P01", "55P03"))
# MariaDB and MySQL: record has changed since last read, lock wait timeout, deadlock, lock not available at once.
_ERRNOS: Final = (1020, 1205, 1213, 3572)
# Of these, the ones that roll the whole transaction back, and not the statement alone.
_FATAL_ERRNOS: Final = (1020, 1213)
# SQLite: the low byte of a result code says what kind it is, busy or locked.
_SQLITE_CODES: Final = frozenset((5, 6))


def is_contention(error: BaseException | None) -> bool:
    """Tell whether the error, or one that it was raised from, is a deadlock, a lock timeout or a serialization failure.

    It is told by the code that the driver gives, never by the text.
    """
    return any(isinstance(one, ConcurrentWrite) or _has_code(one) for one in _causes(error))


def ends_transaction(error: Exception, vendor: str) -> bool:
    """Tell whether a statement failed of contention that the running transaction, or savepoint, does not survive."""
    if vendor == "mysql":
        return bool(error.args) and error.args[0] in _FATAL_ERRNOS
    return vendor == "postgresql" and is_contention(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__


def _has_code(error: BaseException) -> bool:
    # psycopg and psycopg2 call it differently.
    if getattr(error, "sqlstate", None) in _SQLSTATES or getattr(error, "pgcode", None) in _SQLSTATES:
        return True
    sqlite_code = getattr(error, "sqlite_errorcode", None)
    if isinstance(sqlite_code, int):
        return sqlite_code & 0xFF in _SQLITE_CODES
    # The drivers of MySQL have the number as first argument, and Django's exceptions have the arguments of theirs.
    return isinstance(error, Error) and bool(error.args) and error.args[0] in _ERRNOS
