from __future__ import annotations

from revy.contrib.django.abstract import AbstractAttributeDelta, AbstractObjectDelta, AbstractRevision
from revy.contrib.django.conf import ATTRIBUTE_DELTA_SETTING, OBJECT_DELTA_SETTING, REVISION_SETTING, swappable_by
from revy.contrib.django.deletion import CASCADE, SET, SET_DEFAULT, SET_NULL
from revy.contrib.django.deltas import ObjectDeltaQuerySet
from revy.contrib.django.history import as_of, snapshot_at
from revy.contrib.django.snapshot import ObjectSnapshot, ObjectState

__all__ = [
    "CASCADE",
    "SET",
    "SET_DEFAULT",
    "SET_NULL",
    "AbstractAttributeDelta",
    "AbstractObjectDelta",
    "AbstractRevision",
    "AttributeDelta",
    "ObjectDelta",
    "ObjectDeltaQuerySet",
    "ObjectSnapshot",
    "ObjectState",
    "Revision",
    "as_of",
    "snapshot_at",
]


class Revision(AbstractRevision):
    class Meta(AbstractRevision.Meta):
        swappable = swappable_by(REVISION_SETTING)


class ObjectDelta(AbstractObjectDelta):
    class Meta(AbstractObjectDelta.Meta):
        swappable = swappable_by(OBJECT_DELTA_SETTING)


class AttributeDelta(AbstractAttributeDelta):
    class Meta(AbstractAttributeDelta.Meta):
        swappable = swappable_by(ATTRIBUTE_DELTA_SETTING)
