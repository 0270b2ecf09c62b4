"""The statements that read the history of one object: its content type and key are the first values that they take."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.db.models import Subquery
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.selects import Given, Select, is_local_time

_DELTA: Final = "revy_d"
_REVISION: Final = "revy_r"
_CHANGE: Final = "revy_a"


def compose_page(using: str, *, is_open: bool) -> Select:
    """Return the SELECT of the newest object deltas, below the third value if not open, as many as the fourth says.

    Its columns are those of the object deltas, of their revisions, and of their attribute deltas, a row for each.
    """
    rows, version = _deltas(using)
    newest = (rows if is_open else rows.filter(version__lt=version)).order_by("-version")
    compiler: Any = newest.query.get_compiler(using)
    newest_sql, params = compiler.as_sql()
    quote = compiler.connection.ops.quote_name

    def at(alias: str, field: Any) -> str:
        return f"{alias}.{quote(field.column)}"

    parts = conf.get_object_delta_model(), conf.get_revision_model(), conf.get_attribute_delta_model()
    metas: list[Any] = [model._meta for model in parts]
    delta, revision, change = metas
    columns = [
        field.get_col(alias)
        for alias, meta in zip((_DELTA, _REVISION, _CHANGE), metas, strict=True)
        for field in meta.concrete_fields
    ]
    local_times = [place for place, column in enumerate(columns) if is_local_time(column, compiler.connection)]
    selected = [at(column.alias, column.target) for column in columns]
    for place in local_times:
        selected[place] += "::timestamp"
    # The limit is set before the joins: databases would else take a share of a long history for what they have to join.
    sql = (
        f"SELECT {', '.join(selected)} "
        f"FROM ({newest_sql} LIMIT %s) {_DELTA} "
        f"JOIN {quote(revision.db_table)} {_REVISION} "
        f"ON {at(_REVISION, revision.pk)} = {at(_DELTA, delta.get_field('revision'))} "
        f"LEFT JOIN {quote(change.db_table)} {_CHANGE} "
        f"ON {at(_CHANGE, change.get_field('object_delta'))} = {at(_DELTA, delta.pk)} "
        f"ORDER BY {at(_DELTA, delta.get_field('version'))} DESC, {at(_CHANGE, change.pk)}"
    )
    return Select(compiler, sql, (*params, Given(3, models.IntegerField())), columns, local_times)


def compose_replay(using: str) -> Select:
    """Return the SELECT of the last whole state at or before the third value, a version, and the changes up to it.

    Its columns are version, action, state, field name and new value, in the order of what happened.
    """
    rows, version = _deltas(using)
    rows = rows.filter(version__lte=version)
    keyframe = rows.filter(state__isnull=False).order_by("-version").values("version")[:1]
    rows = rows.filter(version__gte=Subquery(keyframe)).order_by("version", "attribute_deltas__pk")
    return Select.of(
        rows.values_list("version", "action", "state", "attribute_deltas__field_name", "attribute_deltas__new_value")
    )


def _deltas(using: str) -> tuple[QuerySet[Any], Given]:
    """Return the object deltas of the object that is given, and the version that is."""
    model = conf.get_object_delta_model()
    names = "content_type", "content_id", "version"
    content_type, content_id, version = (Given(place, model._meta.get_field(name)) for place, name in enumerate(names))
    rows: QuerySet[Any] = QuerySet(model=model, using=using)
    return rows.filter(content_type=content_type, content_id=content_id), version
