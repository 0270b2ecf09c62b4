"""Histories of many objects: one is recorded as the library does it, and its rows are copied inside of the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import connection

from benchmarks.as_of.histories import VERSIONS, moment_of
from benchmarks.workloads import Bench

_NUMBERS: Final = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count})",
    "postgresql": "WITH n(i) AS (SELECT generate_series(2::bigint, {count}::bigint))",
}
_STATE: Final = {"sqlite": "json_set(t.state, '$.id', i)", "postgresql": "jsonb_set(t.state, '{id}', to_jsonb(i))"}


@dataclass(frozen=True)
class Table:
    """A table of a history; `rank` counts its versions up, and `columns` are those that differ between objects."""

    label: str
    rank: str
    columns: dict[str, str]
    time: str | None = None


_TABLES: Final = {
    "revy": (
        Table(
            "revy.ObjectDelta",
            "t.id",
            {"id": "{place}", "content_id": "CAST(i AS varchar(255))", "state": "{state}"},
            "created_at",
        ),
        Table("revy.AttributeDelta", "t.object_delta_id", {"id": "{place}", "object_delta_id": "{place}"}),
    ),
    "simple_history": (
        Table("blog.HistoricalPost", "t.history_id", {"history_id": "{place}", "id": "i"}, "history_date"),
    ),
}


def fill(bench: Bench, count: int) -> None:
    """Give `count` posts a history of as many versions: a version of all of them, then the next."""
    bench.retitled(VERSIONS)
    for table in (Table("blog.Post", "t.id", {"id": "i"}), *_TABLES.get(settings.SUBJECT, ())):
        model: Any = apps.get_model(table.label)
        for number, pk in enumerate(model.objects.order_by("pk").values_list("pk", flat=True), 1):
            if table.time is not None:
                model.objects.filter(pk=pk).update(**{table.time: moment_of(number)})
        _copy(model, count, table)
    with connection.cursor() as cursor:
        # As some time after so much was written.
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _copy(model: Any, count: int, table: Table) -> None:
    """Copy the rows of the first object for the others."""
    quote = connection.ops.quote_name
    columns = [field.column for field in model._meta.concrete_fields]
    parts = {"place": f"{table.rank} * {count} + i", "state": _STATE[connection.vendor]}
    values = [table.columns.get(column, f"t.{quote(column)}").format(**parts) for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(map(quote, columns))}) "
            f"{_NUMBERS[connection.vendor].format(count=count)} SELECT {', '.join(values)} "
            f"FROM {quote(model._meta.db_table)} t CROSS JOIN n ORDER BY {table.rank}, i"
        )
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)
