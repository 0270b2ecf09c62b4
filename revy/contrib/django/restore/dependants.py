"""What refers to the objects that are to be deleted, and is neither deleted with them nor led elsewhere before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db import models
from django.db.models.deletion import DO_NOTHING, get_candidate_relations_to_delete
from django.db.models.query import QuerySet

from revy.contrib.django.batches import in_batches
from revy.contrib.django.changes import DELETE
from revy.contrib.django.restore.problems import DEPENDENT, Problem
from revy.contrib.django.restore.steps import Step
from revy.contrib.django.tracking import Link, key_of_instance, link_of, plan_for

# How many of the objects that depend on another are named.
_NAMED: Final = 3


def relations_to(model: type[models.Model]) -> Iterator[Any]:
    """Yield the foreign keys that lead to rows of the model's own table, those of automatic tables included."""
    relation: Any
    for relation in get_candidate_relations_to_delete(model._meta):
        # What refers to the row in a parent's table has to do with the object of that one.
        if plan_for(relation.model).model is model:
            yield relation.field


class Dependants:
    """Tells what a deletion of exactly the plan's objects would leave without what it refers to.

    Django's own collector is not asked: it calls what SET is given, which may write.
    """

    def __init__(self, steps: Iterable[Step], using: str) -> None:
        self.using = using
        self._steps = {(step.model, step.goal.pk): step for step in steps}
        self._models = {model for model, _pk in self._steps}
        self._deletions = [step for step in self._steps.values() if step.action == DELETE]

    def problems(self) -> Iterator[tuple[Step, Problem]]:
        """Yield the deletions that cannot be done alone, each with what depends on its object."""
        suspects = []
        for model in dict.fromkeys(step.model for step in self._deletions):
            steps = [step for step in self._deletions if step.model is model]
            suspects += [step for some in in_batches(steps) if self._others(some) for step in some]
        for step in suspects:
            others = self._others([step])
            if others:
                more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
                named = ", ".join(others[:_NAMED]) + more
                yield step, Problem(None, f"Others refer to it by now: {named}.", DEPENDENT)

    def _others(self, steps: Iterable[Step]) -> list[str]:
        """Return what depends on the objects, which are of one model, as labels with keys."""
        instances = [step.instance for step in steps]
        model = plan_for(type(instances[0])).model
        found = {each for each in self._related_generically(model, instances) if not self._is_deleted(each)}
        for key in relations_to(model):
            if key.remote_field.on_delete is DO_NOTHING and not key.db_constraint:
                continue
            rows: QuerySet[Any] = QuerySet(model=key.model, using=self.using)
            values = [getattr(instance, key.target_field.attname) for instance in instances]
            found |= {each for each in rows.filter(**{f"{key.attname}__in": values}) if self._depends(each, key)}
        return sorted(f"{each._meta.label} {each.pk}" for each in found)

    def _depends(self, instance: Any, key: Any) -> bool:
        link = link_of(key.model)
        if link is not None:
            return not self._is_listed_away(instance, link)
        step = self._step_of(instance)
        return step is None or not (step.action == DELETE or key.attname in step.row)

    def _related_generically(self, model: type[models.Model], instances: list[Any]) -> Iterator[Any]:
        for relation in model._meta.private_fields:
            if hasattr(relation, "bulk_related_objects"):
                yield from relation.bulk_related_objects(instances, self.using)

    def _is_listed_away(self, row: Any, link: Link) -> bool:
        source = link.source_codec.as_key(getattr(row, link.source.attname))
        key = link.codec.encode(getattr(row, link.target.attname))
        steps = (self._steps.get((model, source)) for model in self._models if issubclass(model, link.owner))
        return any(
            step.action == DELETE or (link in step.lists and key not in step.lists[link])
            for step in steps
            if step is not None
        )

    def _is_deleted(self, instance: models.Model) -> bool:
        step = self._step_of(instance)
        return step is not None and step.action == DELETE

    def _step_of(self, instance: models.Model) -> Step | None:
        model = plan_for(type(instance)).model
        return self._steps.get((model, key_of_instance(instance, model)))
