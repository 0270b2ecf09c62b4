"""The first rows of each of many groups, in one query."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models import F, Func, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber


def first_of_each(groups: QuerySet[Any], rows: QuerySet[Any], column: str, order: str, limit: int) -> QuerySet[Any]:
    """Return the first `limit` rows of each group, in the order of a column of the rows: `pk`, `-pk`.

    `column` is where the rows have the primary keys of their groups. On PostgreSQL no row beyond the limit is read; the
    others have no such means (a subquery that is correlated and limited), and read all rows of these groups.
    """
    if connections[rows.db].vendor == "postgresql":
        from django.contrib.postgres.expressions import ArraySubquery  # noqa: PLC0415 - it needs the driver

        first = rows.filter(**{column: OuterRef("pk")}).order_by(order).values("pk")[:limit]
        keys = groups.annotate(revy_first=Func(ArraySubquery(first), function="unnest")).values("revy_first")
        found: QuerySet[Any] = rows.model._base_manager.using(rows.db).filter(pk__in=keys)
    else:
        place = Window(RowNumber(), partition_by=F(column), order_by=order)
        found = rows.filter(**{f"{column}__in": groups.values("pk")}).annotate(revy_place=place)
        found = found.filter(revy_place__lte=limit)
    return found.order_by(order)
