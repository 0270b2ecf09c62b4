"""Statements that are composed once for a connection, by Django, and run with other values each time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

from django.db import models
from django.db.models.expressions import Expression, F
from django.db.models.query import QuerySet

T = TypeVar("T")


class Given(Expression):
    """A value that a statement is given when it runs: the one at that place of the values."""

    def __init__(self, place: int, field: Any) -> None:
        super().__init__(output_field=field)
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def prepare(self, value: Any, connection: Any) -> Any:
        """Return the value as lookups have it."""
        field = self.output_field
        return field.get_db_prep_value(field.get_prep_value(value), connection, prepared=True)


class OneOf(Expression):
    """The condition that a column has one of the first `size` values that the statement is given."""

    def __init__(self, name: str, field: Any, size: int) -> None:
        super().__init__(output_field=models.BooleanField())
        self._column: Any = F(name)
        self._values = tuple(Given(place, field) for place in range(size))

    def get_source_expressions(self) -> list[Any]:
        return [self._column]

    def set_source_expressions(self, exprs: Any) -> None:
        (self._column,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, params = compiler.compile(self._column)
        return f"{column} IN ({', '.join(['%s'] * len(self._values))})", (*params, *self._values)


class Select:
    """A composed SELECT of some columns, whose parameters may be `Given`.

    `local_times` are the places of the columns that are selected as times without zone, see `is_local_time`.
    """

    def __init__(
        self, compiler: Any, sql: str, params: Sequence[Any], columns: Sequence[Any], local_times: Iterable[int] = ()
    ) -> None:
        self._connection = compiler.connection
        self._sql = sql
        self._params = params
        self._converters = [
            *((place, _as_zoned, columns[place]) for place in local_times),
            *(
                (place, convert, column)
                for place, (functions, column) in compiler.get_converters(columns).items()
                for convert in functions
            ),
        ]

    @classmethod
    def of(cls, rows: QuerySet[Any]) -> Select:
        compiler = rows.query.get_compiler(rows.db)
        sql, params = compiler.as_sql()
        return cls(compiler, sql, params, [column for column, *_ in compiler.select])

    def fetch(self, values: Sequence[Any]) -> list[Any]:
        """Return the rows, as Django would convert them."""
        connection = self._connection
        params = [
            param.prepare(values[param.place], connection) if type(param) is Given else param for param in self._params
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, params)
            found = cursor.fetchall()
        if not self._converters:
            return list(found)
        rows = list(map(list, found))
        for place, convert, column in self._converters:
            for row in rows:
                row[place] = convert(row[place], column, connection)
        return rows


def composed(connection: Any, key: Hashable, compose: Callable[[], T]) -> T:
    """Return what the connection keeps under that key, composed if it is the first time."""
    kept: dict[Hashable, T] = vars(connection).setdefault("_revy_composed", {})
    found = kept.get(key)
    if found is None:
        found = kept[key] = compose()
    return found


def is_local_time(column: Any, connection: Any) -> bool:
    """Tell whether to select a column as `timestamp`: psycopg reads times with zone in Python, ten times as slow."""
    return bool(connection.vendor == "postgresql" and column.output_field.get_internal_type() == "DateTimeField")


def _as_zoned(value: Any, expression: Any, connection: Any) -> Any:
    # What Django does with a time in the zone of the session, which is the connection's.
    return None if value is None else value.replace(tzinfo=connection.timezone)
