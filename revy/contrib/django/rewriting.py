"""Rewriting recorded history after a migration: the only code that changes what was recorded, and only its names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.contrib.contenttypes.models import ContentType
from django.db import connections, models, transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.batches import BATCH
from revy.contrib.django.changes import CREATE, DELETE, UPDATE

# The label of a model in two parts: of its app, and its name in lower case.
Label = tuple[str, str]
# Names and what they become, one after the other.
Renames = Sequence[tuple[str, str]]

# States are read whole, and may be large.
_STATES: Final = BATCH // 10


def has_history(using: str) -> bool:
    """Tell whether the tables of the history are there: migrations of other apps may run before those of revy."""
    return _has_tables(ContentType, *_models(), using=using)


def has_content_types(using: str) -> bool:
    return _has_tables(ContentType, using=using)


def _has_tables(*of_models: type[models.Model], using: str) -> bool:
    # A table that is named with its schema is not listed: it is taken to be there, and missed aloud if it is not.
    tables = {model._meta.db_table for model in of_models if '"' not in model._meta.db_table}
    return tables <= set(connections[using].introspection.table_names())


def rename_attributes(labels: Iterable[Label], renames: Renames, using: str) -> None:
    """Rename recorded attributes in the history of these models, a bounded number of object deltas at a time."""
    delta_model, change_model = _models()
    with transaction.atomic(using=using):
        for type_id in filter(None, (_content_type_id(label, using) for label in labels)):
            deltas: QuerySet[Any] = QuerySet(model=delta_model, using=using)
            for page in _pages(deltas.filter(content_type_id=type_id).only("state"), _STATES):
                for old, new in renames:
                    changes: QuerySet[Any] = QuerySet(model=change_model, using=using)
                    changes.filter(object_delta__in=page, field_name=old).update(field_name=new)
                changed = [delta for delta in page if delta.state and _rename_keys(delta.state, renames)]
                deltas.bulk_update(changed, ["state"])


def relabel(old: Label, new: Label, using: str) -> None:
    """Have the history of a model go by another label, and what its objects did.

    The content type keeps its id, and the history with it. If the new label has a content type already, the history
    moves there: what was recorded under it comes after what was recorded under the old one.
    """
    source, target = (_content_type_id(label, using) for label in (old, new))
    if source is None:
        return
    with transaction.atomic(using=using):
        if target is None:
            app_label, name = new
            ContentType.objects.using(using).filter(pk=source).update(app_label=app_label, model=name)
        elif has_history(using):
            _move(source, target, using)
    ContentType.objects.clear_cache()


def _move(source: Any, target: Any, using: str) -> None:
    delta_model, change_model = _models()
    deltas: QuerySet[Any] = QuerySet(model=delta_model, using=using)
    newer = deltas.filter(content_type_id=target)
    # No two rows have the same version at any time: the newer ones first join the older ones, with higher numbers.
    for key, last, deletion in _last_versions(deltas.filter(content_type_id=source), newer):
        if last != deletion:
            # It was there all the time, and was recorded as new when its copy was made.
            newer.filter(content_id=key, version=1, action=CREATE).update(action=UPDATE)
        newer.filter(content_id=key).update(content_type_id=source, version=F("version") + last)
    for model, name in ((delta_model, "content_type"), (delta_model, "actor_type"), (change_model, "actor_type")):
        rows: QuerySet[Any] = QuerySet(model=model, using=using)
        for page in _pages(rows.filter(**{name: source}).only("pk"), BATCH):
            rows.filter(pk__in=[row.pk for row in page]).update(**{name: target})


def _last_versions(deltas: QuerySet[Any], newer: QuerySet[Any]) -> Iterator[tuple[str, int, int | None]]:
    """Yield the objects that have newer deltas too: key, last version, last version that is a deletion."""
    both = deltas.filter(Exists(newer.filter(content_id=OuterRef("content_id")))).order_by("content_id")
    found = both.values_list("content_id").annotate(Max("version"), deletion=Max("version", filter=Q(action=DELETE)))
    page = list(found[:BATCH])
    while page:
        yield from page
        page = list(found.filter(content_id__gt=page[-1][0])[:BATCH])


def _pages(rows: QuerySet[Any], size: int) -> Iterator[list[Any]]:
    rows = rows.order_by("pk")
    page = list(rows[:size])
    while page:
        yield page
        page = list(rows.filter(pk__gt=page[-1].pk)[:size])


def _rename_keys(state: dict[str, Any], renames: Renames) -> bool:
    found = [(old, new) for old, new in renames if old in state]
    for old, new in renames:
        if old in state:
            state[new] = state.pop(old)
    return bool(found)


def _content_type_id(label: Label, using: str) -> Any:
    # Past the cache of content types, which knows them by the labels that they had.
    app_label, name = label
    return ContentType.objects.using(using).filter(app_label=app_label, model=name).values_list("pk", flat=True).first()


def _models() -> tuple[type[models.Model], type[models.Model]]:
    return conf.get_object_delta_model(), conf.get_attribute_delta_model()
