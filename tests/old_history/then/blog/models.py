"""The blog as it was when the history was recorded; what became of it: `tests.old_history.models`."""

from django.db import models


class Person(models.Model):
    name = models.CharField(max_length=50)


class Tag(models.Model):
    name = models.CharField(max_length=50)


class Article(models.Model):
    headline = models.CharField(max_length=100)
    body = models.TextField(blank=True)
    author = models.ForeignKey(Person, models.CASCADE, related_name="articles")
    tags = models.ManyToManyField(Tag)
    rating = models.IntegerField(default=0)
    code = models.CharField(max_length=20, default="0")
    price = models.DecimalField(max_digits=8, decimal_places=4, default=0)
    is_open = models.BooleanField(default=True)
    published_at = models.DateTimeField(null=True)
    data = models.JSONField(default=dict)
    secret = models.CharField(max_length=50, default="")
    legacy = models.CharField(max_length=50, default="")


class Venue(models.Model):
    name = models.CharField(max_length=50)


class Hall(Venue):
    seats = models.IntegerField(default=0)


class Draft(models.Model):
    text = models.TextField()
    author = models.ForeignKey(Person, models.CASCADE)
