"""What tests ask a history, in one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections, models
from django.test.utils import CaptureQueriesContext

from revy.contrib.django import get_attribute_delta_model, get_object_delta_model, get_revision_model
from revy.contrib.django.models import ObjectSnapshot
from revy.contrib.django.transactions import held_by

Revision: Any = get_revision_model()
ObjectDelta: Any = get_object_delta_model()
AttributeDelta: Any = get_attribute_delta_model()


def deltas_of(model: type[models.Model], pk: Any, using: str = "default") -> Any:
    """Return the object deltas of one object, oldest first."""
    content_type = ContentType.objects.db_manager(using).get_for_model(model)
    return ObjectDelta.objects.using(using).filter(content_type=content_type, content_id=str(pk)).order_by("version")


def actions(model: type[models.Model], pk: Any, using: str = "default") -> str:
    """Return the actions of an object's history as one word, `CUUD` say."""
    deltas = list(deltas_of(model, pk, using))
    assert [delta.version for delta in deltas] == list(range(1, len(deltas) + 1))
    return "".join(delta.action for delta in deltas)


def changes(delta: Any) -> list[tuple[Any, ...]]:
    """Return the stored attribute deltas as (field, old, new, actor, description)."""
    return [
        (change.field_name, change.old_value, change.new_value, change.actor, change.description)
        for change in delta.attribute_deltas.order_by("pk")
    ]


def snapshots(model: type[models.Model], pk: Any, using: str = "default") -> list[Any]:
    """Return the object at each of its versions."""
    return [delta.snapshot for delta in deltas_of(model, pk, using).annotate(snapshot=ObjectSnapshot(model))]


def values_of(instance: models.Model) -> dict[str, Any]:
    """Return every column's value, without loading what is deferred."""
    values = {
        field.attname: instance.__dict__.get(field.attname, "deferred") for field in instance._meta.concrete_fields
    }
    return {name: getattr(value, "name", value) for name, value in values.items()}


def counts() -> tuple[int, int, int]:
    """Return how many revisions, object deltas and attribute deltas there are."""
    return Revision.objects.count(), ObjectDelta.objects.count(), AttributeDelta.objects.count()


@contextmanager
def recorded(revisions: int, object_deltas: int, attribute_deltas: int) -> Iterator[None]:
    """Assert how many rows of history the block writes."""
    before = counts()
    yield
    after = counts()
    written = tuple(new - old for new, old in zip(after, before, strict=True))
    assert written == (revisions, object_deltas, attribute_deltas)


def write_history(using: str = "default") -> None:
    """Have what the history of the running transaction is written, as it is before somebody looks or it commits."""
    held = held_by(connections[using])
    if held is not None:
        held.flush()


@contextmanager
def counting(using: str = "default") -> Iterator[CaptureQueriesContext]:
    """Capture the statements of the block, with those that write its history."""
    write_history(using)
    with CaptureQueriesContext(connections[using]) as captured:
        yield captured
        write_history(using)


@contextmanager
def statements(using: str = "default") -> Iterator[Counter[str]]:
    """Give how many statements of each kind, `SELECT` say, the block has run; filled when it ends."""
    kinds: Counter[str] = Counter()
    with counting(using) as captured:
        yield kinds
    kinds.update(query["sql"].removeprefix("BEGIN; ").split(maxsplit=1)[0] for query in captured)


@contextmanager
def queries(at_most: int, using: str = "default") -> Iterator[None]:
    """Assert how many statements the block runs, transaction control aside; prints them when there are more."""
    with counting(using) as captured:
        yield
    control = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    texts = [query["sql"].removeprefix("BEGIN; ") for query in captured]
    statements = [sql for sql in texts if not sql.startswith(control)]
    assert len(statements) <= at_most, "\n".join(
        [f"{len(statements)} statements:", *(sql[:150] for sql in statements[:30])]
    )
