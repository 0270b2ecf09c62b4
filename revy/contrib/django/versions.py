"""Which version of its object a change is, and whether the object's whole state is stored with it."""

from __future__ import annotations

import functools
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from django.db import connections
from django.db.models import Max, Q

from revy.contrib.django import conf
from revy.contrib.django.abstract import AbstractObjectDelta
from revy.contrib.django.transactions import reads_are_stale

DELETE = AbstractObjectDelta.ACTION_DELETE

# The content type's id, and the primary key as text.
ObjectKey = tuple[int, str]


class Last(NamedTuple):
    """The last version of an object; zero if it has none."""

    version: int = 0
    is_deletion: bool = False

    def is_keyframe_due(self, interval: int) -> bool:
        """Tell whether the next version is to hold the whole state, whatever it does.

        So does the first one that follows a deletion: the object came back without being recorded.
        """
        return not self.version or self.is_deletion or (self.version + 1) % interval == 0


def last_versions(keys: Iterable[ObjectKey], connection: Any) -> dict[ObjectKey, Last]:
    """Return the last versions of those objects that have a history on that database.

    Their rows are locked where plain reads are stale.
    """
    by_type: dict[int, set[str]] = defaultdict(set)
    for type_id, key in keys:
        by_type[type_id].add(key)
    find = _look_up if connection.vendor in _LOOK_UP else _group
    return {
        (type_id, key): Last(version, is_deletion)
        for type_id, some in by_type.items()
        for key, version, is_deletion in find(type_id, sorted(some), connection)
    }


# The keys, which are one parameter, are gone through in order, and each looks into the index: planners that are left to
# themselves read all objects of a type.
_LOOK_UP: Final = {
    "postgresql": (
        "SELECT revy_key.key, revy_last.version, revy_last.action FROM UNNEST(%s::text[]) AS revy_key(key) "
        "CROSS JOIN LATERAL (SELECT {version} AS version, {action} AS action FROM {table} "
        "WHERE {content_id} = revy_key.key AND {content_type} = %s ORDER BY {version} DESC LIMIT 1) AS revy_last"
    ),
    "sqlite": (
        "SELECT revy_key.value, revy_last.{version}, revy_last.{action} FROM json_each(%s) AS revy_key "
        "CROSS JOIN {table} AS revy_last "
        "WHERE revy_last.{content_id} = revy_key.value AND revy_last.{content_type} = %s AND revy_last.{version} = "
        "(SELECT MAX({version}) FROM {table} WHERE {content_id} = revy_key.value AND {content_type} = %s)"
    ),
}


def _look_up(type_id: int, keys: Sequence[str], connection: Any) -> list[tuple[str, int, bool]]:
    """Look up each object's last version, however many it has."""
    sql = _LOOK_UP[connection.vendor].format(**Names.of(connection)._asdict())
    params: tuple[Any, ...] = (keys, type_id)
    if connection.vendor == "sqlite":
        params = json.dumps(keys), type_id, type_id
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [(key, version, action == DELETE) for key, version, action in cursor.fetchall()]


def _group(type_id: int, keys: Sequence[str], connection: Any) -> list[tuple[str, int, bool]]:
    rows = conf.get_object_delta_model()._base_manager.using(connection.alias).order_by()
    if reads_are_stale(connection.alias):
        rows = rows.select_for_update()
    found = (
        rows.filter(content_type_id=type_id, content_id__in=keys)
        .values_list("content_id")
        .annotate(last=Max("version"), deletion=Max("version", filter=Q(action=DELETE)))
    )
    return [(key, version, version == deletion) for key, version, deletion in found]


class Names(NamedTuple):
    """The table of object deltas and some of its columns, as SQL."""

    table: str
    content_type: str
    content_id: str
    version: str
    action: str
    state: str

    @classmethod
    def of(cls, connection: Any) -> Names:
        return _names(conf.get_object_delta_model(), connection.alias)

    @property
    def of_object(self) -> str:
        """The condition that chooses the versions of one object; its parameters are an ObjectKey."""
        return f"{self.content_type} = %s AND {self.content_id} = %s"

    @property
    def next_version(self) -> str:
        """The version after an object's last one, for the INSERT that writes it: one query less than looking it up.

        Its parameters are an ObjectKey.
        """
        return f"COALESCE((SELECT MAX({self.version}) FROM {self.table} WHERE {self.of_object}), 0) + 1"

    @property
    def state_if_due(self) -> str:
        """The state if it is due with the next version, else nothing: like `next_version`, a part of an INSERT.

        Its parameters are those of `if_due`.
        """
        is_due = f"CASE WHEN {self.action} = %s OR MOD({self.version} + 1, %s) = 0 THEN 1 ELSE 0 END"
        last = f"SELECT {is_due} FROM {self.table} WHERE {self.of_object} ORDER BY {self.version} DESC LIMIT 1"
        return f"CASE WHEN COALESCE(({last}), 1) = 1 THEN %s END"

    @staticmethod
    def if_due(key: ObjectKey, state: Any) -> tuple[Any, ...]:
        return DELETE, conf.keyframe_interval(), *key, state


@functools.cache
def _names(model: Any, using: str) -> Names:
    quote = connections[using].ops.quote_name
    columns = ("content_type", "content_id", "version", "action", "state")
    return Names(quote(model._meta.db_table), *(quote(model._meta.get_field(name).column) for name in columns))
