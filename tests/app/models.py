"""A schema with one of everything that a history must get right."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.db import models

from revy.contrib.django.models import CASCADE, SET, SET_DEFAULT, SET_NULL


class Organization(models.Model):
    name = models.CharField(max_length=50)


def get_sentinel() -> int:
    return Organization.objects.get_or_create(name="sentinel")[0].pk


class Post(models.Model):
    """Nine fields, the measure of the benchmarks."""

    author = models.ForeignKey(User, CASCADE, related_name="posts")
    editor = models.ForeignKey(User, SET_NULL, null=True, blank=True, related_name="edited_posts")
    title = models.CharField(max_length=100)
    body = models.TextField(blank=True)
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    is_published = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True)


class Comment(models.Model):
    post = models.ForeignKey(Post, models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="replies")
    organization = models.ForeignKey(Organization, SET(get_sentinel), null=True, blank=True)
    fallback = models.ForeignKey(Organization, SET_DEFAULT, null=True, blank=True, default=None, related_name="+")
    text = models.CharField(max_length=200)
    is_marked_as_spam = models.BooleanField(default=False)


class SpecialPost(Post):
    class Meta:
        proxy = True


class Invoice(models.Model):
    """Amounts that people enter and the system corrects."""

    amount = models.IntegerField(default=0)
    exchange_rate = models.IntegerField(default=1)
    local_amount = models.IntegerField(default=0)


class Place(models.Model):
    name = models.CharField(max_length=50)


class Restaurant(Place):
    stars = models.IntegerField(default=0)


class Pizzeria(Restaurant):
    ovens = models.IntegerField(default=1)


class Document(models.Model):
    """A text key, a unique field, and a field set at every save."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    slug = models.SlugField(unique=True)
    file = models.FileField(upload_to="documents", blank=True)
    updated_at = models.DateTimeField(auto_now=True)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True)


class Code(models.Model):
    id = models.CharField(max_length=20, primary_key=True)
    label = models.CharField(max_length=50, blank=True)


class Everything(models.Model):
    """A column of every type that Django ships for all databases."""

    big = models.BigIntegerField(null=True)
    binary = models.BinaryField(null=True)
    boolean = models.BooleanField(null=True)
    char = models.CharField(max_length=200, null=True)
    date = models.DateField(null=True)
    datetime = models.DateTimeField(null=True)
    decimal = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    duration = models.DurationField(null=True)
    email = models.EmailField(null=True)
    float = models.FloatField(null=True)
    integer = models.IntegerField(null=True)
    ip = models.GenericIPAddressField(null=True)
    json = models.JSONField(null=True)
    positive = models.PositiveBigIntegerField(null=True)
    slug = models.SlugField(null=True)
    small = models.SmallIntegerField(null=True)
    text = models.TextField(null=True)
    time = models.TimeField(null=True)
    url = models.URLField(null=True)
    uuid = models.UUIDField(null=True)
