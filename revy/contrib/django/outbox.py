"""History that is still to be written: kept until somebody could see it, then written in one go.

Within a transaction nobody else sees what it has written. So the history of its changes waits until the transaction
commits, or until a statement might look at the tables of the history, or marks a point to roll back to; whatever is
rolled back takes its history with it. The rows are locked as long, so that nobody else counts their versions up.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from revy.contrib.django import conf
from revy.contrib.django.batches import BATCH, in_batches
from revy.contrib.django.blame import ActorKey, Step
from revy.contrib.django.changes import CREATE, DELETE, UPDATE, RowChange, Values
from revy.contrib.django.insertion import Table, Value, table_of
from revy.contrib.django.joining import can_join
from revy.contrib.django.revisions import NewRevision, known_revision, obtain_revision
from revy.contrib.django.rows import read_rows
from revy.contrib.django.versions import Last, Names, ObjectKey, last_versions
from revy.frame import Frame

_OBJECT_DELTA: Final = (
    "revision_id", "action", "actor_type_id", "actor_id", "description", "content_type_id", "content_id", "created_at",
    "version", "state",
)  # fmt: skip
_ATTRIBUTE_DELTA: Final = (
    "object_delta_id", "field_name", "old_value", "new_value", "actor_type_id", "actor_id", "description",
)  # fmt: skip

_REVISION, _VERSION, _STATE = (_OBJECT_DELTA.index(name) for name in ("revision_id", "version", "state"))
_NO_VERSION: Final = Last()
# So many changes are written without looking up their versions first: what may turn out not to be due is sent as well.
_FEW: Final = 16

# What only reads or writes rows. Anything else may set a savepoint, end the transaction, or call what does.
_STATEMENTS: Final = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ")
_ROLLBACK: Final = "ROLLBACK"


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

    @property
    def columns(self) -> tuple[Any, ...]:
        """The values of _OBJECT_DELTA between the revision and the version."""
        return (self.change.action, *self.actor, self.description, *self.key, self.created_at)


class Outbox:
    """The history that the running transaction of a connection is still to be given."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._deltas: list[Delta] = []

    def add(self, using: str, deltas: list[Delta]) -> None:
        """Write these some time before anybody can see them; what cannot wait at once.

        That is what changed in another database `using`, in another transaction; and what has no known row: nobody
        can tell later what the row was.
        """
        if using != self._connection.alias or any(delta.is_update_of_unknown_row for delta in deltas):
            self.flush()
            _write(self._connection, using, deltas)
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

    def flush(self, *, is_last: bool = False) -> None:
        if self._deltas:
            self._write(self._take(), is_last=is_last)

    def drop(self) -> None:
        self._take()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run a statement of the connection's, once what it may look at is written."""
        if sql.startswith(_ROLLBACK):
            result = execute(sql, params, many, context)
            self.drop()
            return result
        # In a transaction that can only be rolled back, Django refuses the statement.
        if self._may_see(sql) and not self._connection.needs_rollback:
            self.flush()
        return execute(sql, params, many, context)

    def _may_see(self, sql: str) -> bool:
        return not sql.startswith(_STATEMENTS) or any(name in sql for name in _tables())

    def _take(self) -> list[Delta]:
        """Return what is waiting, which does not wait any more."""
        deltas, self._deltas = self._deltas, []
        if deltas:
            self._connection.execute_wrappers.remove(self)
        return deltas

    def _watch(self) -> None:
        # First of them all, since `execute_wrapper` takes back the last one, whosever it is.
        self._connection.execute_wrappers.insert(0, self)

    def _write(self, deltas: Sequence[Delta], *, is_last: bool = False) -> None:
        connection = self._connection
        try:
            _write(connection, connection.alias, deltas, is_last=is_last)
        except BaseException:
            if connection.in_atomic_block:
                connection.needs_rollback = True
            raise


def outbox_of(connection: Any) -> Outbox:
    attributes = vars(connection)
    outbox: Outbox | None = attributes.get("_revy_held")
    if outbox is None:
        outbox = attributes["_revy_held"] = Outbox(connection)
    return outbox


def complete(using: str, changes: Iterable[RowChange]) -> None:
    """Read the rows that are not known as a whole."""
    incomplete: dict[Any, list[RowChange]] = {}
    for change in changes:
        if change.row is None:
            incomplete.setdefault(change.model, []).append(change)
    for model, some in incomplete.items():
        rows = read_rows(model, using, [change.pk for change in some])
        for change in some:
            change.row = rows.get(change.pk)


@functools.cache
def _table_names(*models: Any) -> tuple[str, ...]:
    return tuple(model._meta.db_table for model in models)


def _tables() -> tuple[str, ...]:
    return _table_names(conf.get_revision_model(), conf.get_object_delta_model(), conf.get_attribute_delta_model())


def _object_deltas(connection: Any) -> Table:
    return table_of(conf.get_object_delta_model(), connection.alias, _OBJECT_DELTA)


def _attribute_deltas(connection: Any) -> Table:
    return table_of(conf.get_attribute_delta_model(), connection.alias, _ATTRIBUTE_DELTA)


def _write(connection: Any, using: str, deltas: Sequence[Delta], *, is_last: bool = False) -> None:
    """Write the history of what changed in database `using`; commit with it, if it is the last and that can be."""
    with connection.cursor() as cursor:
        if _is_for_inserts(connection, deltas):
            _write_by_inserts(cursor, using, deltas, is_last=is_last)
            return
        revisions = _revisions(cursor, deltas)
        versions = _versions(connection, using, deltas)
        rows = [
            (revision, *delta.columns, version, state)
            for revision, delta, (version, state) in zip(revisions, deltas, versions, strict=True)
        ]
        keys = _object_deltas(connection).insert(rows, cursor)
        _write_steps(cursor, keys, deltas)


def _write_steps(cursor: Any, keys: Sequence[Any], deltas: Sequence[Delta]) -> None:
    """Write the attribute deltas of the object deltas that got these keys."""
    steps = [row for key, delta in zip(keys, deltas, strict=True) for row in _step_rows(key, delta)]
    if steps:
        _attribute_deltas(cursor.db).insert(steps, cursor)


def _step_rows(object_delta: Any, delta: Delta) -> list[tuple[Any, ...]]:
    return [
        (object_delta, attname, old, new, *actor, description) for attname, actor, description, old, new in delta.steps
    ]


def _revisions(cursor: Any, deltas: Sequence[Delta]) -> list[Any]:
    """Return the key of each delta's revision."""
    keys: list[Any] = []
    frame = key = None
    for delta in deltas:
        if delta.frame is not frame:
            frame = delta.frame
            key = obtain_revision(frame, cursor).pk
        keys.append(key)
    return keys


def _versions(connection: Any, using: str, deltas: Sequence[Delta]) -> list[tuple[int, Values | None]]:
    """Return the version of each delta, and its state if it is to be stored."""
    lasts = last_versions((delta.key for delta in deltas), connection)
    interval = conf.keyframe_interval()
    versions = []
    for delta in deltas:
        last = lasts.get(delta.key, _NO_VERSION)
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


def _is_for_inserts(connection: Any, deltas: Sequence[Delta]) -> bool:
    """Tell whether the versions can be left to the INSERT: each delta is of another object, and there are a few."""
    features = connection.features
    if len(deltas) == 1:
        return bool(features.can_return_columns_from_insert)
    return (
        len(deltas) <= _FEW
        and features.can_return_rows_from_bulk_insert
        and not any(delta.is_update_of_unknown_row for delta in deltas)
        and len({delta.key for delta in deltas}) == len(deltas)
    )


def _write_by_inserts(cursor: Any, using: str, deltas: Sequence[Delta], *, is_last: bool) -> None:
    """Write a few changes. The INSERT finds the versions, and which states are due: a query less."""
    connection = cursor.db
    rows = [_values(connection, delta) for delta in deltas]
    has_unknown = any(delta.is_update_of_unknown_row for delta in deltas)
    state = Names.of(connection).state if has_unknown else "NULL"
    is_one = connection.vendor == "postgresql" and (
        len(deltas) == 1 or all(delta.frame is deltas[0].frame and not delta.steps for delta in deltas)
    )
    if is_one:
        commits = is_last and not has_unknown and can_join(connection)
        stored = _write_in_one(cursor, deltas, rows, state, "; COMMIT" if commits else "")
    else:
        stored = _write_in_turn(cursor, deltas, rows, state)
    for delta, (key, state_stored) in zip(deltas, stored, strict=True):
        if delta.is_update_of_unknown_row and state_stored is not None:
            complete(using, [delta.change])
            known = conf.get_object_delta_model()._base_manager.using(connection.alias)
            known.filter(pk=key).update(state=delta.change.row)


def _values(connection: Any, delta: Delta) -> list[Value]:
    """Return the values of an object delta for its INSERT, all but the revision."""
    names, change = Names.of(connection), delta.change
    # Where the state is not known, an empty one says that it is due.
    state = {} if delta.is_update_of_unknown_row else _state(change, is_due=True)
    values = _object_deltas(connection).values((None, *delta.columns, 0, state), connection)
    values[_VERSION] = Value(names.next_version, delta.key)
    if change.action == UPDATE:
        values[_STATE] = Value(names.state_if_due, names.if_due(delta.key, *values[_STATE].params))
    return values


def _write_in_turn(cursor: Any, deltas: Sequence[Delta], rows: list[list[Value]], state: str) -> list[Any]:
    """Insert revisions where it takes them, the object deltas and their attribute deltas; return keys and `state`."""
    for row, revision in zip(rows, _revisions(cursor, deltas), strict=True):
        row[_REVISION] = Value("%s", (revision,))
    table = _object_deltas(cursor.db)
    insert, params = table.compose(rows)
    cursor.execute(f"{insert} RETURNING {table.key}, {state}", params)
    stored: list[Any] = cursor.fetchall()
    _write_steps(cursor, [key for key, _state in stored], deltas)
    return stored


def _write_in_one(cursor: Any, deltas: Sequence[Delta], rows: list[list[Value]], state: str, end: str) -> list[Any]:
    """Do what `_write_in_turn` does, for one scope and the steps of one change, in one statement; `end` goes with it.

    On PostgreSQL a round trip costs more than an INSERT.
    """
    connection = cursor.db
    parts: list[str] = []
    params: list[Any] = []
    frame = deltas[0].frame
    revision = known_revision(frame, connection)
    new = NewRevision(frame, connection) if revision is None else None
    if new is None:
        new_key, value = "NULL", Value("%s", (revision.pk,))  # type: ignore[union-attr]  # one of them is there
    else:
        insert, given = new.table.compose([new.table.values(new.row, connection)])
        parts.append(f"revy_revision AS ({insert} RETURNING {new.table.key})")
        params += given
        new_key = f"(SELECT {new.table.key} FROM revy_revision)"
        value = Value(new_key)
    for row in rows:
        row[_REVISION] = value
    table = _object_deltas(connection)
    insert, given = table.compose(rows)
    parts.append(f"revy_delta AS ({insert} RETURNING {table.key}, {state} AS revy_state)")
    params += given
    if deltas[0].steps:
        attributes = _attribute_deltas(connection)
        of_delta = Value(f"(SELECT {table.key} FROM revy_delta)")
        steps = [[of_delta, *attributes.values(step, connection)[1:]] for step in _step_rows(None, deltas[0])]
        insert, given = attributes.compose(steps)
        parts.append(f"revy_steps AS ({insert})")
        params += given
    select = f"SELECT {new_key}, {table.key}, revy_state FROM revy_delta"
    cursor.execute(f"WITH {', '.join(parts)} {select}{end}", params)
    found = cursor.fetchall()
    if new is not None:
        new.entered(found[0][0])
    return [stored for _revision, *stored in found]
