"""What the history is going to say once the steps of a plan are taken: one change of each object, and its heirs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from revy.contrib.django.changes import CREATE, DELETE, UPDATE, RowChange
from revy.contrib.django.recorder import merged
from revy.contrib.django.restore.references import family
from revy.contrib.django.restore.steps import Step
from revy.contrib.django.rows import read_rows
from revy.contrib.django.tracking import Link, key_of_instance, plan_for
from revy.contrib.django.values import Json

# Lists of keys by the relation and the object that has them.
Lists = dict[tuple[Link, Any], list[Json]]


def effects_of(steps: Sequence[Step], using: str) -> list[RowChange]:
    """Return the changes that will be recorded, with old and new values of all that changes."""
    now, then = _lists_of(steps, using)
    rows = [change for step in steps for change in _rows_of(step, then, using)]
    for (link, source), before in now.items():
        if before != then[link, source]:
            name = link.field.name
            rows.append(RowChange(link.owner, source, UPDATE, {name: before}, {name: then[link, source]}))
    return merged(using, rows)


def _rows_of(step: Step, lists: Lists, using: str) -> Iterator[RowChange]:
    if step.action == DELETE:
        yield RowChange(step.model, step.goal.pk, DELETE, step.now, {})
        return
    for model in reversed(family(step.model)) if step.action else ():
        plan = plan_for(model)
        pk = key_of_instance(step.instance, model)
        names = plan.names if step.action == CREATE else {field.attname for field in plan.local_fields}
        new = {name: value for name, value in step.then.items() if name in names}
        if step.action == CREATE:
            for link in plan.links:
                # Symmetrical relations of others may have added to it.
                new[link.field.name] = lists.get((link, link.source_in(model, pk, vars(step.instance))), [])
        if step.action == CREATE and (model is step.model or not _row(model, pk, using)):
            yield RowChange(model, pk, CREATE, {}, new)
        elif step.action == CREATE:
            # The row of a parent that is there gets what the object had in it.
            yield RowChange(model, pk, UPDATE, _row(model, pk, using), new)
        elif new:
            yield RowChange(model, pk, UPDATE, {name: step.now[name] for name in new}, new)


def _row(model: Any, pk: Any, using: str) -> dict[str, Json]:
    return read_rows(model, using, [pk]).get(pk, {})


def _lists_of(steps: Sequence[Step], using: str) -> tuple[Lists, Lists]:
    """Return the lists that change, now and then, with those that symmetrical relations change on their other side."""
    now: Lists = {}
    then: Lists = {}
    for step in steps:
        for link, keys in step.lists.items():
            place = link, link.source_in(step.model, step.goal.pk, vars(step.instance))
            now[place], then[place] = step.now.get(link.field.name) or [], list(keys)
    for (link, source), before in list(now.items()):
        if not link.field.remote_field.symmetrical:
            continue
        own = link.source_codec.encode(source)
        for key in {*before, *then[link, source]}:
            place = link, link.source_given_by(link.codec.decode(key))
            if place not in now:
                now[place] = link.read(using, [place[1]]).get(place[1], [])
                then[place] = list(now[place])
            is_friend = key in then[link, source]
            then[place] = sorted({*then[place], own} if is_friend else {*then[place]} - {own})
    return now, then
