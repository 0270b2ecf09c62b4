"""What many processes write to at once: keys that they choose, so that they meet and sit next to each other."""

from __future__ import annotations

from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=20)


class Box(models.Model):
    """What everybody fights for."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=50, blank=True)
    count = models.IntegerField(default=0)
    data = models.JSONField(default=dict)
    tags = models.ManyToManyField(Tag, related_name="boxes")


class Item(models.Model):
    """Falls with its box, and forgets its spare one."""

    box = models.ForeignKey(Box, models.CASCADE, related_name="items")
    spare = models.ForeignKey(Box, models.SET_NULL, null=True, related_name="spare_items")
    label = models.CharField(max_length=50, blank=True)


class Slip(models.Model):
    """Refers to nothing, and nothing refers to it."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=50, blank=True)
