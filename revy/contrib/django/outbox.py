"""History that is still to be written: kept until somebody could see it, then written in one go.

Within a transaction nobody else sees what it has written. So the history of its changes waits until the transaction
commits, or until a statement might look at the tables of the history, or marks a point to roll back to; whatever is
rolled back takes its history with it. The rows are locked as long, so that nobody else counts their versions up.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connections

from revy.contrib.django import conf
from revy.contrib.django.batches import BATCH, in_batches
from revy.contrib.django.blame import ActorKey, Change
from revy.contrib.django.changes import CREATE, DELETE, UPDATE, RowChange, Values
from revy.contrib.django.insertion import table_of
from revy.contrib.django.revisions import obtain_revision
from revy.contrib.django.rows import read_rows
from revy.contrib.django.versions import Last, Names, ObjectKey, last_versions
from revy.frame import Frame

# An attribute's name, and what happened to it.
Step = tuple[str, Change]

_OBJECT_DELTA: Final = (
    "revision_id", "action", "actor_type_id", "actor_id", "description", "content_type_id", "content_id", "created_at",
    "version", "state",
)  # fmt: skip
_ATTRIBUTE_DELTA: Final = (
    "object_delta_id", "field_name", "old_value", "new_value", "actor_type_id", "actor_id", "description",
)  # fmt: skip

# What only reads or writes rows. Anything else may set a savepoint, end the transaction, or call what does.
_STATEMENTS: Final = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ")


@dataclass(slots=True)
class Delta:
    """A change as it will be stored: all of it that is known before its version is."""

    frame: Frame
    change: RowChange
    key: ObjectKey
    actor: ActorKey
    description: str
    steps: list[Step]
    created_at: datetime

    @property
    def is_update_of_unknown_row(self) -> bool:
        return self.change.action == UPDATE and self.change.row is None


class Outbox:
    """The history that the running transaction of a connection is still to be given."""

    def __init__(self, using: str) -> None:
        self._using = using
        self._deltas: list[Delta] = []

    def add(self, using: str, deltas: list[Delta]) -> None:
        """Write these some time before anybody can see them; what cannot wait at once.

        That is what changed in another database `using`, in another transaction; and what has no known row: nobody
        can tell later what the row was.
        """
        if using != self._using or any(delta.is_update_of_unknown_row for delta in deltas):
            self.flush()
            _write(self._using, using, deltas)
            return
        if not self._deltas:
            self._watch()
        self._deltas += deltas
        if len(self._deltas) >= BATCH:
            some = self._take()
            whole = len(some) // BATCH * BATCH
            for batch in in_batches(some[:whole]):
                self._write(batch)
            if len(some) > whole:
                self.add(using, some[whole:])

    def flush(self) -> None:
        deltas = self._take()
        if deltas:
            self._write(deltas)

    def drop(self) -> None:
        self._take()

    def _take(self) -> list[Delta]:
        """Return what is waiting, which does not wait any more."""
        deltas, self._deltas = self._deltas, []
        if deltas:
            self._watch(False)
        return deltas

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run a statement of the connection's, once what it may look at is written."""
        if not sql.startswith(_STATEMENTS) or any(name in sql for name in _tables()):
            # In a transaction that can only be rolled back, Django refuses the statement.
            if not connections[self._using].needs_rollback:
                self.flush()
        return execute(sql, params, many, context)

    def _watch(self, on: bool = True) -> None:
        # First of them all, since `execute_wrapper` takes back the last one, whosever it is.
        wrappers = connections[self._using].execute_wrappers
        if on:
            wrappers.insert(0, self)
        else:
            wrappers.remove(self)

    def _write(self, deltas: Sequence[Delta]) -> None:
        connection = connections[self._using]
        try:
            _write(self._using, self._using, deltas)
        except BaseException:
            if connection.in_atomic_block:
                connection.needs_rollback = True
            raise


def outbox_of(using: str) -> Outbox:
    attributes = vars(connections[using])
    outbox: Outbox | None = attributes.get("_revy_held")
    if outbox is None:
        outbox = attributes["_revy_held"] = Outbox(using)
    return outbox


def complete(using: str, changes: Iterable[RowChange]) -> None:
    """Read the rows that are not known as a whole."""
    incomplete = defaultdict(list)
    for change in changes:
        if change.row is None:
            incomplete[change.model].append(change)
    for model, some in incomplete.items():
        rows = read_rows(model, using, [change.pk for change in some])
        for change in some:
            change.row = rows.get(change.pk)


@functools.cache
def _table_names(*models: Any) -> tuple[str, ...]:
    return tuple(model._meta.db_table for model in models)


def _tables() -> tuple[str, ...]:
    return _table_names(conf.get_revision_model(), conf.get_object_delta_model(), conf.get_attribute_delta_model())


def _write(history: str, using: str, deltas: Sequence[Delta]) -> None:
    """Write the history, in database `history`, of what changed in database `using`."""
    revisions = _revisions(history, deltas)
    if len(deltas) == 1 and connections[history].features.can_return_columns_from_insert:
        keys = [_insert_one(history, using, revisions[0], deltas[0])]
    else:
        rows = [
            (*_columns(revision, delta), version, state)
            for revision, delta, (version, state) in zip(
                revisions, deltas, _versions(history, using, deltas), strict=True
            )
        ]
        keys = table_of(conf.get_object_delta_model(), history, _OBJECT_DELTA).insert(rows)
    attributes = [
        (key, name, step.old, step.new, *step.actor, step.description)
        for key, delta in zip(keys, deltas, strict=True)
        for name, step in delta.steps
    ]
    if attributes:
        table_of(conf.get_attribute_delta_model(), history, _ATTRIBUTE_DELTA).insert(attributes)


def _revisions(history: str, deltas: Sequence[Delta]) -> list[Any]:
    """Return the key of each delta's revision."""
    keys: list[Any] = []
    frame = key = None
    for delta in deltas:
        if delta.frame is not frame:
            frame = delta.frame
            key = obtain_revision(frame, history).pk
        keys.append(key)
    return keys


def _columns(revision: Any, delta: Delta) -> tuple[Any, ...]:
    return (revision, delta.change.action, *delta.actor, delta.description, *delta.key, delta.created_at)


def _versions(history: str, using: str, deltas: Sequence[Delta]) -> list[tuple[int, Values | None]]:
    """Return the version of each delta, and its state if it is to be stored."""
    lasts = last_versions((delta.key for delta in deltas), history)
    interval = conf.keyframe_interval()
    versions = []
    for delta in deltas:
        last = lasts.get(delta.key, Last())
        lasts[delta.key] = Last(last.version + 1, delta.change.action == DELETE)
        versions.append((last.version + 1, last.is_keyframe_due(interval)))
    due = [delta.change for delta, (_version, is_due) in zip(deltas, versions, strict=True) if is_due]
    complete(using, (change for change in due if change.action == UPDATE))
    return [
        (version, _state(delta.change, is_due=is_due))
        for delta, (version, is_due) in zip(deltas, versions, strict=True)
    ]


def _state(change: RowChange, *, is_due: bool) -> Values | None:
    """Return the whole state to be stored with a change: what there was, or what there is now if it is due."""
    if change.action == DELETE:
        return change.old
    return change.row if is_due or change.action == CREATE else None


def _insert_one(history: str, using: str, revision: Any, delta: Delta) -> Any:
    """Insert an object delta, and return its key. The INSERT finds its version, and whether its state is due."""
    table = table_of(conf.get_object_delta_model(), history, _OBJECT_DELTA)
    names = Names.of(history)
    change = delta.change
    params = table.prepared((*_columns(revision, delta), 0, _state(change, is_due=True)))
    version = _OBJECT_DELTA.index("version")
    state = _OBJECT_DELTA.index("state")
    places = list(table.places)
    given: list[tuple[Any, ...]] = [(param,) for param in params]
    places[version], given[version] = names.next_version, delta.key
    asks_for_state = False
    if change.action == UPDATE:
        asks_for_state = change.row is None
        # An empty state is not stored as it is: it says that one is due.
        due = params[state] if change.row is not None else table.prepared((*_columns(revision, delta), 0, {}))[state]
        places[state], given[state] = names.state_if_due, names.if_due(delta.key, due)
    with connections[history].cursor() as cursor:
        cursor.execute(
            f"{table.head} VALUES ({', '.join(places)}) {table.returning}"
            + (f", {names.state}" if asks_for_state else ""),
            [param for some in given for param in some],
        )
        row = cursor.fetchone()
    if asks_for_state and row[1] is not None:
        complete(using, [change])
        rows = conf.get_object_delta_model()._base_manager.using(history)
        rows.filter(pk=row[0]).update(state=change.row)
    return row[0]
