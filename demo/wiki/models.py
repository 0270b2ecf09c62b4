from __future__ import annotations

from django.db import models


class Page(models.Model):
    """A file of a repository, as a page: `mode` is what git calls so, the body of a symbolic link is its target."""

    path = models.TextField(unique=True)
    mode = models.CharField(max_length=6, default="100644")
    body = models.TextField(blank=True)

    class Meta:
        ordering = ("path",)

    def __str__(self) -> str:
        return self.path
