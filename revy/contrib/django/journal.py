"""Who assigned which attribute of an instance since it was last saved.

While a context is active, every re-assignment of a tracked attribute is noted with its actor and description: that is
how one save carries several actors. Consecutive assignments by the same actor are one link of the attribute's chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.db import models

from revy.contrib.django.patching import replace
from revy.contrib.django.tracking import is_tracked, plan_for
from revy.contrib.django.values import UNFIT
from revy.frame import ACTOR, ATTRIBUTE_DELTA_DESCRIPTION, Frame, current


class Link(NamedTuple):
    """Assignments in a row by one actor for one reason; `end` is the encoded value they led to, once that is known."""

    actor: Any
    description: Any
    end: Any = None


Chain = tuple[Link, ...]


class Journal(dict[str, Chain]):
    """The chains of an instance, by attname. Never changed in place, so that copies of an instance can share it.

    Pickles as an empty journal: actors do not travel.
    """

    def __reduce__(self) -> tuple[type[Journal], tuple[()]]:
        return Journal, ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Journal:
        return self


def chain_of(instance: models.Model, attname: str) -> Chain:
    journal = instance._state.__dict__.get("revy_journal")
    return () if journal is None else journal.get(attname, ())


def is_kept(instance: models.Model) -> bool:
    """Tell whether anybody was seen assigning anything."""
    return "revy_journal" in instance._state.__dict__


def forget(instance: models.Model, attnames: Iterable[str] | None = None) -> None:
    """Drop the chains of the attributes, or of all: they are recorded now, or were replaced from the database."""
    state = instance._state.__dict__
    journal = state.get("revy_journal")
    if journal is None:
        return
    dropped = journal.keys() if attnames is None else set(attnames)
    kept = {attname: chain for attname, chain in journal.items() if attname not in dropped}
    if kept:
        state["revy_journal"] = Journal(kept)
    else:
        del state["revy_journal"]


def _note(instance: models.Model, attname: str, frame: Frame) -> None:
    attributes = instance.__dict__
    state = attributes.get("_state")
    if state is None or (state.adding and _is_first(instance, attname)):
        return
    link = Link(_value(frame, ACTOR), _value(frame, ATTRIBUTE_DELTA_DESCRIPTION))
    journal: Journal = state.__dict__.get("revy_journal") or Journal()
    chain = journal.get(attname, ())
    if chain:
        last = chain[-1]
        if last.actor is link.actor and last.description == link.description:
            return
        chain = chain[:-1] + _closed(instance, attname, last)
    state.revy_journal = Journal({**journal, attname: (*chain, link)})


def _is_first(instance: models.Model, attname: str) -> bool:
    """Tell whether an attribute of a new object has no value yet: that is __init__, or for a key, whoever saves it."""
    attributes = instance.__dict__
    if attname not in attributes:
        return True
    return attributes[attname] is None and any(field.attname == attname for field in instance._meta.pk_fields)


def _closed(instance: models.Model, attname: str, link: Link) -> Chain:
    """Return the link with the value it has led to; an expression or nonsense never reaches the database: no link."""
    value = instance.__dict__.get(attname)
    if hasattr(value, "resolve_expression"):
        return ()
    try:
        end = plan_for(type(instance)).codecs[attname].encode(value)
    except UNFIT:
        return ()
    return (link._replace(end=end),)


def _value(frame: Frame, key: str) -> Any:
    cell = frame.cells.get(key)
    return None if cell is None else cell.value


def _make_setattr(original: Callable[..., Any]) -> Any:
    def __setattr__(self: models.Model, name: str, value: Any) -> None:
        frame = current.get()
        if frame is not None and frame.enabled:
            kind = type(self)
            if is_tracked(kind) and name in plan_for(kind).attnames:
                _note(self, name, frame)
        super(models.Model, self).__setattr__(name, value)

    return __setattr__


def _make_refresh_from_db(original: Callable[..., Any]) -> Any:
    def refresh_from_db(self: models.Model, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        original(self, using=using, fields=fields, from_queryset=from_queryset)
        forget(self, None if fields is None else _attnames(self, fields))

    return refresh_from_db


def _attnames(instance: models.Model, names: Iterable[str]) -> set[str]:
    wanted = set(names)
    return {field.attname for field in instance._meta.concrete_fields if {field.name, field.attname} & wanted}


def install() -> None:
    replace(models.Model, "__setattr__", _make_setattr)
    replace(models.Model, "refresh_from_db", _make_refresh_from_db)
