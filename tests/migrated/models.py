"""What the migrations of this app end in: its models had other names and fields, and one was of another app."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models


class Topic(models.Model):
    name = models.CharField(max_length=50)


class Entry(models.Model):
    title = models.CharField(max_length=50)
    writer = models.ForeignKey(User, models.SET_NULL, null=True)
    labels = models.ManyToManyField(Topic)


class Place(models.Model):
    title = models.CharField(max_length=50)


class Cafe(Place):
    seats = models.IntegerField(default=0)


class Note(models.Model):
    text = models.CharField(max_length=50)
    entry = models.ForeignKey(Entry, models.SET_NULL, null=True)
    topics = models.ManyToManyField(Topic)
    parent = models.ForeignKey("self", models.SET_NULL, null=True)


class Pin(models.Model):
    note = models.ForeignKey(Note, models.CASCADE)
