"""Which revision a change belongs to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db import connections, models
from django.db.models.query import QuerySet

from revy import abc
from revy.contrib.django.abstract import AbstractRevision
from revy.contrib.django.conf import get_revision_model
from revy.contrib.django.errors import ForeignRevision
from revy.contrib.django.transactions import Entry, ledger_of
from revy.family import read_description
from revy.frame import REVISION_DESCRIPTION, Cell, Frame, RevisionKey
from revy.store import RevisionStore

ROWS_A_STATEMENT: Final = 2000

Given = abc.Revision | Callable[[], abc.Revision | None] | None


def obtain_revision(frame: Frame, using: str) -> AbstractRevision:
    """Return the revision of the frame's scope on that database, creating it for the first change of the scope."""
    connection = connections[using]
    ledger = ledger_of(connection)
    key = frame.revision_key
    entry = ledger.entries.get(key)
    if entry is None:
        revision = _given_revision(key, using)
        if revision is None:
            model = get_revision_model()
            revision = model(description=_description(frame))
            insert_rows(model, using, [revision])
        entry = ledger.add(key, revision, connection)
    described = frame.cells.get(REVISION_DESCRIPTION)
    if described is not None and described.scope is frame.scope:
        _describe(entry, read_description(described.value), using)
    return entry.revision


def insert_rows(
    model: type[models.Model], using: str, instances: Sequence[Any], *, returning: Sequence[str] = ()
) -> None:
    """Insert rows of history, and set their keys and what is to be returned: nobody's signals are sent.

    `returning` names fields; only databases that return columns from an INSERT can do so.
    """
    rows: Any = QuerySet(model=model, using=using)
    key: Any = model._meta.pk
    fields = [field for field in model._meta.concrete_fields if field is not key]
    more = [model._meta.get_field(name) for name in returning]
    size = _rows_a_statement(connections[using], len(fields))
    for start in range(0, len(instances), size):
        batch = instances[start : start + size]
        returned = rows._insert(batch, fields=fields, returning_fields=[key, *more], using=using)
        for instance, (pk, *values) in zip(batch, returned, strict=True):
            instance.pk = pk
            vars(instance).update(zip(returning, values, strict=False))
            instance._state.adding, instance._state.db = False, using


def _rows_a_statement(connection: Any, columns: int) -> int:
    """Return how many rows one INSERT can take and give the keys of."""
    if not connection.features.can_return_rows_from_bulk_insert:
        return 1
    if connection.vendor == "sqlite":
        # Django goes by the least that any SQLite takes.
        limit: int = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        return limit // columns
    return ROWS_A_STATEMENT


def _given_revision(key: RevisionKey, using: str) -> AbstractRevision | None:
    revision = key.value if isinstance(key, Cell) else None
    if callable(revision) and not isinstance(revision, abc.Revision):
        revision = revision()
    if revision is None:
        return None
    if not isinstance(revision, get_revision_model()) or revision.pk is None or revision._state.db != using:
        raise ForeignRevision(
            f"The context was given {revision!r}, but a change of database {using!r} needs a saved "
            f"{get_revision_model()._meta.label} of that database. Give one, or None."
        )
    return revision


def _description(frame: Frame) -> str:
    cell = frame.cells.get(REVISION_DESCRIPTION)
    return "" if cell is None else read_description(cell.value)


def _describe(entry: Entry, description: str, using: str) -> None:
    revision = entry.revision
    if entry.description != description:
        type(revision)._base_manager.using(using).filter(pk=revision.pk).update(description=description)
        revision.description = entry.description = description


class DatabaseRevisionStore(RevisionStore):
    """The revisions on the connections of the running thread."""

    def find(self, key: RevisionKey, given: Given) -> abc.Revision | None:
        for connection in connections.all(initialized_only=True):
            entry = ledger_of(connection).entries.get(key)
            if entry is not None:
                return entry.revision  # type: ignore[return-value]  # registered
        return super().find(key, given)

    def describe(self, key: RevisionKey, description: str) -> None:
        for connection in connections.all(initialized_only=True):
            entry = ledger_of(connection).entries.get(key)
            if entry is not None:
                _describe(entry, description, connection.alias)
