"""The models that every subject records, each in its own way."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from benchmarks.subjects.current import SUBJECT


@SUBJECT.track
class Post(models.Model):
    author = models.ForeignKey(User, models.CASCADE)
    title = models.CharField(max_length=200)
    slug = models.SlugField()
    text = models.TextField()
    status = models.CharField(max_length=20, default="draft")
    views = models.IntegerField(default=0)
    rating = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    published_at = models.DateTimeField(null=True)


@SUBJECT.track
class Comment(models.Model):
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    text = models.TextField()
