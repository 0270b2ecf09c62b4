"""Which version of its object a change is, and whether the object's whole state is stored with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Max, Q
from django.db.models.expressions import Expression

from revy.contrib.django import conf
from revy.contrib.django.abstract import AbstractObjectDelta
from revy.contrib.django.transactions import reads_are_stale
from revy.contrib.django.values import Json

DELETE = AbstractObjectDelta.ACTION_DELETE

# The content type's id, and the primary key as text.
ObjectKey = tuple[int, str]


class Last(NamedTuple):
    """The last version of an object; zero if it has none."""

    version: int = 0
    is_deletion: bool = False

    def is_keyframe_due(self) -> bool:
        """Tell whether the next version is to hold the whole state, whatever it does.

        So does the first one that follows a deletion: the object came back without being recorded.
        """
        return not self.version or self.is_deletion or (self.version + 1) % conf.keyframe_interval() == 0


def last_versions(keys: Iterable[ObjectKey], using: str) -> dict[ObjectKey, Last]:
    """Return the last versions of those objects that have a history in database `using`. Their rows are locked."""
    by_type = defaultdict(list)
    for type_id, key in keys:
        by_type[type_id].append(key)
    rows = conf.get_object_delta_model()._base_manager.using(using).order_by()
    if reads_are_stale(using):
        rows = rows.select_for_update()
    return {
        (type_id, key): Last(version, version == deletion)
        for type_id, some in by_type.items()
        for key, version, deletion in rows.filter(content_type_id=type_id, content_id__in=some)
        .values_list("content_id")
        .annotate(last=Max("version"), deletion=Max("version", filter=Q(action=DELETE)))
    }


class NextVersion(Expression):
    """The version after an object's last one, found by the INSERT that writes it: one query less than looking it up."""

    def __init__(self, key: ObjectKey) -> None:
        super().__init__(output_field=models.IntegerField())
        self.key = key

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        table, version, _action, condition = _names(connection)
        return f"COALESCE((SELECT MAX({version}) FROM {table} WHERE {condition}), 0) + 1", self.key


class KeyframeState(Expression):
    """The state if it is due with the next version, else nothing; like NextVersion, a part of an INSERT."""

    def __init__(self, key: ObjectKey, state: dict[str, Json]) -> None:
        super().__init__(output_field=conf.get_object_delta_model()._meta.get_field("state"))
        self.key = key
        self.state = state

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        table, version, action, condition = _names(connection)
        is_due = f"CASE WHEN {action} = %s OR MOD({version} + 1, %s) = 0 THEN 1 ELSE 0 END"
        last = f"SELECT {is_due} FROM {table} WHERE {condition} ORDER BY {version} DESC LIMIT 1"
        state = self.output_field.get_db_prep_save(self.state, connection)
        return f"CASE WHEN COALESCE(({last}), 1) = 1 THEN %s END", (DELETE, conf.keyframe_interval(), *self.key, state)


def _names(connection: Any) -> tuple[str, str, str, str]:
    """Return the table of object deltas, two of its columns, and the condition that chooses those of one object."""
    meta = conf.get_object_delta_model()._meta
    quote = connection.ops.quote_name
    columns = ("version", "action", "content_type", "content_id")
    fields: list[Any] = [meta.get_field(name) for name in columns]
    version, action, content_type, content_id = (quote(field.column) for field in fields)
    return quote(meta.db_table), version, action, f"{content_type} = %s AND {content_id} = %s"
