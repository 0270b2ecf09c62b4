"""The database that workers meet on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.db.models.query import QuerySet
from django.test.runner import DiscoverRunner

from revy.contrib.django import get_attribute_delta_model, get_object_delta_model, get_revision_model
from tests.stress.app.models import Box, Item, Slip, Tag

# As django.db.backends.postgresql takes them.
POSTGRES_ISOLATION = {"read committed": 2, "repeatable read": 3, "serializable": 4}


def options(vendor: str, isolation: str | None, journal: str | None, mode: str | None) -> dict[str, Any]:
    """Return what is asked for as DATABASES["default"]["OPTIONS"]."""
    if vendor == "sqlite":
        pragmas = "PRAGMA synchronous=OFF" + (f"; PRAGMA journal_mode={journal}" if journal else "")
        return {"init_command": pragmas, "timeout": 60, "transaction_mode": mode or "IMMEDIATE"}
    if isolation is None:
        return {}
    return {"isolation_level": POSTGRES_ISOLATION[isolation] if vendor == "postgresql" else isolation}


@contextmanager
def test_database() -> Iterator[None]:
    runner = DiscoverRunner(interactive=False, verbosity=0)
    databases = runner.setup_databases(aliases={"default"})
    try:
        yield
    finally:
        runner.teardown_databases(databases)


def empty() -> None:
    history = (get_attribute_delta_model(), get_object_delta_model(), get_revision_model())
    for model in (*history, Box.tags.through, Item, Box, Slip, Tag, User):
        rows: Any = QuerySet(model=model, using="default")
        rows._raw_delete("default")


def wait_until_alone() -> None:
    """Wait until the server has noticed that the processes which were killed are gone, and has undone what they did."""
    others = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        "pg_backend_pid() AND backend_type = 'client backend'",
        "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
    }.get(connection.vendor)
    while others is not None:
        with connection.cursor() as cursor:
            cursor.execute(others)
            if cursor.fetchone() == (0,):
                return
        time.sleep(0.01)
