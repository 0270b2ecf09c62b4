"""Which revision a change belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from django.db import connections

from revy import abc
from revy.contrib.django.abstract import AbstractRevision
from revy.contrib.django.conf import get_revision_model
from revy.contrib.django.errors import ForeignRevision
from revy.contrib.django.insertion import default_values, table_of
from revy.contrib.django.transactions import Entry, held_by, ledger_of
from revy.family import read_description
from revy.frame import REVISION_DESCRIPTION, Cell, Frame, RevisionKey
from revy.store import RevisionStore

Given = abc.Revision | Callable[[], abc.Revision | None] | None


def obtain_revision(frame: Frame, cursor: Any) -> Entry:
    """Return the revision of the frame's scope on that database, creating it for the first change of the scope."""
    entry = known_revision(frame, cursor.db)
    if entry is None:
        new = NewRevision(frame, cursor.db)
        (pk,) = new.table.insert([new.row], cursor)
        entry = new.entered(pk)
    return entry


def known_revision(frame: Frame, connection: Any) -> Entry | None:
    """Return the revision that the frame's scope has on that database, or was given; None if it is to get a new one."""
    entries = ledger_of(connection).entries
    key = frame.revision_key
    entry = entries.get(key)
    if entry is None:
        given = _given_revision(key, connection.alias)
        if given is None:
            return None
        # What the instance says may have been rolled back.
        entry = entries[key] = Entry(given.pk, lambda: given, None, connection.savepoint_state)
    described = frame.cells.get(REVISION_DESCRIPTION)
    if described is not None and described.scope is frame.scope:
        _describe(entry, read_description(described.value), connection.alias)
    return entry


class NewRevision:
    """A revision that the frame's scope is to get on a database; its row is inserted by whoever asks for it."""

    def __init__(self, frame: Frame, connection: Any) -> None:
        self._frame = frame
        self._connection = connection
        model = get_revision_model()
        cell = frame.cells.get(REVISION_DESCRIPTION)
        self._description = "" if cell is None else read_description(cell.value)
        self._values = {**default_values(model), "description": self._description}
        self.table = table_of(model, connection.alias, tuple(self._values))
        self.row = tuple(self._values.values())

    def entered(self, pk: Any) -> Entry:
        """Return the revision, known from now on by the key that its row got."""
        connection = self._connection
        make = partial(_loaded, connection.alias, {get_revision_model()._meta.pk.attname: pk, **self._values})
        entry = Entry(pk, make, self._description, connection.savepoint_state)
        # An entry must not refer to its key, or neither of them ends.
        ledger_of(connection).entries[self._frame.revision_key] = entry
        return entry


def _loaded(using: str, values: dict[str, Any]) -> AbstractRevision:
    return get_revision_model().from_db(using, list(values), list(values.values()))


def is_given(frame: Frame) -> bool:
    """Tell whether the context was given a revision, or what returns one."""
    return isinstance(frame.revision_key, Cell)


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


def _describe(entry: Entry, description: str, using: str) -> None:
    if entry.description != description:
        model = get_revision_model()
        model._base_manager.using(using).filter(pk=entry.pk).update(description=description)
        entry.revision.description = entry.description = description


class DatabaseRevisionStore(RevisionStore):
    """The revisions on the connections of the running thread."""

    def find(self, key: RevisionKey, given: Given) -> abc.Revision | None:
        for _using, entry in _entries(key):
            return entry.revision  # type: ignore[return-value]  # registered
        return super().find(key, given)

    def describe(self, key: RevisionKey, description: str) -> None:
        for using, entry in _entries(key):
            _describe(entry, description, using)


def _entries(key: RevisionKey) -> Iterator[tuple[str, Entry]]:
    for connection in connections.all(initialized_only=True):
        held = held_by(connection)
        if held is not None:
            held.flush()
        entry = ledger_of(connection).entries.get(key)
        if entry is not None:
            yield connection.alias, entry
