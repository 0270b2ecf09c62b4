"""All three models swapped, each with something of its own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from revy.contrib.django.abstract import AbstractAttributeDelta, AbstractObjectDelta, AbstractRevision


class Revision(AbstractRevision):
    ticket = models.CharField(max_length=20, blank=True, default="")


class ObjectDelta(AbstractObjectDelta):
    is_reviewed = models.BooleanField(default=False)

    class Meta(AbstractObjectDelta.Meta):
        indexes: ClassVar = [*AbstractObjectDelta.Meta.indexes, models.Index(fields=["is_reviewed"])]


class AttributeDelta(AbstractAttributeDelta):
    note = models.TextField(blank=True, default="")
