"""Every row of the machine's tables, read with plain SQL: what revy has no part in."""

from __future__ import annotations

import datetime
import decimal
import functools
import json
import uuid
from typing import Any

from django.apps import apps
from django.db import connections, models

Key = tuple[type[models.Model], Any]
State = dict[str, str]  # each value as JSON text, so that 1, 1.0 and True differ
Rows = dict[Key, State]


def text_of(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def encode(field: Any, value: Any) -> str:
    """Return the value as the history is to tell it, as JSON text."""
    if value is not None:
        while field.remote_field is not None:
            field = field.target_field
        if isinstance(field, models.DecimalField):
            value = str(decimal.Decimal(value).quantize(decimal.Decimal(1).scaleb(-field.decimal_places)))
        elif isinstance(value, datetime.datetime):
            value = value.astimezone(datetime.UTC).isoformat()
        elif isinstance(value, datetime.date):
            value = value.isoformat()
        elif isinstance(value, uuid.UUID):
            value = str(value)
        elif isinstance(field, models.FileField):
            value = str(value)
    return text_of(value)


@functools.cache
def concrete_models() -> list[type[models.Model]]:
    """Return the models with tables of their own, parents first."""
    return [model for model in apps.get_app_config("machineapp").get_models() if not model._meta.proxy]


def chain_of(model: type[models.Model]) -> list[type[models.Model]]:
    """Return the model and those that it inherits from."""
    concrete: Any = model._meta.concrete_model
    return [concrete, *concrete._meta.get_parent_list()]


def family_of(model: type[models.Model]) -> list[type[models.Model]]:
    """Return the models whose objects may share a row with the model's."""
    own = chain_of(model)
    return [*own, *(heir for heir in concrete_models() if heir not in own and set(own[:1]) & set(chain_of(heir)))]


class _Table:
    def __init__(self, model: type[models.Model], fields: Any, using: str) -> None:
        self.connection = connections[using]
        quote = self.connection.ops.quote_name
        table = model._meta.db_table
        columns = ", ".join(quote(field.column) for field in fields)
        self.sql = f"SELECT {columns} FROM {quote(table)}"
        self.compiler = model._base_manager.all().query.get_compiler(using)
        self.converters = self.compiler.get_converters([field.get_col(table) for field in fields])

    def read(self) -> list[Any]:
        with self.connection.cursor() as cursor:
            cursor.execute(self.sql)
            rows = cursor.fetchall()
        return list(self.compiler.apply_converters(rows, self.converters)) if self.converters else rows


@functools.cache
def _table(model: type[models.Model], using: str) -> _Table:
    return _Table(model, model._meta.local_concrete_fields, using)


@functools.cache
def _links(model: type[models.Model], using: str) -> list[tuple[Any, _Table]]:
    links = []
    for field in model._meta.local_many_to_many:
        through: Any = field.remote_field.through
        if through._meta.auto_created:
            ends = [through._meta.get_field(name) for name in (field.m2m_field_name(), field.m2m_reverse_field_name())]
            links.append((field, _Table(through, ends, using)))
    return links


def read_rows(using: str) -> Rows:
    """Return the objects of a database: their columns, those that they inherit, and the keys they are linked to."""
    rows: Rows = {}
    for model in concrete_models():
        fields = model._meta.local_concrete_fields
        meta: Any = model._meta
        positions = [fields.index(field) for field in meta.pk_fields]
        own: dict[Any, State] = {}
        for row in _table(model, using).read():
            parts = tuple(row[position] for position in positions)
            values = {field.attname: encode(field, value) for field, value in zip(fields, row, strict=True)}
            own[parts[0] if len(parts) == 1 else parts] = values
        for field, table in _links(model, using):
            targets: dict[Any, list[Any]] = {}
            for source, target in table.read():
                targets.setdefault(source, []).append(target)
            for pk, values in own.items():
                values[field.name] = text_of(sorted(targets.get(pk, ())))
        for parent in meta.parents:
            for pk, values in own.items():
                values.update(rows[parent, pk])
        rows.update({(model, pk): values for pk, values in own.items()})
    return rows
