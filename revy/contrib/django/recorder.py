"""From changed rows to history: versions, keyframes, deltas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections, models, router
from django.db.models.query import QuerySet
from django.utils import timezone

from revy.contrib.django import conf
from revy.contrib.django.abstract import AbstractObjectDelta
from revy.contrib.django.batches import in_batches
from revy.contrib.django.blame import ActorKey, Blame
from revy.contrib.django.insertion import NewRow, insert_rows
from revy.contrib.django.revisions import obtain_revision
from revy.contrib.django.rows import Values, read_rows
from revy.contrib.django.tracking import Plan, is_tracked, plan_for
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import is_same, key_to_text
from revy.contrib.django.versions import KeyframeState, Last, NextVersion, last_versions
from revy.frame import Frame, current

CREATE, UPDATE, DELETE = (
    AbstractObjectDelta.ACTION_CREATE,
    AbstractObjectDelta.ACTION_UPDATE,
    AbstractObjectDelta.ACTION_DELETE,
)

Key = tuple[type[models.Model], Any]
MakeBlame = Callable[[Frame, str], Blame]


@dataclass(slots=True)
class RowChange:
    """A row of one table that was inserted, changed or deleted; encoded values by attname.

    `old` and `new` hold what changed; a deleted row's `old` is whole. `row` is the whole row as it is now, if known.
    """

    model: type[models.Model]
    pk: Any
    action: str
    old: Values
    new: Values
    row: Values | None = None


def record(using: str, rows: Iterable[RowChange], make_blame: MakeBlame = Blame) -> None:
    """Write the history of the changed rows of database `using`, in the transaction that changed them."""
    changes = _merge(using, rows)
    frame = current.get()
    if not changes or frame is None:
        return
    history = _history_database(using)
    with write_transaction(history):
        blame = make_blame(frame, history)
        for some in in_batches(changes):
            _Batch(using, history, some).write(frame, blame)


def told_to_be_there(model: type[models.Model], pks: Iterable[Any], using: str) -> dict[Any, int]:
    """Return the last versions of those objects that are there according to their history, by primary key."""
    history = _history_database(using)
    type_id = ContentType.objects.db_manager(history).get_for_model(model).pk
    keys = {(type_id, key_to_text(model, pk)): pk for pk in pks}
    return {keys[key]: last.version for key, last in last_versions(keys, history).items() if not last.is_deletion}


def changed_row(plan: Plan, pk: Any, old: Values, new: Values) -> Iterator[RowChange]:
    """Yield the change of a row from the old to the new values, if there is any."""
    names = [name for name, value in new.items() if not is_same(old[name], value)]
    if not names:
        return
    row = {**old, **new}
    fields = plan.model._meta.pk_fields
    for field, part in zip(fields, pk if len(fields) > 1 else (pk,), strict=True):
        row[field.attname] = plan.codecs[field.attname].encode(part)
    yield RowChange(
        plan.model,
        pk,
        UPDATE,
        {name: old[name] for name in names},
        {name: new[name] for name in names},
        row if row.keys() == plan.names else None,
    )


def _history_database(using: str) -> str:
    """Return where the history of that database's objects lives: there too, unless a router says otherwise."""
    if not router.routers:
        return using
    model = conf.get_object_delta_model()
    hint = model()
    hint._state.db = using
    return router.db_for_write(model, instance=hint) or using


def _merge(using: str, rows: Iterable[RowChange]) -> list[RowChange]:
    """Return one change for each tracked object: its own row's, with what happened to the rows it inherits from."""
    merged: dict[Key, RowChange] = {}
    for change in with_heirs(using, rows):
        if not is_tracked(change.model):
            continue
        known = merged.setdefault((change.model, change.pk), change)
        if known is change:
            continue
        if known.action == CREATE and change.action == UPDATE:
            known.row = None
        elif change.action == CREATE:
            merged[change.model, change.pk] = change
        elif known.action == UPDATE and change.action == DELETE:
            # A deletion sets references to null before it deletes: the state is what was there before both.
            merged[change.model, change.pk] = replace(change, old={**change.old, **known.old})
        elif known.action == UPDATE:
            known.old = {**change.old, **known.old}
            known.new = {**known.new, **change.new}
            known.row = None
    return list(merged.values())


def with_heirs(using: str, rows: Iterable[RowChange]) -> Iterator[RowChange]:
    """Yield the changes, and after each update those of the objects that inherit from the row."""
    rows = list(rows)
    heirs = _find_heirs(using, rows)
    for change in rows:
        yield from _with_heirs(change, heirs)


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
    parents = {(row.model, row.pk) for row in rows if row.action == UPDATE}
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


class _Batch:
    """The deltas of a bounded number of changes."""

    def __init__(self, using: str, history: str, changes: Sequence[RowChange]) -> None:
        self.using = using
        self.history = history
        self.changes = changes
        types = {model: self._content_type(model).pk for model in {change.model for change in changes}}
        self.keys = [(types[change.model], key_to_text(change.model, change.pk)) for change in changes]

    def _content_type(self, model: type[models.Model]) -> ContentType:
        return ContentType.objects.db_manager(self.history).get_for_model(model)

    def write(self, frame: Frame, blame: Blame) -> None:
        self._complete([change for change in self.changes if change.action == CREATE])
        is_left_to_insert = self._is_left_to_insert()
        versions = self._versions_by_insert() if is_left_to_insert else self._versions()
        revision = obtain_revision(frame, self.history)
        now = timezone.now()
        rows = []
        for change, (type_id, key), (version, state) in zip(self.changes, self.keys, versions, strict=True):
            actor, description = blame.of_object(change.model, change.pk, is_deleted=change.action == DELETE)
            rows.append(
                {
                    "revision_id": revision.pk,
                    "action": change.action,
                    "actor_type_id": actor.type_id,
                    "actor_id": actor.id,
                    "description": description,
                    "content_type_id": type_id,
                    "content_id": key,
                    "version": version,
                    "state": state,
                    "created_at": now,
                }
            )
        asks_for_state = is_left_to_insert and self.changes[0].action == UPDATE and self.changes[0].row is None
        inserted = insert_rows(
            conf.get_object_delta_model(), self.history, rows, returning="state" if asks_for_state else None
        )
        if asks_for_state and inserted[0][1] is not None:
            self._fill_keyframe(inserted[0][0])
        insert_rows(
            conf.get_attribute_delta_model(),
            self.history,
            [
                attribute
                for change, row, (pk, *_) in zip(self.changes, rows, inserted, strict=True)
                for attribute in _attribute_deltas(change, pk, ActorKey(row["actor_type_id"], row["actor_id"]), blame)
            ],
        )

    def _is_left_to_insert(self) -> bool:
        """Tell whether the INSERT of the object deltas finds their versions by itself."""
        can_return = connections[self.history].features.can_return_columns_from_insert
        return len(self.changes) == 1 and can_return

    def _versions_by_insert(self) -> list[tuple[Any, Any]]:
        """Return the version of the only delta, and its state, as expressions."""
        (change,), (key,) = self.changes, self.keys
        state = KeyframeState(key, change.row or {}) if change.action == UPDATE else _state(change, is_due=True)
        return [(NextVersion(key), state)]

    def _versions(self) -> list[tuple[int, Values | None]]:
        """Return the version of each delta, and its state if it is to be stored."""
        known = last_versions(self.keys, self.history)
        lasts = [known.get(key, Last()) for key in self.keys]
        changes = list(zip(self.changes, lasts, strict=True))
        self._complete([change for change, last in changes if change.action == UPDATE and last.is_keyframe_due()])
        return [(last.version + 1, _state(change, is_due=last.is_keyframe_due())) for change, last in changes]

    def _complete(self, changes: Iterable[RowChange]) -> None:
        """Read the rows that are not known as a whole."""
        incomplete = defaultdict(list)
        for change in changes:
            if change.row is None:
                incomplete[change.model].append(change)
        for model, some in incomplete.items():
            rows = read_rows(model, self.using, [change.pk for change in some])
            for change in some:
                change.row = rows.get(change.pk)

    def _fill_keyframe(self, pk: Any) -> None:
        """Store the whole state with the only delta: its version turned out to be one that is to hold it."""
        self._complete(self.changes)
        rows = conf.get_object_delta_model()._base_manager.using(self.history)
        rows.filter(pk=pk).update(state=self.changes[0].row)


def _state(change: RowChange, *, is_due: bool) -> Values | None:
    """Return the whole state to be stored with a change: what there was, or what there is now if it is due."""
    if change.action == DELETE:
        return change.old
    return change.row if is_due or change.action == CREATE else None


def _attribute_deltas(change: RowChange, object_delta: Any, actor: ActorKey, blame: Blame) -> Iterator[NewRow]:
    """Yield the attribute deltas to store: all of an Update, of a Create those that its state does not tell."""
    if change.action == DELETE:
        return
    new = change.new if change.action == UPDATE else change.row or {}
    for attname, value in new.items():
        old = change.old.get(attname)
        if is_same(old, value):
            continue
        steps = blame.of_attribute(change.model, change.pk, attname, old, value)
        if change.action == CREATE and [(step.actor, step.description) for step in steps] == [(actor, "")]:
            continue
        for step in steps:
            yield {
                "object_delta_id": object_delta,
                "field_name": attname,
                "old_value": step.old,
                "new_value": step.new,
                "actor_type_id": step.actor.type_id,
                "actor_id": step.actor.id,
                "description": step.description,
            }
