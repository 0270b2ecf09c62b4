"""What generated columns will hold once rows are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import models
from django.db.models import F
from django.db.models.sql import Query

from revy.contrib.django.batches import in_batches
from revy.contrib.django.tracking import plan_for
from revy.contrib.django.values import Json

# How many values one SELECT computes: no database has so few columns.
_COLUMNS: Final = 500


def generated_values(model: type[models.Model], instances: Sequence[models.Model], using: str) -> list[dict[str, Json]]:
    """Return the values of the generated columns of each object's row, encoded, as the database computes them.

    One query for some hundred objects of a model with such columns, none for others.
    """
    plan = plan_for(model)
    fields: list[Any] = [field for field in plan.fields if field.generated]
    if not fields:
        return [{} for _instance in instances]
    return [
        values
        for some in in_batches(instances, max(_COLUMNS // len(fields), 1))
        for values in _compute(plan.model, fields, some, using)
    ]


def _compute(
    model: type[models.Model], fields: list[Any], instances: Sequence[models.Model], using: str
) -> list[dict[str, Json]]:
    codecs, query = plan_for(model).codecs, Query(None)
    for number, instance in enumerate(instances):
        given: dict[Any, Any] = {
            F(field.name): models.Value(getattr(instance, field.attname), output_field=field)
            for field in model._meta.concrete_fields
            if not field.generated
        }
        for field in fields:
            expression: Any = models.ExpressionWrapper(field.expression.replace_expressions(given), field.output_field)
            query.add_annotation(expression, f"{field.attname}_{number}")
    (row,) = query.get_compiler(using=using).results_iter()
    values = iter(row)
    return [{field.attname: codecs[field.attname].encode(next(values)) for field in fields} for _instance in instances]
