"""From changed rows to history: versions, keyframes, deltas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from django.db import connections, models, router
from django.db.models.query import QuerySet
from django.utils import timezone

from revy.contrib.django import conf
from revy.contrib.django.batches import in_batches
from revy.contrib.django.blame import Blame
from revy.contrib.django.changes import CREATE, DELETE, UPDATE, RowChange, Values
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.outbox import Delta, complete, outbox_of
from revy.contrib.django.revisions import is_given, obtain_revision
from revy.contrib.django.tracking import Plan, is_tracked, plan_for
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import is_same, key_to_text
from revy.contrib.django.versions import last_versions
from revy.frame import Frame, current

Key = tuple[type[models.Model], Any]
MakeBlame = Callable[[Frame, str], Blame]


def record(using: str, rows: Iterable[RowChange], make_blame: MakeBlame = Blame) -> None:
    """Write the history of the changed rows of database `using`, in the transaction that changed them."""
    frame = current.get()
    changes = merged(using, rows)
    if not changes or frame is None:
        return
    history = history_database(using)
    with write_transaction(history):
        blame = make_blame(frame, history)
        if is_given(frame):
            # What is wrong with a revision that was given has to be said here.
            with connections[history].cursor() as cursor:
                obtain_revision(frame, cursor)
        now = timezone.now()
        outbox = outbox_of(connections[history])
        types = {model: content_type_id(model, history) for model in {change.model for change in changes}}
        for some in in_batches(changes):
            complete(using, [change for change in some if change.action == CREATE])
            outbox.add(
                using,
                [
                    Delta(
                        frame,
                        change,
                        (types[change.model], key_to_text(change.model, change.pk)),
                        *blame.of_object(change),
                        blame.of_attributes(change),
                        now,
                    )
                    for change in some
                ],
            )


def told_to_be_there(model: type[models.Model], pks: Iterable[Any], using: str) -> dict[Any, int]:
    """Return the last versions of those objects that are there according to their history, by primary key."""
    history = history_database(using)
    type_id = content_type_id(model, history)
    keys = {(type_id, key_to_text(model, pk)): pk for pk in pks}
    return {
        keys[key]: last.version
        for key, last in last_versions(keys, connections[history]).items()
        if not last.is_deletion
    }


def changed_row(plan: Plan, pk: Any, old: Values, new: Values) -> list[RowChange]:
    """Return the change of a row from the old to the new values, if there is any."""
    names = [name for name, value in new.items() if not is_same(old[name], value)]
    if not names:
        return []
    row = old | new
    fields = plan.model._meta.pk_fields
    for field, part in zip(fields, pk if len(fields) > 1 else (pk,), strict=True):
        row[field.attname] = plan.codecs[field.attname].encode(part)
    return [
        RowChange(
            plan.model,
            pk,
            UPDATE,
            {name: old[name] for name in names},
            {name: new[name] for name in names},
            row if row.keys() == plan.names else None,
        )
    ]


def history_database(using: str) -> str:
    """Return where the history of that database's objects lives: there too, unless a router says otherwise."""
    if not router.routers:
        return using
    model = conf.get_object_delta_model()
    hint = model()
    hint._state.db = using
    return router.db_for_write(model, instance=hint) or using


def merged(using: str, rows: Iterable[RowChange]) -> list[RowChange]:
    """Return one change for each tracked object: its own row's, with what happened to the rows it inherits from."""
    rows = with_heirs(using, rows)
    found: dict[Key, RowChange] = {}
    for change in rows:
        if not is_tracked(change.model):
            continue
        known = found.setdefault((change.model, change.pk), change)
        if known is change:
            continue
        if known.action == CREATE and change.action == UPDATE:
            known.row = None
        elif change.action == CREATE:
            found[change.model, change.pk] = change
        elif known.action == UPDATE and change.action == DELETE:
            # A deletion sets references to null before it deletes: the state is what was there before both.
            found[change.model, change.pk] = replace(change, old={**change.old, **known.old})
        elif known.action == UPDATE:
            known.old = {**change.old, **known.old}
            known.new = {**known.new, **change.new}
            known.row = None
    return list(found.values())


def with_heirs(using: str, rows: Iterable[RowChange]) -> Iterable[RowChange]:
    """Return the changes, and after each update those of the objects that inherit from the row."""
    rows = list(rows)
    heirs = _find_heirs(using, rows)
    return chain.from_iterable(_with_heirs(change, heirs) for change in rows) if heirs else rows


def _with_heirs(change: RowChange, heirs: dict[Key, list[Key]]) -> Iterator[RowChange]:
    yield change
    if change.action != UPDATE:
        return
    for heir, pk in heirs.get((change.model, change.pk), ()):
        names = plan_for(heir).names
        old = {name: value for name, value in change.old.items() if name in names}
        new = {name: value for name, value in change.new.items() if name in names}
        yield from _with_heirs(RowChange(heir, pk, UPDATE, old, new), heirs)


def _find_heirs(using: str, rows: Iterable[RowChange]) -> dict[Key, list[Key]]:
    """Return the objects that inherit from those updated, and the objects that inherit from them, by their parent."""
    found: dict[Key, list[Key]] = defaultdict(list)
    parents = {(row.model, row.pk) for row in rows if row.action == UPDATE and plan_for(row.model).heirs}
    while parents:
        by_model = defaultdict(list)
        for model, pk in parents:
            by_model[model].append(pk)
        parents = set()
        for model, pks in by_model.items():
            plan = plan_for(model)
            for heir in plan.heirs:
                link: Any = heir._meta.parents[model]
                links: QuerySet[Any] = QuerySet(model=heir, using=using)
                for some in in_batches(pks):
                    for parent, pk in links.filter(**{f"{link.attname}__in": some}).values_list(link.attname, "pk"):
                        found[model, plan.key_of((parent,))].append((heir, pk))
                        parents.add((heir, pk))
    return found
