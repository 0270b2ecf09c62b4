"""Writers on connections of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connections, transaction


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
