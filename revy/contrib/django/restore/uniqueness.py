"""Values that only one row may have: who has them now, and whether the plan frees them before they are taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models import Q, UniqueConstraint
from django.db.models.query import QuerySet

from revy.contrib.django.batches import in_batches
from revy.contrib.django.changes import CREATE, DELETE, UPDATE
from revy.contrib.django.restore.problems import UNIQUE, Problem, problems_of
from revy.contrib.django.restore.references import family
from revy.contrib.django.restore.steps import Step
from revy.contrib.django.tracking import key_of_instance, plan_for

Model = type[models.Model]

# How many objects one query is about.
_TOGETHER: Final = 400


class Uniqueness:
    """Checks the steps of a plan; `earlier` tells which ones have to be taken before another, to free what it takes."""

    def __init__(self, steps: Sequence[Step], using: str) -> None:
        self.using = using
        self.earlier: dict[Step, list[Step]] = defaultdict(list)
        self._of_row: dict[tuple[Model, Any], Step] = {}
        self._of_model: dict[Model, list[Step]] = defaultdict(list)
        self._written: dict[Model, list[Step]] = defaultdict(list)
        self._taken: dict[tuple[Model, tuple[str, ...], Q | None], bool] = {}
        for step in steps:
            if step.action in (CREATE, UPDATE):
                for model in (step.model, *step.model._meta.get_parent_list()):
                    self._written[model].append(step)
            if step.action not in (DELETE, UPDATE):
                continue
            for model in family(step.model) if step.action == UPDATE else [step.model]:
                self._of_row[model, key_of_instance(step.instance, model)] = step
                self._of_model[model].append(step)

    def check(self, step: Step, told: set[str]) -> None:
        """Add a problem for each unique field, and each set of fields unique together, whose values are taken."""
        instance = step.instance
        checks, date_checks = instance._get_unique_checks(exclude=told, include_meta_constraints=True)
        for model, names in checks:
            holder = self._holder(step, model, names)
            if holder is None:
                continue
            other = self._of_row.get((plan_for(model).model, holder))
            if other is not None and self._frees(other, model, names):
                self.earlier[step].append(other)
                continue
            field = names[0] if len(names) == 1 else None
            for message in instance.unique_error_message(model, names).messages:
                step.problems.append(Problem(field, message, UNIQUE))
        errors = instance._perform_date_checks(date_checks) if date_checks else {}
        for name, found in errors.items():
            for error in found:
                field = None if name == NON_FIELD_ERRORS else name
                step.problems += [Problem(field, message, UNIQUE) for message in error.messages]

    def check_constraints(self, step: Step, told: set[str]) -> None:
        """Add a problem for each violated constraint.

        Which row has what a constraint with a condition or an expression allows once is not known: if the plan writes
        others of the model, these are written first, and the database has the last word.
        """
        for model, constraints in step.instance.get_constraints():
            for constraint in constraints:
                if constraint in model._meta.total_unique_constraints or not self._can_violate(model, constraint):
                    continue
                try:
                    constraint.validate(model, step.instance, exclude=told, using=self.using)
                except ValidationError as error:
                    others = [other for other in self._of_model[plan_for(model).model] if other is not step]
                    if isinstance(constraint, UniqueConstraint) and others:
                        self.earlier[step] += others
                        continue
                    step.problems += [each for each in problems_of(error) if each not in step.problems]

    def _holder(self, step: Step, model: Model, names: Sequence[str]) -> Any:
        """Return the key of the row of the model that has the values of these fields, or None."""
        fields: list[Any] = [model._meta.get_field(name) for name in names]
        if set(fields) == set(model._meta.pk_fields) or any(field.generated for field in fields):
            # Of the object itself; what a row generates its constraint tells.
            return None
        values = _values_of(step, fields)
        if None in values.values() or not _writes(step, fields) or not self._may_be_taken(model, names):
            return None
        rows: QuerySet[Any] = QuerySet(model=model, using=self.using)
        own = step.instance._get_pk_val(model._meta)
        found = rows.filter(**values).exclude(pk=own).first()
        return None if found is None else key_of_instance(found, plan_for(model).model)

    def _may_be_taken(self, model: Model, names: Sequence[str], condition: Q | None = None) -> bool:
        """Tell whether any row has these fields as any steps want them: one query for many objects, mostly a no."""
        place = model, tuple(names), condition
        if place not in self._taken:
            fields: list[Any] = [model._meta.get_field(name) for name in names]
            # A condition may come true by other fields.
            steps = [step for step in self._written[model] if condition is not None or _writes(step, fields)]
            wanted = [values for step in steps if None not in (values := _values_of(step, fields)).values()]
            rows: QuerySet[Any] = QuerySet(model=model, using=self.using)
            if condition is not None:
                rows = rows.filter(condition)
            self._taken[place] = any(
                rows.filter(**{f"{name}__in": [values[name] for values in some] for name in some[0]}).exists()
                for some in in_batches(wanted, _TOGETHER)
            )
        return self._taken[place]

    def _can_violate(self, model: Model, constraint: Any) -> bool:
        """Tell whether a constraint has to be asked: of one with a condition few rows of a table are."""
        if not isinstance(constraint, UniqueConstraint) or not constraint.fields or constraint.nulls_distinct is False:
            return True
        fields: list[Any] = [model._meta.get_field(name) for name in constraint.fields]
        is_generated = any(field.generated for field in fields)
        return is_generated or self._may_be_taken(model, constraint.fields, constraint.condition)

    def _frees(self, other: Step, model: Model, names: Iterable[str]) -> bool:
        if other.action == DELETE:
            return True
        fields: list[Any] = [model._meta.get_field(name) for name in names]
        return any(field.attname in other.then for field in fields)


def _writes(step: Step, fields: Sequence[Any]) -> bool:
    return any(step.writes(field.attname) for field in fields)


def _values_of(step: Step, fields: Sequence[Any]) -> dict[str, Any]:
    return {field.attname: getattr(step.instance, field.attname) for field in fields}
