"""In which order the steps of a plan are taken: what others refer to comes first, and goes last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from revy.contrib.django.changes import DELETE
from revy.contrib.django.restore.problems import UNIQUE, Problem
from revy.contrib.django.restore.references import Rows, foreign_keys, target_of
from revy.contrib.django.restore.steps import Step


class Act(NamedTuple):
    """A part of a step: its row, or its lists, which need both rows to be there."""

    step: Step
    is_lists: bool = False


@dataclass(slots=True)
class Stage:
    """What can be done once the stages before are over. `has_circle`: some of the rows refer to each other."""

    acts: list[Act] = field(default_factory=list)
    has_circle: bool = False


def in_stages(steps: Sequence[Step], earlier: Mapping[Step, list[Step]]) -> list[Stage]:
    """Return the steps in the order of their references.

    Rows that take a value from each other in a circle get a problem: no order has it free when it is taken.
    """
    before = _dependencies(steps)
    freed: set[tuple[Act, Act]] = set()
    for step, others in earlier.items():
        for other in others:
            before[Act(step)].add(Act(other))
            freed.add((Act(step), Act(other)))
    acts = [act for step in steps if step.action for act in (Act(step), *([Act(step, True)] if step.lists else []))]
    level: dict[Act, int] = {}
    stages: list[Stage] = []
    for circle in _circles(acts, before):
        inside = set(circle)
        place = max((level[act] + 1 for member in circle for act in before[member] if act not in inside), default=0)
        level.update(dict.fromkeys(circle, place))
        while len(stages) <= place:
            stages.append(Stage())
        stages[place].acts += circle
        stages[place].has_circle |= len(circle) > 1
        for taker, giver in freed if len(circle) > 1 else ():
            if taker in inside and giver in inside:
                message = "Objects of this plan would have to exchange a value that only one of them may have."
                taker.step.problems.append(Problem(None, message, UNIQUE))
    return stages


def _dependencies(steps: Sequence[Step]) -> dict[Act, set[Act]]:
    """Return which acts come before each."""
    rows = Rows(steps)
    before: dict[Act, set[Act]] = defaultdict(set)
    for step in steps:
        for key in foreign_keys(step.model) if step.action else ():
            value = getattr(step.instance, key.attname)
            if step.action == DELETE:
                _add(before, rows.deleted(target_of(key, value)), Act(step))
                continue
            created = rows.created(target_of(key, value)) if step.writes(key.attname) else None
            if created is not None and created is not step:
                before[Act(step)].add(Act(created))
            if key.attname in step.row:
                _add(before, rows.deleted(target_of(key, step.row[key.attname])), Act(step))
        for link, keys in step.lists.items():
            lists = Act(step, True)
            before[lists].add(Act(step))
            for target in (target_of(link.target, link.codec.decode(key)) for key in keys):
                created = rows.created(target)
                if created is not None:
                    before[lists].add(Act(created))
            for key in step.now.get(link.field.name) or ():
                _add(before, rows.deleted(target_of(link.target, link.codec.decode(key))), lists)
    return before


def _add(before: dict[Act, set[Act]], deleted: Step | None, act: Act) -> None:
    if deleted is not None and deleted is not act.step:
        before[Act(deleted)].add(act)


def _circles(acts: Iterable[Act], before: Mapping[Act, Iterable[Act]]) -> Iterator[list[Act]]:
    """Yield the acts, those that have to be done together at once, after all that come before them.

    Tarjan's algorithm for strongly connected components, without recursion: references may be chained thousands deep.
    """
    number: dict[Act, int] = {}
    low: dict[Act, int] = {}
    stack: list[Act] = []
    waiting: set[Act] = set()
    for root in acts:
        if root in number:
            continue
        number[root] = low[root] = len(number)
        stack.append(root)
        waiting.add(root)
        path = [(root, iter(before.get(root, ())))]
        while path:
            act, rest = path[-1]
            other = next(rest, None)
            if other is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[act])
                if low[act] == number[act]:
                    circle = [stack.pop()]
                    while circle[-1] != act:
                        circle.append(stack.pop())
                    waiting.difference_update(circle)
                    yield circle
            elif other not in number:
                number[other] = low[other] = len(number)
                stack.append(other)
                waiting.add(other)
                path.append((other, iter(before.get(other, ()))))
            elif other in waiting:
                low[act] = min(low[act], number[other])
