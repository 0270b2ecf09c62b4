"""Reading rows, encoded, under the lock that a write statement is about to take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db import connections
from django.db.models.sql import Query

from revy.contrib.django.tracking import Plan
from revy.contrib.django.values import Json

KEYS_A_QUERY = 500

Row = tuple[Any, dict[str, Json]]


class Lock(Enum):
    """An UPDATE's lock lets others refer to the rows meanwhile, where the database can tell; a DELETE's does not."""

    NONE = 0
    UPDATE = 1
    DELETE = 2


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads some columns of a model's own table: yields primary keys with encoded values by attname."""

    plan: Plan
    fields: Sequence[Any]
    using: str
    lock: Lock

    def touched_by(self, statement: Any) -> Iterator[Row]:
        """Yield the rows that an UPDATE or DELETE query is about to touch."""
        select = statement.chain(klass=Query)
        select.select_related = False
        select.clear_ordering(force=True)
        select.extra = {}
        select.set_annotation_mask(())
        alias = select.get_initial_alias()
        if select.count_active_tables() == 1 and select.group_by is None and not select.distinct:
            yield from self._fetch(select, alias)
            return
        # Rows cannot be locked through joins and groups on every database: find them, then lock them.
        key = self._key_columns(alias)
        select.set_select(key)
        rows = select.get_compiler(self.using).results_iter()
        yield from self.with_keys(list(dict.fromkeys(self.plan.key_of(row) for row in rows)))

    def matching(self, condition: Any) -> Iterator[Row]:
        """Yield the rows that a Q matches."""
        select: Any = Query(self.plan.model)
        select.add_q(condition)
        yield from self._fetch(select, select.get_initial_alias())

    def with_keys(self, pks: Sequence[Any]) -> Iterator[Row]:
        for start in range(0, len(pks), KEYS_A_QUERY):
            select: Any = Query(self.plan.model)
            select.add_filter("pk__in", pks[start : start + KEYS_A_QUERY])
            yield from self._fetch(select, select.get_initial_alias())

    def _fetch(self, select: Any, alias: str) -> Iterator[Row]:
        key = self._key_columns(alias)
        features = connections[self.using].features
        select.set_select((*key, *(field.get_col(alias) for field in self.fields)))
        select.select_for_update = self.lock is not Lock.NONE and features.has_select_for_update
        select.select_for_no_key_update = self.lock is Lock.UPDATE and features.has_select_for_no_key_update
        codecs = [(field.attname, self.plan.codecs[field.attname]) for field in self.fields]
        width = len(key)
        for row in select.get_compiler(self.using).results_iter():
            values = zip(codecs, row[width:], strict=True)
            yield self.plan.key_of(row[:width]), {attname: codec.encode(value) for (attname, codec), value in values}

    def _key_columns(self, alias: str) -> tuple[Any, ...]:
        return tuple(field.get_col(alias) for field in self.plan.model._meta.pk_fields)
