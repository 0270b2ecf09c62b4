"""Saving an instance: one object delta, whatever tables it takes, after pre_save and before post_save receivers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.db import models

from revy.contrib.django import journal, operation
from revy.contrib.django.blame import SaveBlame
from revy.contrib.django.changes import RowChange
from revy.contrib.django.patching import replace
from revy.contrib.django.recorder import record
from revy.contrib.django.tracking import concrete_model, is_watched
from revy.contrib.django.transactions import write_transaction
from revy.frame import current

# Set while values are to be written as they are, without what fields do before a save (auto_now, say).
_exactly: ContextVar[bool] = ContextVar("revy_exactly", default=False)


@contextmanager
def exactly() -> Iterator[None]:
    """Save instances in the block just as they are; receivers are called as for any save."""
    token = _exactly.set(True)
    try:
        yield
    finally:
        _exactly.reset(token)


class _Save(operation.Operation):
    """What a save has done so far: it writes the tables of a model's parents first, then the model's own."""

    is_save = True

    def __init__(self, before: dict[str, Any]) -> None:
        self.before = before
        self.rows: list[RowChange] = []

    def receive(self, using: str, rows: list[RowChange]) -> None:
        self.rows += rows


def _make_save_table(original: Callable[..., Any]) -> Any:
    def _save_table(  # noqa: PLR0917 - Django's signature
        self: models.Model,
        raw: bool = False,
        cls: Any = None,
        force_insert: Any = False,
        force_update: bool = False,
        using: Any = None,
        update_fields: Any = None,
    ) -> Any:
        raw = raw or _exactly.get()
        frame = current.get()
        state = self._state.__dict__
        save: _Save | None = state.pop("revy_save", None)
        if frame is None or not frame.enabled or not (save or is_watched(cls)):
            return original(self, raw, cls, force_insert, force_update, using, update_fields)
        save = save or _Save(dict(self.__dict__))
        try:
            with write_transaction(using):
                has_journal = journal.is_kept(self)
                with operation.running(save):
                    updated = original(self, raw, cls, force_insert, force_update, using, update_fields)
                if not has_journal:
                    # Keys that the database gave were assigned by nobody but Django.
                    journal.forget(self, [field.attname for field in cls._meta.pk_fields])
                if cls is not concrete_model(type(self)):
                    state["revy_save"] = save
                elif operation.takes_saves():
                    operation.emit(using, save.rows)
                else:
                    record(using, save.rows, partial(SaveBlame, instance=self))
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(save.before)
            raise
        if "revy_save" not in state:
            journal.forget(self, _saved_attnames(cls, update_fields))
        return updated

    return _save_table


def _saved_attnames(model: type[models.Model], update_fields: Any) -> set[str]:
    return {
        field.attname
        for field in model._meta.concrete_fields
        if not update_fields or field.name in update_fields or field.attname in update_fields
    }


def install() -> None:
    replace(models.Model, "_save_table", _make_save_table)
