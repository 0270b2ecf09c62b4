"""The first rows of each of many groups, in one query.

On PostgreSQL no row beyond the limit is read. The other databases have no such means, a subquery that is correlated and
limited, and read all rows of the groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections
from django.db.models import F, Func, OuterRef, QuerySet, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import RowNumber


def first_of_each(groups: QuerySet[Any], rows: QuerySet[Any], column: str, order: str, limit: int) -> QuerySet[Any]:
    """Return the first `limit` rows of each group, in the order of a column of the rows: `pk`, `-pk`.

    `column` is where the rows have the primary keys of their groups.
    """
    if connections[rows.db].vendor != "postgresql":
        return _numbered(rows.filter(**{f"{column}__in": groups.values("pk")}), column, order, limit)
    from django.contrib.postgres.expressions import ArraySubquery  # noqa: PLC0415 - it needs the driver

    first = in_group(rows, column, OuterRef("pk"), order).values("pk")[:limit]
    keys = groups.annotate(revy_first=Func(ArraySubquery(first), function="unnest")).values("revy_first")
    return _all_like(rows).filter(pk__in=keys).order_by(order)


def in_group(rows: QuerySet[Any], column: str, key: Any, order: str = "pk") -> QuerySet[Any]:
    """Return the rows of one group, in the order of `pk` or `-pk`, to be read with a limit.

    With a range and not an equation: for that PostgreSQL may walk through the keys of the whole table, where it expects
    to meet the group soon, and does not read the index of column and key.
    """
    sign = order.removesuffix("pk")
    return rows.filter(**{f"{column}__gte": key, f"{column}__lte": key}).order_by(f"{sign}{column}", order)


def first_of_texts(texts: Sequence[str], rows: QuerySet[Any], column: str, order: str, limit: int) -> QuerySet[Any]:
    """Return the first `limit` rows that have each of these texts in a column, in the order of another one."""
    connection = connections[rows.db]
    if connection.vendor != "postgresql":
        return _numbered(rows.filter(**{f"{column}__in": texts}), column, order, limit)
    first = rows.filter(**{column: RawSQL("revy_group.text", ())}).order_by(order).values("pk")[:limit]
    sql, params = first.query.get_compiler(connection=connection).as_sql()
    keys = f"SELECT revy_first.* FROM unnest(%s::text[]) AS revy_group(text), LATERAL ({sql}) AS revy_first"
    return _all_like(rows).filter(pk__in=RawSQL(keys, (list(texts), *params))).order_by(order)


def _numbered(rows: QuerySet[Any], column: str, order: str, limit: int) -> QuerySet[Any]:
    place = Window(RowNumber(), partition_by=F(column), order_by=order)
    found: QuerySet[Any] = rows.annotate(revy_place=place).filter(revy_place__lte=limit).order_by(order)
    return found


def _all_like(rows: QuerySet[Any]) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.model._base_manager.using(rows.db).all()
    return found
