"""What would fall with the objects that are to be deleted, though nobody has asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db import models
from django.db.models.deletion import Collector, ProtectedError, RestrictedError

from revy.contrib.django.changes import DELETE
from revy.contrib.django.restore.problems import DEPENDENT, Problem
from revy.contrib.django.restore.references import Rows, foreign_keys, target_of
from revy.contrib.django.restore.steps import Step
from revy.contrib.django.tracking import Link, key_of_instance, link_of, plan_for

# How many of the objects that depend on another are named.
_NAMED: Final = 3


class Dependants:
    """Tells what the deletions of a plan would take along beyond what the plan itself deletes or changes."""

    def __init__(self, steps: Iterable[Step], using: str) -> None:
        steps = list(steps)
        self.using = using
        self._deletions = [step for step in steps if step.action == DELETE]
        self._steps = {(step.model, step.goal.pk): step for step in steps}

    def problems(self) -> Iterator[tuple[Step, Problem]]:
        """Yield the deletions that cannot be done alone, each with what depends on its object."""
        suspects = []
        for model in dict.fromkeys(step.model for step in self._deletions):
            steps = [step for step in self._deletions if step.model is model]
            if self._others(steps):
                suspects += steps
        for step in suspects:
            others = self._others([step])
            if others:
                more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
                named = ", ".join(others[:_NAMED]) + more
                yield step, Problem(None, f"Others refer to it by now: {named}.", DEPENDENT)

    def _others(self, steps: list[Step]) -> list[str]:
        rows, collector = Rows(steps), _Collector(using=self.using)
        collector.collect([step.instance for step in steps], keep_parents=True)
        found = self._related_generically(steps)
        found |= {
            (each._meta.label, str(each.pk))
            for fallen in (*collector.data.values(), collector.protected)
            for each in fallen
            if self._falls(each, rows)
        }
        for (field, _value), updated in collector.field_updates.items():
            objects: Any
            for objects in updated:
                found |= {(each._meta.label, str(each.pk)) for each in objects if self._loses(each, field, rows)}
        return [" ".join(names) for names in sorted(found)]

    def _falls(self, instance: Any, rows: Rows) -> bool:
        """Tell whether a row refers to one that is deleted, and neither is deleted itself nor led elsewhere before.

        What was collected because it refers to such a row in turn does not fall: nothing does that is not told here.
        """
        kind: Any = type(instance)
        link = link_of(kind)
        if link is not None and self._is_listed_away(instance, link):
            return False
        if self._is_deleted(instance):
            return False
        step = self._step_of(instance)
        return any(
            rows.deleted(target_of(key, getattr(instance, key.attname)))
            and not (step is not None and key.attname in step.row)
            for key in foreign_keys(type(instance))
        )

    def _loses(self, instance: Any, field: Any, rows: Rows) -> bool:
        """Tell whether a row would have a reference taken away that the plan does not know of."""
        step = self._step_of(instance)
        if self._is_deleted(instance) or (step is not None and field.attname in step.row):
            return False
        return rows.deleted(target_of(field, getattr(instance, field.attname))) is not None

    def _related_generically(self, steps: list[Step]) -> set[tuple[str, str]]:
        """Return what generic relations of the objects, which are of one model, lead to."""
        instances = [step.instance for step in steps]
        return {
            (each._meta.label, str(each.pk))
            for relation in steps[0].model._meta.private_fields
            if hasattr(relation, "bulk_related_objects")
            for each in relation.bulk_related_objects(instances, self.using)
            if not self._is_deleted(each)
        }

    def _is_listed_away(self, row: Any, link: Link) -> bool:
        source = link.source_codec.as_key(getattr(row, link.source.attname))
        key = link.codec.encode(getattr(row, link.target.attname))
        return any(
            step.action == DELETE or (link in step.lists and key not in step.lists[link])
            for (model, pk), step in self._steps.items()
            if pk == source and issubclass(model, link.owner)
        )

    def _is_deleted(self, instance: models.Model) -> bool:
        step = self._step_of(instance)
        return step is not None and step.action == DELETE

    def _step_of(self, instance: models.Model) -> Step | None:
        model = plan_for(type(instance)).model
        return self._steps.get((model, key_of_instance(instance, model)))


class _Collector(Collector):
    """Finds what a deletion would do, row by row, and goes on past what protects itself. Deletes nothing."""

    def __init__(self, using: str) -> None:
        super().__init__(using=using)
        self.protected: set[Any] = set()

    def collect(self, objs: Any, *args: Any, **kwargs: Any) -> None:
        try:
            super().collect(objs, *args, **kwargs)
        except ProtectedError as error:
            self.protected |= set(error.protected_objects)
        except RestrictedError as error:
            self.protected |= set(error.restricted_objects)

    def can_fast_delete(self, *args: Any, **kwargs: Any) -> bool:
        return False

    def _has_signal_listeners(self, model: type[models.Model]) -> bool:
        # Else columns are left out, and then looked up row by row.
        return True
