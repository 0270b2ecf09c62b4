"""Rows of other objects' histories, by the million: made inside of the database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.contrib.contenttypes.models import ContentType
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from benchmarks import databases
from revy.contrib.django.models import AttributeDelta, ObjectDelta, Revision

MODELS: Final = (Revision, ObjectDelta, AttributeDelta)
VERSIONS: Final = 10
_NUMBERS: Final = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})",
    "postgresql": "WITH n(i) AS (SELECT generate_series({first}::bigint, {last}::bigint))",
}
_TYPES: Final = {"sqlite": ("%s", "%s"), "postgresql": ("%s::jsonb", "%s::timestamptz")}
_IS_FIRST: Final = f"(i / {VERSIONS} * {VERSIONS} = i)"
# What drops and what makes them, the foreign keys first, as they need the others.
_STATEMENTS: Final = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
       format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid)),
       contype <> 'f' AS is_index
FROM pg_constraint WHERE contype IN ('f', 'u', 'p') AND conrelid = ANY(%(tables)s::regclass[])
UNION ALL
SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid), true
FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('u', 'p'))
ORDER BY is_index
"""
# Objects that never were.
_OBJECTS: Final = 1_000_000_000


def fill(model: Any, rows: int) -> None:
    """Add object deltas until there are `rows`: of objects with ten versions each, one changed attribute a version."""
    first = (max(map(_highest, MODELS)) // VERSIONS + 1) * VERSIONS
    last = first + rows - ObjectDelta.objects.count() - 1
    numbers = _NUMBERS[connection.vendor].format(first=first, last=last)
    state = {field.attname: field.get_default() for field in model._meta.concrete_fields if not field.primary_key}
    now, kind = timezone.now(), ContentType.objects.get_for_model(model).pk
    json_type, moment_type = _TYPES[connection.vendor]
    with _without_indexes(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Revision._meta.db_table} (id, description, created_at) "
            f"{numbers} SELECT i, 'Filled in', {moment_type} FROM n",
            [now],
        )
        cursor.execute(
            f"INSERT INTO {ObjectDelta._meta.db_table} "
            "(id, revision_id, action, content_type_id, content_id, version, state, description, created_at) "
            f"{numbers} SELECT i, i, CASE WHEN {_IS_FIRST} THEN 'C' ELSE 'U' END, {kind}, "
            f"CAST({_OBJECTS} + i / {VERSIONS} AS varchar(255)), i - i / {VERSIONS} * {VERSIONS} + 1, "
            f"CASE WHEN {_IS_FIRST} THEN {json_type} END, '', {moment_type} FROM n",
            [json.dumps(state), now],
        )
        cursor.execute(
            f"INSERT INTO {AttributeDelta._meta.db_table} (id, object_delta_id, field_name, old_value, new_value, "
            f"description) {numbers} SELECT i, i, 'field_1', {json_type}, {json_type}, '' FROM n "
            f"WHERE NOT {_IS_FIRST}",
            ['"before"', '"after"'],
        )
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), MODELS):
            cursor.execute(statement)
    databases.settle()


@contextmanager
def _without_indexes() -> Iterator[None]:
    """Drop the indexes and the keys of PostgreSQL's history tables, and make them again.

    Where tables grow tenfold, that is more than twice as fast as keeping them up to date.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENTS, {"tables": [model._meta.db_table for model in MODELS]})
        statements = cursor.fetchall()
        for drop, _, _ in statements:
            cursor.execute(drop)
        yield
        for _, make, _ in reversed(statements):
            cursor.execute(make)


def _highest(model: Any) -> int:
    return model.objects.aggregate(highest=Max("pk"))["highest"] or 0
