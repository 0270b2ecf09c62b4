"""What the tests of the GraphQL API keep a history of.

References to users have no constraint in the database: an app without migrations gets its tables before theirs.
"""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db import models


class Article(models.Model):
    """Seen by everybody with the permission; its type leaves `secret` out."""

    title = models.CharField(max_length=100, unique=True)
    body = models.TextField(blank=True)
    secret = models.CharField(max_length=100, blank=True)
    author = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, db_constraint=False)
    draft = models.ForeignKey("Draft", models.SET_NULL, null=True, blank=True)

    def __str__(self) -> str:
        return self.title


class Draft(models.Model):
    """Seen by those whom the queryset of its type shows it to."""

    title = models.CharField(max_length=100)
    is_public = models.BooleanField(default=False)


class Comment(models.Model):
    """The same, and gone with its article."""

    article = models.ForeignKey(Article, models.CASCADE)
    text = models.CharField(max_length=100, blank=True)
    is_public = models.BooleanField(default=False)


class Note(models.Model):
    """The same, with a UUID as primary key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    text = models.TextField(blank=True)
    is_public = models.BooleanField(default=False)


class Label(models.Model):
    """The same, with text as primary key."""

    name = models.CharField(max_length=30, primary_key=True)
    color = models.CharField(max_length=30, blank=True)
    is_public = models.BooleanField(default=False)


class Moment(models.Model):
    """The same, with a primary key that SQL cannot compare with text."""

    at = models.DateTimeField(primary_key=True)
    is_public = models.BooleanField(default=False)


class Outline(Draft):
    """The same, with a foreign key as primary key."""

    depth = models.IntegerField(default=1)


class Untyped(models.Model):
    """Without an object type."""

    title = models.CharField(max_length=100)


class Bot(models.Model):
    """An actor that is no user."""

    name = models.CharField(max_length=30)

    def __str__(self) -> str:
        return self.name
