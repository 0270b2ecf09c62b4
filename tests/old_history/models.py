"""What became of the models of `then`; the history is that of then."""

from __future__ import annotations

from django.db import models


class Person(models.Model):
    name = models.CharField(max_length=50)
    email = models.CharField(max_length=50, default="")  # added


class Tag(models.Model):
    name = models.CharField(max_length=50)


class Post(models.Model):
    """Was Article."""

    title = models.CharField(max_length=100)  # was headline
    body = models.TextField(blank=True)
    writer = models.ForeignKey(Person, models.CASCADE, related_name="posts")  # was author
    labels = models.ManyToManyField(Tag)  # was tags
    rating = models.CharField(max_length=10, default="0")  # was a number
    code = models.IntegerField(default=0)  # was a text
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)  # had four places
    is_open = models.IntegerField(default=1)  # was a Boolean
    published_at = models.DateTimeField(null=True, blank=True)
    data = models.TextField(blank=True, default="")  # was JSON
    secret = models.CharField(max_length=50, default="", blank=True)
    summary = models.CharField(max_length=50, default="none")  # added


class Venue(models.Model):
    title = models.CharField(max_length=50)  # was name


class Hall(Venue):
    seats = models.IntegerField(default=0)


class Remark(models.Model):
    """Was Comment of another app."""

    post = models.ForeignKey(Post, models.CASCADE)  # was article
    author = models.ForeignKey(Person, models.SET_NULL, null=True)
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    text = models.CharField(max_length=200)
