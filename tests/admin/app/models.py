"""A library, with one of everything that a page of history shows in its own way."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    name = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    title = models.CharField(max_length=200)
    isbn = models.CharField("ISBN", max_length=20, unique=True, null=True, blank=True)
    kind = models.CharField(max_length=1, choices=[("n", "Novel"), ("p", "Poems")], default="n")
    body = models.TextField(blank=True)
    author = models.ForeignKey(Author, models.SET_NULL, null=True, blank=True, related_name="books")
    tags = models.ManyToManyField(Tag, blank=True)
    is_lent = models.BooleanField("lent", default=False)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    bought_at = models.DateTimeField(null=True, blank=True)
    notes = models.JSONField(null=True, blank=True)
    secret = models.CharField(max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.title}{self.secret and f' ({self.secret})'}"

    def clean(self) -> None:
        if self.title == "forbidden":
            raise ValidationError({"title": "No book may be called that."})


class Chapter(models.Model):
    """Its text takes a query."""

    book = models.ForeignKey(Book, models.CASCADE, related_name="chapters")
    title = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.title} of {self.book.title}"


class Draft(models.Model):
    """The viewer sees only their own."""

    owner = models.CharField(max_length=200)
    text = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.text


class Paper(models.Model):
    """No ModelAdmin shows it."""

    text = models.CharField(max_length=200)
