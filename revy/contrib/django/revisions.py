"""Which revision a change belongs to."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connections

from revy import abc
from revy.contrib.django.abstract import AbstractRevision
from revy.contrib.django.conf import get_revision_model
from revy.contrib.django.errors import ForeignRevision
from revy.contrib.django.insertion import insert_rows
from revy.contrib.django.transactions import Entry, ledger_of
from revy.family import read_description
from revy.frame import REVISION_DESCRIPTION, Cell, Frame, RevisionKey
from revy.store import RevisionStore

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
            revision = _new_revision(_description(frame), using)
        entry = ledger.add(key, revision, connection)
    described = frame.cells.get(REVISION_DESCRIPTION)
    if described is not None and described.scope is frame.scope:
        _describe(entry, read_description(described.value), using)
    return entry.revision


def _new_revision(description: str, using: str) -> AbstractRevision:
    model = get_revision_model()
    revision = model(description=description)
    row = {field.attname: getattr(revision, field.attname) for field in model._meta.concrete_fields}
    del row[model._meta.pk.attname]
    ((revision.pk,),) = insert_rows(model, using, [row])
    revision._state.adding, revision._state.db = False, using
    return revision


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
