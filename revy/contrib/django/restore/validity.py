"""What is wrong with the objects that a plan writes, in the light of all that it writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models.query import QuerySet

from revy.contrib.django.batches import in_batches
from revy.contrib.django.changes import CREATE, UPDATE
from revy.contrib.django.restore.problems import MISSING_TARGET, Problem, problems_of
from revy.contrib.django.restore.references import Rows, Target, foreign_keys, target_of
from revy.contrib.django.restore.steps import Step
from revy.contrib.django.restore.uniqueness import Uniqueness

_BLANK: Final = "BLANK"


def find_problems(steps: Sequence[Step], using: str) -> dict[Step, list[Step]]:
    """Add to the steps what is wrong with them; return which steps have to be taken before others to free a value."""
    written = [step for step in steps if step.action in (CREATE, UPDATE)]
    _Targets(steps, using).check(written)
    uniqueness = Uniqueness(steps, using)
    for step in written:
        # What is wrong with a value already is said once.
        told = {problem.field for problem in step.problems if problem.field}
        uniqueness.check(step, told)
        step.problems += [problem for problem in _validation_problems(step, told) if problem not in step.problems]
        uniqueness.check_constraints(step, told)
    return uniqueness.earlier


class _Targets:
    """Finds references that would lead nowhere."""

    def __init__(self, steps: Sequence[Step], using: str) -> None:
        self.using = using
        self._rows = Rows(steps)

    def check(self, steps: Sequence[Step]) -> None:
        asked = [(step, name, target) for step in steps for name, target in _references(step)]
        there = self._there({target for _step, _name, target in asked})
        for step, name, target in asked:
            if self._rows.created(target) is not None:
                continue
            if target not in there or self._rows.deleted(target) is not None:
                message = f"{target.model._meta.label} {target.value!r} exists no more."
                step.problems.append(Problem(name, message, MISSING_TARGET))

    def _there(self, targets: set[Target]) -> set[Target]:
        by_column = defaultdict(list)
        for target in targets:
            by_column[target.model, target.attname].append(target.value)
        found = set()
        for (model, attname), values in by_column.items():
            rows: QuerySet[Any] = QuerySet(model=model, using=self.using)
            for some in in_batches(values):
                known = rows.filter(**{f"{attname}__in": some}).values_list(attname, flat=True)
                found |= {Target(model, attname, value) for value in known}
        return found


def _references(step: Step) -> Iterator[tuple[str, Target]]:
    for key in foreign_keys(step.model):
        value = getattr(step.instance, key.attname)
        if step.writes(key.attname) and value is not None and key.db_constraint and not key.remote_field.parent_link:
            yield key.name, target_of(key, value)
    for link, keys in step.lists.items():
        for key in keys:
            yield link.field.name, target_of(link.target, link.codec.decode(key))


def _validation_problems(step: Step, told: set[str]) -> Iterator[Problem]:
    """Yield what the model's own validation says; of an object that is there only about what changes."""
    instance, meta = step.instance, step.model._meta
    unchanged = {field.name for field in meta.fields if not step.writes(field.attname)}
    # Whether references lead anywhere is known by now.
    references = {key.name for key in foreign_keys(step.model)}
    for validate, options in (
        (instance.clean_fields, {"exclude": unchanged | references | told}),
        (instance.clean, {}),
    ):
        try:
            validate(**options)
        except ValidationError as error:
            # What may be left blank is about forms: the row had that value.
            yield from (problem for problem in problems_of(error) if problem.code != _BLANK)
