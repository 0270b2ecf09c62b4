"""The states of all objects of a model at a moment, read a batch at a time: one statement each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.db import connections, models
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.batches import BATCH, in_batches
from revy.contrib.django.history.moment import Moment
from revy.contrib.django.selects import Given, OneOf, Select, composed
from revy.contrib.django.snapshot import compose_state, lift_text_limit

Narrow = Callable[[QuerySet[Any]], QuerySet[Any]]

# The content ids of a batch, and the object deltas that are the last ones of each at the moment.
_KEY: Final = "revy_p"
_LAST: Final = "revy_o"


@dataclass(frozen=True)
class States:
    """What the objects of a content type were at a moment: their content ids, with the texts that `replay_text` reads.

    A text is empty if the whole state that the object's version builds upon is gone. Without `is_whole`, it says
    nothing but that the object was there.
    """

    using: str
    content_type_id: Any
    moment: Moment
    is_whole: bool = True

    def read(self, size: int) -> Iterator[tuple[str, str]]:
        """Yield those of all objects that were there, in the order of the index."""
        rows = self._fetch("first", size, [], _all)
        while True:
            for key, text in rows:
                if text is not None:
                    yield key, text
            if len(rows) < size:
                return
            rows = self._fetch("next", size, [rows[-1][0]], _after)

    def find(self, keys: Collection[str], size: int) -> Iterator[tuple[str, str]]:
        """Yield those of the objects that have these content ids, in the order of Python's texts."""
        # Databases do not take any number of parameters.
        for some in in_batches(sorted(keys), min(size, BATCH)):
            # Few numbers of keys make few statements: the last key is asked for several times.
            count = 1 << (len(some) - 1).bit_length()
            wanted = [*some, *[some[-1]] * (count - len(some))]
            rows = dict(self._fetch(count, count, wanted, partial(_among, count)))
            for key in some:
                text = rows.get(key)
                if text is not None:
                    yield key, text

    def _fetch(self, kind: Hashable, size: int, values: list[Any], narrow: Narrow) -> list[tuple[str, str | None]]:
        """Run the statement of that kind; `narrow` has the values that are given, the first of the statement's."""
        connection = connections[self.using]
        lift_text_limit(connection)
        parts = conf.get_object_delta_model(), conf.get_attribute_delta_model()
        key = "states", kind, parts, self.moment.is_revision, self.is_whole
        statement = composed(connection, key, lambda: self._compose(len(values), narrow, *parts))
        return statement.fetch([*values, self.content_type_id, self.moment.value, size])

    def _compose(
        self,
        place: int,
        narrow: Narrow,
        model: type[models.Model],
        change_model: type[models.Model],
    ) -> Select:
        """Return the SELECT; of its values, the content type, the moment and the limit are at the place and after it.

        The last version of each object is looked for from its end: what is asked for most is the recent past. It is
        found, and its state made, in one subquery, so that no database joins in another order.
        """
        meta: Any = model._meta
        content_type = Given(place, meta.get_field("content_type"))
        rows: QuerySet[Any] = QuerySet(model=model, using=self.using)
        keys = (
            narrow(rows.filter(content_type=content_type)).order_by("content_id").values_list("content_id").distinct()
        )
        compiler: Any = keys.query.get_compiler(self.using)
        keys_sql, params = compiler.as_sql()
        connection, quote = compiler.connection, compiler.connection.ops.quote_name

        def at(alias: str, name: str) -> str:
            return f"{alias}.{quote(meta.get_field(name).column)}"

        state = f"COALESCE({compose_state(connection, _LAST, model, change_model)}, '')" if self.is_whole else "'there'"
        is_there, moment = self.moment.compose(_LAST, place + 1, quote)
        sql = (
            f"SELECT {at(_KEY, 'content_id')}, ("
            f"SELECT CASE WHEN {at(_LAST, 'action')} <> 'D' THEN {state} END FROM {quote(meta.db_table)} {_LAST} "
            f"WHERE {at(_LAST, 'content_type')} = %s AND {at(_LAST, 'content_id')} = {at(_KEY, 'content_id')} "
            f"AND {is_there} ORDER BY {at(_LAST, 'version')} DESC LIMIT 1) "
            f"FROM ({keys_sql} LIMIT %s) {_KEY} ORDER BY {at(_KEY, 'content_id')}"
        )
        limit = Given(place + 2, models.IntegerField())
        return Select(compiler, sql, (content_type, moment, *params, limit), ())


def _all(keys: QuerySet[Any]) -> QuerySet[Any]:
    return keys


def _after(keys: QuerySet[Any]) -> QuerySet[Any]:
    return keys.filter(content_id__gt=Given(0, keys.model._meta.get_field("content_id")))


def _among(count: int, keys: QuerySet[Any]) -> QuerySet[Any]:
    return keys.filter(OneOf("content_id", keys.model._meta.get_field("content_id"), count))
