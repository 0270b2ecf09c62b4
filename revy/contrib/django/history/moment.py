"""A point of the history: a time, or a revision."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from revy.contrib.django import conf
from revy.contrib.django.selects import Given


@dataclass(frozen=True, slots=True)
class Moment:
    """Tells which object deltas were there: those up to a time, or up to the last one of a revision, by its key."""

    value: Any
    is_revision: bool

    @classmethod
    def of(cls, given: datetime.datetime | models.Model, using: str) -> Self:
        """Return the moment that is meant; a time without zone is what it is to every DateTimeField.

        Raises TypeError for what is neither a time nor a revision, ValueError for a revision of another database.
        """
        if isinstance(given, datetime.datetime):
            if not settings.USE_TZ and timezone.is_aware(given):
                given = timezone.make_naive(given)
            return cls(_time_field().get_prep_value(given), False)
        if not isinstance(given, conf.get_revision_model()):
            raise TypeError(f"A moment is a datetime or a {conf.get_revision_model()._meta.label}, not {given!r}.")
        if given.pk is None or given._state.db != using:
            raise ValueError(f"{given!r} is no revision of the database {using!r}: pass one that was read from there.")
        return cls(given.pk, True)

    def compose(self, alias: str, place: int, quote: Callable[[str], str]) -> tuple[str, Given]:
        """Return the SQL that tells of the object deltas under the alias, and its parameter: the value at the place."""
        meta: Any = conf.get_object_delta_model()._meta
        if not self.is_revision:
            return f"{alias}.{quote(_time_field().column)} <= %s", Given(place, _time_field())
        revision, key = meta.get_field("revision"), quote(meta.pk.column)
        last = f"SELECT MAX({key}) FROM {quote(meta.db_table)} WHERE {quote(revision.column)} = %s"
        # Not the bare key: MariaDB 10.11 finds nothing by an index that begins with other columns and ends with it.
        return f"{alias}.{key} + 0 <= ({last})", Given(place, revision)

    def __str__(self) -> str:
        return f"revision {self.value}" if self.is_revision else f"{self.value}"


def _time_field() -> Any:
    return conf.get_object_delta_model()._meta.get_field("created_at")
