"""In which order the steps of a plan are taken: what others refer to comes first, and goes last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from revy.contrib.django.changes import DELETE
from revy.contrib.django.restore.problems import UNIQUE, Problem
from revy.contrib.django.restore.references import GenericRelation, Rows, foreign_keys, generic_relations, target_of
from revy.contrib.django.restore.steps import Step


class Act(NamedTuple):
    """A part of a step: its row, or its lists, which need both rows to be there."""

    step: Step
    is_lists: bool = False


@dataclass(slots=True)
class Stage:
    """What can be done once the stages before are over.

    `has_circle`: some of the rows refer to each other, or to themselves, which MariaDB does not let be deleted either.
    """

    acts: list[Act] = field(default_factory=list)
    has_circle: bool = False


def in_stages(steps: Sequence[Step], earlier: Mapping[Step, list[Step]], using: str) -> list[Stage]:
    """Return the steps in the order of their references.

    Rows that take a value from each other in a circle get a problem: no order has it free when it is taken.
    """
    before = _dependencies(steps, using)
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
        stages[place].has_circle |= len(circle) > 1 or _refers_to_itself(circle[0].step)
        for taker, giver in freed if len(circle) > 1 else ():
            if taker in inside and giver in inside:
                message = "Objects of this plan would have to exchange a value that only one of them may have."
                taker.step.problems.append(Problem(None, message, UNIQUE))
    return stages


def _refers_to_itself(step: Step) -> bool:
    targets = (target_of(key, getattr(step.instance, key.attname)) for key in foreign_keys(step.model))
    return any(
        issubclass(step.model, target.model) and getattr(step.instance, target.attname) == target.value
        for target in targets
        if target.value is not None
    )


def _dependencies(steps: Sequence[Step], using: str) -> dict[Act, set[Act]]:
    """Return which acts come before each."""
    rows = Rows(steps)
    before: dict[Act, set[Act]] = defaultdict(set)
    for step in steps:
        _add_references(before, step, rows)
        _add_lists(before, step, rows)
    _add_generic(before, steps, using)
    return before


def _add_references(before: dict[Act, set[Act]], step: Step, rows: Rows) -> None:
    for key in foreign_keys(step.model):
        target = target_of(key, getattr(step.instance, key.attname))
        if step.action == DELETE:
            _add(before, rows.deleted(target), Act(step))
        elif step.writes(key.attname):
            # What is written afterwards does not fall with a row that it refers to, though that is gone.
            for other in (rows.created(target), rows.deleted(target)):
                if other is not None and other is not step:
                    before[Act(step)].add(Act(other))
        if key.attname in step.row:
            _add(before, rows.deleted(target_of(key, step.row[key.attname])), Act(step))


def _add_lists(before: dict[Act, set[Act]], step: Step, rows: Rows) -> None:
    lists = Act(step, True)
    for link, keys in step.lists.items():
        before[lists].add(Act(step))
        for target in (target_of(link.target, link.codec.decode(key)) for key in keys):
            created = rows.created(target)
            if created is not None:
                before[lists].add(Act(created))
        for key in step.now.get(link.field.name) or ():
            _add(before, rows.deleted(target_of(link.target, link.codec.decode(key))), lists)


def _add_generic(before: dict[Act, set[Act]], steps: Sequence[Step], using: str) -> None:
    """Have rows that refer to a deleted one by content type and key written before, or after, as for foreign keys."""
    known: dict[GenericRelation, dict[tuple[Any, str], list[Step]]] = {}
    for step in steps:
        for relation in generic_relations(step.model, using) if step.action == DELETE else ():
            if relation not in known:
                known[relation] = defaultdict(list)
                for other in steps:
                    if other.model is relation.model:
                        values = (
                            getattr(other.instance, name) for name in (relation.type_attname, relation.key_attname)
                        )
                        type_id, key = values
                        known[relation][type_id, str(key)].append(other)
            for other in known[relation].get((relation.content_type_id, str(step.goal.pk)), ()):
                if other.action == DELETE:
                    before[Act(step)].add(Act(other))
                else:
                    before[Act(other)].add(Act(step))


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
