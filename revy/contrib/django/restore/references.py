"""Which rows foreign keys and lists lead to, and what a plan does with these rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import Any, NamedTuple

from django.db import models

from revy.contrib.django.changes import CREATE, DELETE
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.restore.steps import Step
from revy.contrib.django.tracking import plan_for

Model = type[models.Model]


class Target(NamedTuple):
    """A row by the value of one of its columns, as it is in memory."""

    model: Model
    attname: str
    value: Hashable


def foreign_keys(model: Model) -> Iterator[Any]:
    """Yield the foreign keys among the columns of a model's objects."""
    return (field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey))


def target_of(key: Any, value: Any) -> Target:
    """Return what a foreign key leads to by a value."""
    field = key.target_field
    return Target(plan_for(field.model).model, field.attname, value)


def family(model: Model) -> list[Model]:
    """Return the model and those that its objects have a row of, too."""
    return [plan_for(each).model for each in (model, *model._meta.get_parent_list())]


class GenericRelation(NamedTuple):
    """A relation by content type and key: the model that refers, the columns that do, and what they call the other."""

    model: Model
    type_attname: str
    key_attname: str
    content_type_id: int


def generic_relations(model: Model, using: str) -> Iterator[GenericRelation]:
    """Yield the generic relations that a deletion of a row of the model cascades along."""
    for relation in model._meta.private_fields:
        if hasattr(relation, "bulk_related_objects"):
            named: Any = relation
            other: Any = plan_for(named.related_model).model
            type_attname, key_attname = (
                other._meta.get_field(name).attname
                for name in (named.content_type_field_name, named.object_id_field_name)
            )
            yield GenericRelation(other, type_attname, key_attname, content_type_id(model, using))


class Rows:
    """The rows that the steps of a plan create and delete, by whatever column is asked for."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps: dict[str, dict[Model, list[Step]]] = {CREATE: defaultdict(list), DELETE: defaultdict(list)}
        for step in steps:
            if step.action == DELETE:
                # Each row of a deleted object that is to go is the object of a step of its own.
                self._steps[DELETE][step.model].append(step)
            elif step.action == CREATE:
                for model in family(step.model):
                    self._steps[CREATE][model].append(step)
        self._by_column: dict[tuple[str, Model, str], dict[Hashable, Step]] = {}

    def created(self, target: Target) -> Step | None:
        return self._find(CREATE, target)

    def deleted(self, target: Target) -> Step | None:
        return self._find(DELETE, target)

    def _find(self, action: str, target: Target) -> Step | None:
        place = action, target.model, target.attname
        if place not in self._by_column:
            steps = self._steps[action].get(target.model, ())
            self._by_column[place] = {getattr(step.instance, target.attname): step for step in steps}
        return self._by_column[place].get(target.value)
