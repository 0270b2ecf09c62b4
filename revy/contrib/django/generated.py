"""What generated columns will hold once a row is written."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F
from django.db.models.sql import Query

from revy.contrib.django.tracking import plan_for
from revy.contrib.django.values import Json


def generated_values(instance: models.Model, using: str) -> dict[str, Json]:
    """Return the values of the generated columns of the object's row, encoded, as the database computes them.

    One query for a model with such columns, none for others.
    """
    plan = plan_for(type(instance))
    fields: list[Any] = [field for field in plan.fields if field.generated]
    if not fields:
        return {}
    values: dict[Any, Any] = {}
    for field in plan.model._meta.concrete_fields:
        if not field.generated:
            values[F(field.name)] = models.Value(getattr(instance, field.attname), output_field=field)
    query = Query(None)
    for field in fields:
        expression: Any = models.ExpressionWrapper(
            field.expression.replace_expressions(values), output_field=field.output_field
        )
        query.add_annotation(expression, field.attname)
    (row,) = query.get_compiler(using=using).results_iter()
    return {field.attname: plan.codecs[field.attname].encode(value) for field, value in zip(fields, row, strict=True)}
