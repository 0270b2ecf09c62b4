"""Databases of the benchmarks' own: made anew, measured, emptied and dropped."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Model

from benchmarks.subjects.base import Absent
from benchmarks.urls import TITLES


def create() -> None:
    """Make the database that the settings name. One of that name is dropped."""
    drop()
    _administrate("CREATE DATABASE {}")


def drop() -> None:
    connection.close()
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        for suffix in ("", "-wal", "-shm"):
            Path(name + suffix).unlink(missing_ok=True)
    _administrate("DROP DATABASE IF EXISTS {}")


def _administrate(statement: str) -> None:
    if connection.vendor != "postgresql":
        return
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    # Outside of the database itself.
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement.format(name))


def empty(models: Iterable[type[Model]]) -> None:
    """Delete all rows of these tables, without telling the models."""
    tables = [connection.ops.quote_name(model._meta.db_table) for model in models]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")
            return
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")


def settle() -> None:
    """Bring the planner up to date after rows have been filled in."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def size(models: Iterable[type[Model]]) -> int:
    """Return how many bytes the tables take, with their indexes. Raises Absent if this SQLite has no dbstat."""
    return sum(_size(model._meta.db_table) for model in models)


def _size(table: str) -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_relation_size(c.oid) + pg_indexes_size(c.oid) + "
                "CASE WHEN c.reltoastrelid = 0 THEN 0 ELSE pg_relation_size(c.reltoastrelid) END "
                "FROM pg_class c WHERE c.oid = %s::regclass",
                [connection.ops.quote_name(table)],
            )
        else:
            cursor.execute("SELECT 1 FROM pragma_compile_options WHERE compile_options = 'ENABLE_DBSTAT_VTAB'")
            if not cursor.fetchone():
                raise Absent("this SQLite was built without dbstat, which would tell the size of a table")
            cursor.execute(
                "SELECT SUM(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = %s)",
                [table],
            )
        return int(cursor.fetchone()[0])


def version() -> str:
    connection.ensure_connection()
    # The property of PostgreSQL's wrapper is a number.
    numbers: Any = connection.get_database_version()
    return f"{TITLES[connection.vendor]} {'.'.join(map(str, numbers))}"
