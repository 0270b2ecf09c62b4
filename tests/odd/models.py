"""Schemas off the beaten track. No migrations: the tables are made from the models."""

from __future__ import annotations

import uuid

from django.db import models


class Label(models.Model):
    name = models.CharField(max_length=20, unique=True)


class Base(models.Model):
    """A key that is text in a state and something else in a row."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    labels = models.ManyToManyField(Label, related_name="bases")


class Heir(Base):
    size = models.IntegerField(default=0)
    own_labels = models.ManyToManyField(Label, related_name="heirs")


class Station(models.Model):
    name = models.CharField(max_length=20, blank=True)
    labels = models.ManyToManyField(Label, related_name="stations")


class Terminal(Station):
    """A child whose key is not the link to its parent."""

    code = models.UUIDField(primary_key=True, default=uuid.uuid4)
    station = models.OneToOneField(Station, models.CASCADE, parent_link=True)


class Gate(Terminal):
    number = models.IntegerField(default=0)


class Passport(models.Model):
    """A key that is a reference."""

    label = models.OneToOneField(Label, models.CASCADE, primary_key=True)
    stamps = models.IntegerField(default=0)


class Flag(models.Model):
    id = models.BooleanField(primary_key=True)
    size = models.IntegerField(default=0)


class Amount(models.Model):
    exact = models.DecimalField(max_digits=18, decimal_places=6, default=0)
