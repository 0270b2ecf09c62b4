"""From changed rows to history: versions, keyframes, deltas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections, models, router
from django.db.models import Max
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.abstract import AbstractObjectDelta
from revy.contrib.django.blame import Blame
from revy.contrib.django.revisions import insert_rows, obtain_revision
from revy.contrib.django.tracking import Plan, is_tracked, plan_for
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import Json, is_same, key_to_text
from revy.frame import Frame, current

CREATE, UPDATE, DELETE = (
    AbstractObjectDelta.ACTION_CREATE,
    AbstractObjectDelta.ACTION_UPDATE,
    AbstractObjectDelta.ACTION_DELETE,
)
BATCH = 2000

Values = dict[str, Json]
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


def record(using: str, rows: Iterable[RowChange], make_blame: MakeBlame = Blame) -> list[AbstractObjectDelta]:
    """Write the history of the changed rows of database `using`, in the transaction that changed them.

    Returns the object deltas written, in order.
    """
    changes = _merge(using, rows)
    frame = current.get()
    if not changes or frame is None:
        return []
    written: list[AbstractObjectDelta] = []
    history = _history_database(using)
    with write_transaction(history):
        blame = make_blame(frame, history)
        for start in range(0, len(changes), BATCH):
            written += _Batch(using, history, changes[start : start + BATCH]).write(frame, blame)
    return written


def read_rows(model: type[models.Model], using: str, pks: Sequence[Any], *, lock: bool = False) -> dict[Any, Values]:
    """Return the whole rows of a model's objects as the database holds them, encoded, by primary key."""
    plan = plan_for(model)
    attnames = [field.attname for field in plan.fields]
    codecs = [plan.codecs[attname] for attname in attnames]
    rows: QuerySet[Any] = QuerySet(model=plan.model, using=using)
    if lock:
        rows = rows.select_for_update()
    found = {}
    for start in range(0, len(pks), BATCH):
        raw = {}
        columns = [*(field.attname for field in plan.model._meta.pk_fields), *attnames]
        for row in rows.filter(pk__in=pks[start : start + BATCH]).values_list(*columns):
            width = len(columns) - len(attnames)
            pk, values = plan.key_of(row[:width]), row[width:]
            found[pk] = {name: codec.encode(value) for name, codec, value in zip(attnames, codecs, values, strict=True)}
            raw[pk] = dict(zip(attnames, values, strict=True))
        for link in plan.links:
            sources = {pk: link.source_in(plan.model, pk, values) for pk, values in raw.items()}
            lists = link.read(using, list(sources.values()))
            for pk, source in sources.items():
                found[pk][link.field.name] = lists.get(source, [])
    return found


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
    merged: dict[tuple[type[models.Model], Any], RowChange] = {}
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
    for change in rows:
        yield change
        if change.action != UPDATE:
            continue
        for heir in plan_for(change.model).heirs:
            link: Any = heir._meta.parents[change.model]
            names = plan_for(heir).names
            old = {name: value for name, value in change.old.items() if name in names}
            new = {name: value for name, value in change.new.items() if name in names}
            for pk in (
                QuerySet(model=heir, using=using).filter(**{link.attname: change.pk}).values_list("pk", flat=True)
            ):
                yield from with_heirs(using, [RowChange(heir, pk, UPDATE, old, new)])


class _Batch:
    """The deltas of a bounded number of changes."""

    def __init__(self, using: str, history: str, changes: Sequence[RowChange]) -> None:
        self.using = using
        self.history = history
        self.changes = changes
        self.delta_model: Any = conf.get_object_delta_model()
        self.keys = [key_to_text(change.model, change.pk) for change in changes]
        self.types = {model: self._content_type(model).pk for model in {change.model for change in changes}}

    def _content_type(self, model: type[models.Model]) -> ContentType:
        return ContentType.objects.db_manager(self.history).get_for_model(model)

    def write(self, frame: Frame, blame: Blame) -> list[AbstractObjectDelta]:
        versions = self._last_versions()
        states = self._states(versions)
        revision = obtain_revision(frame, self.history)
        deltas = []
        for change, key in zip(self.changes, self.keys, strict=True):
            type_id = self.types[change.model]
            actor, description = blame.of_object(change.model, change.pk, is_deleted=change.action == DELETE)
            deltas.append(
                self.delta_model(
                    revision=revision,
                    action=change.action,
                    actor_type_id=actor.type_id,
                    actor_id=actor.id,
                    description=description,
                    content_type_id=type_id,
                    content_id=key,
                    version=versions.get((type_id, key), 0) + 1,
                    state=states.get((change.model, change.pk)),
                )
            )
        insert_rows(self.delta_model, self.history, deltas)
        insert_rows(
            conf.get_attribute_delta_model(),
            self.history,
            [
                attribute
                for change, delta in zip(self.changes, deltas, strict=True)
                for attribute in _attribute_deltas(change, delta, blame)
            ],
        )
        return deltas

    def _last_versions(self) -> dict[tuple[int, str], int]:
        """Return the last version of each object that has a history. The object's row is locked by now."""
        by_type = defaultdict(list)
        for change, key in zip(self.changes, self.keys, strict=True):
            by_type[self.types[change.model]].append(key)
        rows = self.delta_model._base_manager.using(self.history)
        if _reads_are_stale(self.history):
            rows = rows.select_for_update()
        return {
            (type_id, key): version
            for type_id, keys in by_type.items()
            for key, version in rows.filter(content_type_id=type_id, content_id__in=keys)
            .order_by()
            .values_list("content_id")
            .annotate(Max("version"))
        }

    def _states(self, versions: dict[tuple[int, str], int]) -> dict[tuple[type[models.Model], Any], Values]:
        """Return the whole states that are to be stored, by model and primary key."""
        interval = conf.keyframe_interval()
        states: dict[tuple[type[models.Model], Any], Values] = {}
        unknown = defaultdict(list)
        for change, key in zip(self.changes, self.keys, strict=True):
            last = versions.get((self.types[change.model], key))
            if change.action == DELETE:
                states[change.model, change.pk] = change.old
            elif change.action == CREATE or last is None or (last + 1) % interval == 0:
                if change.row is None:
                    unknown[change.model].append(change.pk)
                else:
                    states[change.model, change.pk] = change.row
        for model, pks in unknown.items():
            for pk, row in read_rows(model, self.using, pks).items():
                states[model, pk] = row
        return states


def _attribute_deltas(change: RowChange, delta: AbstractObjectDelta, blame: Blame) -> Iterator[models.Model]:
    """Yield the attribute deltas to store: all of an Update, of a Create those that its state does not tell."""
    if change.action == DELETE:
        return
    model: Any = conf.get_attribute_delta_model()
    told = (delta.actor_type_id, delta.actor_id), ""
    new = change.new if change.action == UPDATE else delta.state or {}
    for attname, value in new.items():
        old = change.old.get(attname)
        if is_same(old, value):
            continue
        for step in blame.of_attribute(change.model, change.pk, attname, old, value):
            if change.action == CREATE and (tuple(step.actor), step.description) == told:
                continue
            yield model(
                object_delta=delta,
                field_name=attname,
                old_value=step.old,
                new_value=step.new,
                actor_type_id=step.actor.type_id,
                actor_id=step.actor.id,
                description=step.description,
            )


def _reads_are_stale(using: str) -> bool:
    """Tell whether a plain read may see the snapshot of the transaction's start rather than what is committed."""
    connection = connections[using]
    return connection.vendor == "mysql" and getattr(connection, "isolation_level", None) not in (
        "read committed",
        "read uncommitted",
    )
