"""History by the ORM: what projects read, and bring back."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_type

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from revy.contrib.django import get_attribute_delta_model, get_object_delta_model, get_revision_model
from revy.contrib.django.history import (
    AttributeDiff,
    History,
    ObjectDiff,
    Past,
    as_of,
    diff,
    recorded_list,
    snapshot_at,
)
from revy.contrib.django.models import (
    AbstractAttributeDelta,
    AbstractObjectDelta,
    AbstractRevision,
    AttributeDelta,
    ObjectDelta,
    ObjectDeltaQuerySet,
    ObjectSnapshot,
    ObjectState,
    Revision,
)
from revy.contrib.django.restore import Problem, RestoreError, VersionConflict, restore
from shop.models import Product


def find_deleted(pk: int) -> Any:
    deltas = ObjectDelta.objects.filter(
        action=ObjectDelta.ACTION_DELETE,
        content_type=ContentType.objects.get_for_model(Product),
        content_id=str(pk),
    )
    return deltas.annotate(snapshot=ObjectSnapshot(Product), whole=ObjectState()).order_by("-pk").first()


def tell(product: Product) -> list[str]:
    history = History(product)
    told = []
    for delta in history.newest(20):
        assert_type(delta.version, int)
        assert_type(delta.description, str)
        assert_type(delta.created_at, datetime)
        assert_type(delta.action, str)
        changes = delta.get_attribute_deltas()
        told += [f"{change.field_name}: {change.old_value} → {change.new_value}" for change in changes]
    return told


def was(moment: datetime, product: Product) -> list[str]:
    past: Past[Product] = as_of(Product, moment).filter(pk__in=[1, 2]).exclude(pk=2)
    assert_type(past.first(), Product | None)
    assert_type([each for each in past], list[Product])
    assert_type(snapshot_at(product, moment), Product | None)
    assert_type(snapshot_at(Product, moment, 1), Product | None)
    if not past.exists():
        return [str(key) for key in recorded_list(past.get(pk=1), "tags")]
    deltas: ObjectDeltaQuerySet[ObjectDelta] = ObjectDelta.objects.for_object(product).touching("name")
    first, last = deltas.by_actor(None).of_model(Product).order_by("pk")[:2]
    assert_type(first, ObjectDelta)
    found: ObjectDiff = diff(first, last)
    changes: tuple[AttributeDiff, ...] = found.changes
    return [f"{change.name}: {change.old} → {change.new}" for change in changes]


def count(revision: Revision) -> int:
    revisions: type[AbstractRevision] = get_revision_model()
    deltas: type[AbstractObjectDelta] = get_object_delta_model()
    attributes: type[AbstractAttributeDelta] = get_attribute_delta_model()
    own: QuerySet[AttributeDelta] = AttributeDelta.objects.filter(object_delta__revision=revision)
    assert_type(revision.description, str)
    return own.count() + sum(model._default_manager.count() for model in (revisions, deltas, attributes))


def bring_back(delta: ObjectDelta) -> list[Problem]:
    try:
        written = restore(delta, expected_version=2)
    except VersionConflict as error:
        return list(error.problems)
    except RestoreError as error:
        for problem in error.problems:
            assert_type(problem.message, str)
        return list(error.problems)
    if written is not None:
        assert_type(written.version, int)
    return []
