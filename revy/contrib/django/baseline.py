"""The first version of objects that have no history: what they are now, by nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from django.db import connections, models

from revy.contrib.django import conf
from revy.contrib.django.batches import BATCH
from revy.contrib.django.changes import UPDATE, Values
from revy.contrib.django.insertion import table_of
from revy.contrib.django.revisions import obtain_revision
from revy.contrib.django.rows import read_rows
from revy.contrib.django.tables import TrackedTable
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import key_to_text
from revy.frame import Frame

DESCRIPTION: Final = "Baseline."

Progress = Callable[[type[models.Model], int], object]


def baseline(
    tracked_models: Iterable[type[models.Model]],
    *,
    using: str = "default",
    description: str = DESCRIPTION,
    batch_size: int = BATCH,
    progress: Progress | None = None,
) -> int:
    """Give every object of the models that has no history a first version, and return how many there were.

    That version is an Update with the whole state and no attribute deltas, its actor None; all of a run are in one
    revision. Each batch is a transaction: a run that was stopped is continued by the next one. Others may write
    meanwhile: rows are locked before their history is looked up, and never waited for while other locks are held.

    `progress` is called after each batch, outside of its transaction, with the model and how many objects were gone
    over. Memory and transactions are bounded by `batch_size`.
    """
    written = 0
    # A block that nobody is in: it has a scope, and so a revision, of its own.
    frame = conf.context_class().via_revision_description(description).push_on(None)
    for model in tracked_models:
        table = TrackedTable(model, using)
        for pks in table.key_pages(batch_size):
            written += _write_missing(table, pks, frame)
            if progress is not None:
                progress(model, len(pks))
    return written


def _write_missing(table: TrackedTable, pks: Sequence[Any], frame: Frame) -> int:
    # Looked up without locks first: a later run does not touch the rows that it has nothing to do with.
    missing = table.without_history(pks)
    if not missing:
        return 0
    locked, written = _write(table, missing, frame)
    for pk in set(missing) - locked:
        written += _write(table, [pk], frame)[1]
    return written


def _write(table: TrackedTable, pks: Sequence[Any], frame: Frame) -> tuple[set[Any], int]:
    """Write the first versions of those that can be locked and still have none; return what was locked, and how many.

    The first plain read of the transaction comes after the locks, so that it sees what is committed by then.
    """
    with write_transaction(table.using), write_transaction(table.history):
        locked = table.lock(pks)
        rows = read_rows(table.model, table.using, table.without_history(locked))
        if rows:
            _insert(table, rows, frame)
    return set(locked), len(rows)


def _insert(table: TrackedTable, rows: dict[Any, Values], frame: Frame) -> None:
    given = ("revision_id", "action", "content_type_id", "content_id", "version", "state")
    deltas = table_of(conf.get_object_delta_model(), table.history, given)
    type_id = table.content_type_id
    with connections[table.history].cursor() as cursor:
        revision = obtain_revision(frame, cursor).pk
        deltas.insert(
            [(revision, UPDATE, type_id, key_to_text(table.model, pk), 1, row) for pk, row in rows.items()], cursor
        )
