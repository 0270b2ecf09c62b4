"""Reading rows, encoded, under the lock that a write statement is about to take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connections, models
from django.db.models.query import QuerySet
from django.db.models.sql import Query
from django.db.models.sql.where import AND

from revy.contrib.django.batches import BATCH, READ_AHEAD, in_batches
from revy.contrib.django.changes import Values
from revy.contrib.django.pending import lists_told
from revy.contrib.django.returning import can_return_from_update, fetch_returned, returning
from revy.contrib.django.tracking import Plan, plan_for
from revy.contrib.django.transactions import reads_are_stale
from revy.contrib.django.values import Codec, encoded

# How many conditions can be joined by OR, which keys of several columns need at times: SQLite nests 1,000.
CONDITIONS: Final = 400


Row = tuple[Any, Values]


def keys_a_statement(plan: Plan, using: str) -> int:
    """Return how many of the model's keys one statement can name."""
    is_composite = len(plan.model._meta.pk_fields) > 1
    if is_composite and not connections[using].features.supports_tuple_lookups:
        return CONDITIONS
    return BATCH


def has_other_writers(using: str) -> bool:
    """Tell whether others may write between the statements of a transaction: SQLite lets one write at a time."""
    return connections[using].features.has_select_for_update


def names_one_row(statement: Any) -> bool:
    """Tell whether an UPDATE or DELETE is one of a single row by its key."""
    lookup = _lookup_by_key(statement)
    return lookup is not None and lookup.lookup_name == "exact"


def _lookup_by_key(statement: Any) -> Any:
    """Return the condition of a statement if it is one of the primary key and no other, or None."""
    children = statement.where.children
    lookup: Any = children[0] if len(children) == 1 and not statement.where.negated else None
    column: Any = getattr(lookup, "lhs", None)
    meta = statement.get_meta()
    targets = getattr(column, "targets", None) or (getattr(column, "target", None),)
    return lookup if tuple(targets) == tuple(meta.pk_fields) and column.alias == meta.db_table else None


def _names_one(lookup: Any) -> bool:
    """Tell whether a condition of the primary key gives one value for one column."""
    return lookup.lookup_name == "exact" and hasattr(lookup.lhs, "target") and lookup.rhs_is_direct_value()


def _only_key(statement: Any) -> Any:
    """Return the key if a statement names one by its value, or None."""
    lookup = _lookup_by_key(statement)
    if lookup is None or not hasattr(lookup.lhs, "target") or not lookup.rhs_is_direct_value():
        return None
    if lookup.lookup_name == "in":
        return next(iter(lookup.rhs)) if len(lookup.rhs) == 1 else None
    return lookup.rhs if lookup.lookup_name == "exact" else None


def _select_of(statement: Any) -> Any:
    """Return a SELECT of the rows that an UPDATE or DELETE is about."""
    select = statement.chain(klass=Query)
    select.select_related = False
    select.clear_ordering(force=True)
    select.extra = {}
    select.set_annotation_mask(())
    return select


def _is_of_one_table(select: Any) -> bool:
    return select.count_active_tables() == 1 and select.group_by is None and not select.distinct


def _where_key_is_in(sub: str, meta: Any, connection: Any) -> str:
    """Return the condition of a DELETE that its rows are those of a SELECT of primary keys."""
    quote = connection.ops.quote_name
    keys = [f"{quote(meta.db_table)}.{quote(field.column)}" for field in meta.pk_fields]
    if connection.vendor == "sqlite":
        return f"WHERE ({', '.join(keys)}) IN ({sub})"
    # Joined, so that the rows that are deleted are those that were locked, as they are by then.
    names = [f"revy_key_{number}" for number in range(len(keys))]
    same = " AND ".join(f"{key} = {name}" for key, name in zip(keys, names, strict=True))
    return f"USING ({sub}) AS revy_found ({', '.join(names)}) WHERE {same}"


class Lock(Enum):
    """An UPDATE's lock lets others refer to the rows meanwhile, where the database can tell; a DELETE's does not."""

    NONE = 0
    UPDATE = 1
    DELETE = 2


@dataclass(frozen=True)
class RowReader:
    """Reads some columns of a model's own table: yields primary keys with encoded values by attname."""

    plan: Plan
    fields: Sequence[Any]
    using: str
    lock: Lock

    def parts_of(self, statement: Any) -> Iterator[dict[Any, Values]]:
        """Yield the rows that an UPDATE or DELETE query is about to touch, locked, a batch at a time."""
        first, more = self._find(statement)
        size = keys_a_statement(self.plan, self.using)
        for keys in in_batches(list(first), size):
            yield {pk: first[pk] for pk in keys}
        for keys in in_batches(more, size):
            rows = dict(self.with_keys(keys))
            if rows:
                yield rows

    def _find(self, statement: Any) -> tuple[dict[Any, Values], Sequence[Any]]:
        """Return the first rows, and the keys of the others."""
        lookup = _lookup_by_key(statement)
        if lookup is not None and _names_one(lookup):
            return dict(self._with_key_of(lookup)), ()
        select = _select_of(statement)
        alias = select.get_initial_alias()
        if _is_of_one_table(select):
            others = select.chain()
            select.set_limits(high=READ_AHEAD)
            first = dict(self._fetch(select, alias))
            if len(first) < READ_AHEAD:
                return first, ()
            return first, [pk for pk, _values in replace(self, fields=())._fetch(others, alias) if pk not in first]
        # Rows cannot be locked through joins and groups on every database: find them, then lock them.
        select.set_select(self._key_columns(alias))
        found = select.get_compiler(self.using).results_iter()
        pks = list(dict.fromkeys(map(self.plan.key_of, found)))
        return dict(self.with_keys(pks[:READ_AHEAD])), pks[READ_AHEAD:]

    def delete(self, statement: Any) -> dict[Any, Values] | None:
        """Delete some rows that a DELETE query is about, or all if there are fewer than READ_AHEAD; return them.

        None, and nothing is done, if the database cannot do that in one statement.
        """
        if not can_return_from_update(self.using):
            return None
        connection = connections[self.using]
        meta = self.plan.model._meta
        key_field: Any = meta.pk
        key = _only_key(statement) if self.plan.has_plain_key else None
        if key is not None:
            column = connection.ops.quote_name(key_field.column)
            where, params = f"WHERE {column} = %s", [key_field.get_db_prep_value(key, connection)]
        else:
            select = _select_of(statement)
            if not _is_of_one_table(select):
                return None
            alias = select.get_initial_alias()
            select.set_select(self._key_columns(alias))
            select.set_limits(high=READ_AHEAD)
            self._lock(select)
            try:
                sub, params = select.get_compiler(self.using).as_sql()
            except EmptyResultSet:
                return {}
            where = _where_key_is_in(sub, meta, connection)
        compiler = Query(self.plan.model).get_compiler(self.using)
        fields = [*meta.pk_fields, *self.fields]
        sql = f"DELETE FROM {connection.ops.quote_name(meta.db_table)} {where} {returning(compiler, fields)}"
        return dict(map(self._encoded, fetch_returned(compiler, fields, [(sql, params)])))

    def matching(self, condition: Any) -> Iterator[Row]:
        """Yield the rows that a Q matches."""
        select: Any = Query(self.plan.model)
        select.add_q(condition)
        yield from self._fetch(select, select.get_initial_alias())

    def with_keys(self, pks: Sequence[Any]) -> Iterator[Row]:
        for keys in in_batches(pks, keys_a_statement(self.plan, self.using)):
            select: Any = Query(self.plan.model)
            select.add_filter("pk__in", keys)
            yield from self._fetch(select, select.get_initial_alias())

    def _with_key_of(self, lookup: Any) -> Iterator[Row]:
        """Yield the one row of a save, by a SELECT that is composed once for the model and these columns."""
        connection = connections[self.using]
        name = (self.using, self.lock, *(field.attname for field in self.fields))
        composed = self.plan.kept.get(name)
        given = lookup.process_rhs(None, connection)[1]
        if composed is None:
            select: Any = Query(self.plan.model)
            select.where.add(lookup, AND)
            self._choose_columns(select, select.get_initial_alias())
            compiler = select.get_compiler(self.using)
            sql, params = compiler.as_sql()
            if list(params) != list(given):
                # The statement depends on the key: that of a boolean is `WHERE id` or `WHERE NOT id`.
                yield from map(self._encoded, compiler.results_iter())
                return
            composed = self.plan.kept[name] = sql, list(compiler.get_converters(select.select).items())
        sql, converters = composed
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            found = cursor.fetchall()
        for row in map(list, found):
            for position, (functions, column) in converters:
                for convert in functions:
                    row[position] = convert(row[position], column, connection)
            yield self._encoded(row)

    def _fetch(self, select: Any, alias: str) -> Iterator[Row]:
        self._choose_columns(select, alias)
        return map(self._encoded, select.get_compiler(self.using).results_iter())

    def _choose_columns(self, select: Any, alias: str) -> None:
        select.set_select((*self._key_columns(alias), *(field.get_col(alias) for field in self.fields)))
        self._lock(select)

    def _lock(self, select: Any) -> None:
        features = connections[self.using].features
        select.select_for_update = self.lock is not Lock.NONE and features.has_select_for_update
        select.select_for_no_key_update = self.lock is Lock.UPDATE and features.has_select_for_no_key_update
        if select.select_for_update:
            # Whoever locks several rows locks them in the same order as everybody else.
            select.add_ordering(*(field.attname for field in self.plan.model._meta.pk_fields))

    @cached_property
    def _columns(self) -> list[tuple[str, Codec]]:
        return [(field.attname, self.plan.codecs[field.attname]) for field in self.fields]

    def _encoded(self, row: Sequence[Any]) -> Row:
        width = len(self.plan.model._meta.pk_fields)
        return self.plan.key_of(row[:width]), encoded(self._columns, row[width:])

    def _key_columns(self, alias: str) -> tuple[Any, ...]:
        return tuple(field.get_col(alias) for field in self.plan.model._meta.pk_fields)


def read_rows(model: type[models.Model], using: str, pks: Sequence[Any], *, lock: bool = False) -> dict[Any, Values]:
    """Return the whole rows of a model's objects as the database holds them, encoded, by primary key."""
    plan = plan_for(model)
    attnames = [field.attname for field in plan.fields]
    named = [(attname, plan.codecs[attname]) for attname in attnames]
    rows: QuerySet[Any] = QuerySet(model=plan.model, using=using)
    if lock or reads_are_stale(using):
        rows = rows.select_for_update()
    found = {}
    for some in in_batches(pks, keys_a_statement(plan, using)):
        raw = {}
        columns = [*(field.attname for field in plan.model._meta.pk_fields), *attnames]
        for row in rows.filter(pk__in=some).values_list(*columns):
            width = len(columns) - len(attnames)
            pk, values = plan.key_of(row[:width]), row[width:]
            found[pk] = encoded(named, values)
            raw[pk] = dict(zip(attnames, values, strict=True))
        for link in plan.links:
            sources = {pk: link.source_in(plan.model, pk, values) for pk, values in raw.items()}
            # What is being changed is not told yet, so that a whole state does not tell it either.
            lists = link.read(using, list(sources.values())) | lists_told(using, link, sources.values())
            for pk, source in sources.items():
                found[pk][link.field.name] = lists.get(source, [])
    return found
