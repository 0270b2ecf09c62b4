"""From what is wanted to a plan: reads, compares and checks, and writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import models
from django.db.models.query import QuerySet

from revy.contrib.django.batches import in_batches
from revy.contrib.django.changes import CREATE, DELETE, UPDATE, RowChange
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.replay import shortened
from revy.contrib.django.restore.dependants import Dependants
from revy.contrib.django.restore.effects import effects_of
from revy.contrib.django.restore.goals import Goal, Lost
from revy.contrib.django.restore.live import Live
from revy.contrib.django.restore.order import Stage, in_stages
from revy.contrib.django.restore.plan import Address, Change, ObjectPlan
from revy.contrib.django.restore.problems import CHANGED_SINCE, FORBIDDEN, Problem
from revy.contrib.django.restore.steps import Step, predict_generated, take_step
from revy.contrib.django.restore.validity import find_problems
from revy.contrib.django.rows import keys_a_statement
from revy.contrib.django.tracking import key_of_instance, plan_for
from revy.contrib.django.values import is_same, key_from_text, key_to_text

Authorize = Callable[[type[models.Model], models.Model | None, str], bool]


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan with all that carrying it out needs."""

    objects: tuple[ObjectPlan, ...]
    stages: list[Stage]

    def with_problem(self, address: Address, problem: Problem) -> Draft:
        """Return the draft with something more that stands in the way of one object."""
        known = next((each for each in self.objects if each.address == address), ObjectPlan(None, *address, ""))
        objects = [each for each in self.objects if each is not known]
        return replace(self, objects=(replace(known, problems=(problem, *known.problems)), *objects))


class Planner:
    """Makes a draft of what is wanted, on database `using` with its history on another or the same.

    `lock`: for carrying it out in the running transaction. `skip_conflicts`: what was changed since, or cannot be
    undone for other reasons that have come since, is left out and not in the way.
    """

    def __init__(
        self, using: str, history: str, *, lock: bool, skip_conflicts: bool = False, authorize: Authorize | None = None
    ) -> None:
        self.using = using
        self.history = history
        self.lock = lock
        self.skip_conflicts = skip_conflicts
        self.authorize = authorize

    def draft(self, wanted: Iterable[Goal | Lost]) -> Draft:
        wanted = list(wanted)
        goals = [each for each in wanted if isinstance(each, Goal)]
        lost = [each for each in wanted if isinstance(each, Lost) and not self.skip_conflicts]
        live = Live(self.using, self.history, lock=self.lock).read(goals)
        steps = [take_step(goal, live.get(goal.address), self.using) for goal in goals]
        steps = _without_parents(steps)
        for step in steps:
            self._settle_conflicts(step)
        self._settle_dependants(steps)
        active = [step for step in steps if step.action]
        predict_generated(active, live, self.using)
        stages = in_stages(active, find_problems(active, self.using), self.using)
        objects = self._objects(steps, effects_of(active, self.using))
        objects += [ObjectPlan(each.model, *each.address, "", problems=(each.problem,)) for each in lost]
        return Draft(tuple(objects), stages)

    def _settle_conflicts(self, step: Step) -> None:
        if self.skip_conflicts:
            if step.is_refused:
                step.problems = [problem for problem in step.problems if problem.code != CHANGED_SINCE]
        elif step.goal.is_strict:
            for conflict in step.conflicts:
                message = f"It was changed since, to {shortened(conflict.now)}."
                step.problems.append(Problem(_field_name(step.model, conflict.name), message, CHANGED_SINCE))

    def _settle_dependants(self, steps: Sequence[Step]) -> None:
        """Find what hinders deletions; where that is skipped, what is not deleted hinders others in turn."""
        while True:
            hindered = list(Dependants([step for step in steps if step.action], self.using).problems())
            for step, problem in hindered:
                if self.skip_conflicts:
                    step.give_up()
                else:
                    step.problems.append(problem)
            if not hindered or not self.skip_conflicts:
                return

    def _objects(self, steps: Sequence[Step], effects: Sequence[RowChange]) -> list[ObjectPlan]:
        plans: dict[Address, ObjectPlan] = {}
        for effect in effects:
            plan = self._object(effect)
            plans[plan.address] = plan
        for step in steps:
            known = plans.get(step.goal.address)
            if known is None and not step.conflicts and not step.problems:
                continue
            if known is None:
                known = ObjectPlan(step.model, *step.goal.address, "")
            problems = tuple(dict.fromkeys(step.problems))
            plans[known.address] = replace(known, conflicts=tuple(step.conflicts), problems=problems)
        return self._authorized(list(plans.values()))

    def _object(self, effect: RowChange) -> ObjectPlan:
        old = effect.old if effect.action != CREATE else {}
        names = effect.new if effect.action != DELETE else old
        changes = tuple(
            Change(name, old.get(name), effect.new.get(name))
            for name in names
            if not is_same(old.get(name), effect.new.get(name))
        )
        type_id = content_type_id(effect.model, self.history)
        action = effect.action if changes or effect.action != UPDATE else ""
        return ObjectPlan(effect.model, type_id, key_to_text(effect.model, effect.pk), action, changes)

    def _authorized(self, plans: list[ObjectPlan]) -> list[ObjectPlan]:
        """Return the plans, with a problem for each object that must not be written."""
        authorize = self.authorize
        if authorize is None:
            return plans
        live = self._find([plan for plan in plans if plan.action in (UPDATE, DELETE)])
        problem = Problem(None, "You may not do this to the object.", FORBIDDEN)
        return [
            plan
            if plan.model is None or not plan.action or authorize(plan.model, live.get(plan.address), plan.action)
            else replace(plan, problems=(*plan.problems, problem))
            for plan in plans
        ]

    def _find(self, plans: Iterable[ObjectPlan]) -> dict[Address, models.Model]:
        """Return the objects as they are: those of the steps are as they are to be."""
        by_model: dict[type[models.Model], dict[str, Address]] = defaultdict(dict)
        for plan in plans:
            if plan.model is not None:
                by_model[plan.model][plan.content_id] = plan.address
        found = {}
        for model, addresses in by_model.items():
            objects: QuerySet[Any] = QuerySet(model=model, using=self.using)
            for some in in_batches(list(addresses), keys_a_statement(plan_for(model), self.using)):
                for instance in objects.filter(pk__in=[key_from_text(model, text) for text in some]):
                    found[addresses[key_to_text(model, instance.pk)]] = instance
        return found


def _without_parents(steps: Sequence[Step]) -> list[Step]:
    """Return the steps without those that others take along: saving an object writes its rows in parents' tables."""
    carried = {
        (plan_for(parent).model, key_of_instance(step.instance, parent)): step
        for step in steps
        if step.action in (CREATE, UPDATE)
        for parent in step.model._meta.get_parent_list()
    }
    return [step for step in steps if step.action == DELETE or (step.model, step.goal.pk) not in carried]


def _field_name(model: type[models.Model], name: str) -> str:
    return next((field.name for field in model._meta.concrete_fields if field.attname == name), name)
