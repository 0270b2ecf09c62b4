"""Writers on connections of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, connections, transaction


@contextmanager
def open_transaction(write: Callable[[], object]) -> Iterator[None]:
    """Run the block while another connection has done `write` and not committed yet; it commits afterwards."""
    has_written, may_commit = threading.Event(), threading.Event()

    def run() -> None:
        with transaction.atomic():
            write()
            has_written.set()
            may_commit.wait(60)
        connections.close_all()

    writer = threading.Thread(target=run)
    writer.start()
    try:
        assert has_written.wait(60)
        yield
        assert writer.is_alive()
    finally:
        may_commit.set()
        writer.join()


def start(work: Callable[[], object]) -> threading.Thread:
    """Run the work on a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@contextmanager
def isolated(level: str) -> Iterator[None]:
    """Have the transactions of this thread's connection at that isolation level, "REPEATABLE READ" for example."""
    connection.ensure_connection()
    if connection.vendor == "postgresql":
        from psycopg import IsolationLevel

        connection.connection.isolation_level = IsolationLevel[level.replace(" ", "_")]
        yield
        connection.connection.isolation_level = None
        return
    mysql: Any = connection
    before = mysql.isolation_level
    _set_isolation_level(level)
    yield
    _set_isolation_level(before)


def _set_isolation_level(level: str) -> None:
    """Set that of MariaDB or MySQL, and tell Django's connection, which knows the one that it was opened with."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}")
    mysql: Any = connection
    mysql.isolation_level = level.lower()
