"""From what is wanted of an object, and its row, to what is to be written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from revy.contrib.django.changes import CREATE, DELETE, UPDATE
from revy.contrib.django.errors import UnreadableValue
from revy.contrib.django.generated import generated_values
from revy.contrib.django.replay import Comparison
from revy.contrib.django.restore.goals import Deed, Goal
from revy.contrib.django.restore.live import LiveRow
from revy.contrib.django.restore.plan import Address, Change
from revy.contrib.django.restore.problems import CHANGED_SINCE, UNREADABLE, Problem
from revy.contrib.django.snapshot import State, build_instance
from revy.contrib.django.tracking import Link, Plan, plan_for
from revy.contrib.django.values import UNFIT, Json


@dataclass(eq=False, slots=True)
class Step:
    """What is to be done with one object: `instance` is as it is to be written, or as it is to be deleted.

    `then` and `now` are encoded: all that is written of a new object, all that a deleted one was, else what changes.
    """

    goal: Goal
    action: str = ""
    instance: Any = None
    now: State = field(default_factory=dict)
    then: State = field(default_factory=dict)
    lists: dict[Link, list[Json]] = field(default_factory=dict)
    conflicts: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    # The values of the columns that change, as they are in the row.
    row: dict[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> type[models.Model]:
        return self.goal.model

    @property
    def is_refused(self) -> bool:
        """Tell whether somebody has changed what was to be undone."""
        return bool(self.conflicts) or any(problem.code == CHANGED_SINCE for problem in self.problems)

    def writes(self, attname: str) -> bool:
        """Tell whether a column gets a value: all of a new object do."""
        return self.action == CREATE or (self.action == UPDATE and attname in self.then)

    def give_up(self) -> None:
        """Leave the object as it is."""
        self.action, self.instance = "", None
        self.now, self.then, self.lists, self.row = {}, {}, {}, {}


def take_step(goal: Goal, live: LiveRow | None, using: str) -> Step:
    """Return what is to be done, with what is wrong with it as far as the object itself tells."""
    step = Step(goal, problems=list(goal.problems))
    deed = goal.missing if live is None else goal.there
    if deed is Deed.CREATE:
        _create(step, using)
    elif live is not None and deed is Deed.WRITE:
        _write(step, live)
    elif live is not None and deed is Deed.DELETE:
        _delete(step, live)
    elif deed is Deed.CONFLICT:
        _refuse(step, live)
    return step


def predict_generated(steps: Iterable[Step], live: Mapping[Address, LiveRow], using: str) -> None:
    """Have the steps that write rows know what generated columns will hold."""
    by_model: dict[type[models.Model], list[Step]] = defaultdict(list)
    for step in steps:
        if step.action == CREATE or step.row:
            by_model[step.model].append(step)
    for model, some in by_model.items():
        same = Comparison(plan_for(model)).agree
        found = generated_values(model, [step.instance for step in some], using)
        for step, values in zip(some, found, strict=True):
            now = {} if step.action == CREATE else live[step.goal.address].state
            for name, value in values.items():
                if step.action == CREATE or not same(name, now[name], value):
                    step.now[name], step.then[name] = now.get(name), value


def _create(step: Step, using: str) -> None:
    model, plan = step.model, plan_for(step.model)
    fitting = dict(_fitting(step, plan))
    instance = build_instance(model, fitting, using, is_deleted=True)
    step.action, step.instance = CREATE, instance
    for each in plan.fields:
        if not each.generated:
            try:
                step.then[each.attname] = plan.codecs[each.attname].predict(vars(instance)[each.attname])
            except UNFIT:
                # Rounded by the database, or computed by it.
                if each.attname in fitting:
                    step.then[each.attname] = fitting[each.attname]
    for link in plan.links:
        step.lists[link] = step.then[link.field.name] = _wanted_list(step, link) or []


def _write(step: Step, live: LiveRow) -> None:
    plan, goal = plan_for(step.model), step.goal
    same = Comparison(plan).agree
    step.action, step.instance = UPDATE, live.instance
    fitting = dict(_fitting(step, plan))
    for each in plan.fields:
        name = each.attname
        if name not in fitting or same(name, live.state[name], fitting[name]):
            continue
        if goal.base is not None and not same(name, live.state[name], goal.base.get(name)):
            if not _tells_of_saves(each):
                step.conflicts.append(Change(name, live.state[name], fitting[name]))
            continue
        codec = plan.codecs[name]
        step.row[name] = vars(live.instance)[name]
        python = codec.decode(fitting[name])
        setattr(live.instance, name, python)
        step.now[name], step.then[name] = live.state[name], codec.encode(python)
    for link in plan.links:
        _write_list(step, link, live)
    if not step.then:
        step.action = ""


def _write_list(step: Step, link: Link, live: LiveRow) -> None:
    name, goal = link.field.name, step.goal
    now = live.state[name]
    wanted = _wanted_list(step, link)
    then = now if wanted is None else wanted
    if then != now and goal.base is not None and now != goal.base.get(name):
        step.conflicts.append(Change(name, now, then))
        then = now
    missing = [key for key in goal.additions.get(name, ()) if key not in then]
    then = sorted([*then, *missing])
    if then != now:
        step.lists[link] = then
        step.now[name], step.then[name] = now, then


def _wanted_list(step: Step, link: Link) -> list[Json] | None:
    """Return the keys that a relation is to have, None if nothing was recorded of it, or nothing that fits."""
    recorded = step.goal.state.get(link.field.name)
    if recorded is None:
        return None
    try:
        # Of today's targets: they may have keys of another type by now.
        return sorted(link.codec.encode(link.codec.decode(key)) for key in _listed(recorded))
    except UNFIT:
        message = f"The recorded value {recorded!r} is no list of keys of {link.field.related_model._meta.label}."
        step.problems.append(Problem(link.field.name, message, UNREADABLE))
        return None


def _listed(recorded: Json) -> list[Json]:
    if not isinstance(recorded, list):
        raise TypeError(f"{recorded!r} is no list.")
    return recorded


def _delete(step: Step, live: LiveRow) -> None:
    same = Comparison(plan_for(step.model)).agree
    base = step.goal.base or {}
    silent = {field.attname for field in plan_for(step.model).fields if _tells_of_saves(field)}
    step.conflicts = [
        Change(name, value, base[name])
        for name, value in live.state.items()
        if name in base and name not in silent and not same(name, value, base[name])
    ]
    step.action, step.instance, step.now = DELETE, live.instance, dict(live.state)
    if step.conflicts:
        step.give_up()


def _tells_of_saves(field: Any) -> bool:
    """Tell whether every save changes the field, so that nobody has meant anything by it."""
    return bool(getattr(field, "auto_now", False))


def _refuse(step: Step, live: LiveRow | None) -> None:
    if live is None:
        step.problems.append(Problem(None, "It was deleted since.", CHANGED_SINCE))
        return
    plan = plan_for(step.model)
    same, silent = Comparison(plan).agree, {field.attname for field in plan.fields if _tells_of_saves(field)}
    wanted = {name: value for name, value in step.goal.state.items() if name in live.state and name not in silent}
    if any(not same(name, live.state[name], value) for name, value in wanted.items()):
        step.problems.append(Problem(None, "It was created again since, with other values.", CHANGED_SINCE))


def _fitting(step: Step, plan: Plan) -> Iterator[tuple[str, Json]]:
    """Yield the wanted values that fit the fields of today; the others are problems."""
    for each in plan.fields:
        name = each.attname
        if name not in step.goal.state or each.generated:
            continue
        try:
            plan.codecs[name].decode(step.goal.state[name])
        except UnreadableValue as error:
            step.problems.append(Problem(each.name, str(error), UNREADABLE))
        else:
            yield name, step.goal.state[name]
