from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.utils import translation

from tests.admin.app.models import Author, Book, Tag
from tests.admin.world import Visitor, by, change


@pytest.fixture(autouse=True)
def _library(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.admin.urls"
    ContentType.objects.clear_cache()
    # A request leaves its language behind.
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root", password="secret")


@pytest.fixture
def as_root(root: User) -> Visitor:
    return Visitor(root)


@pytest.fixture
def book(root: User) -> Book:
    """A book with three versions."""
    with by(root, "Bought it."):
        author = Author.objects.create(name="Ada")
        book = Book.objects.create(title="First", body="Once upon a time.\nThe end.\n", author=author, secret="s3cret")
    with by(None, "Sorted it in."):
        book.tags.add(Tag.objects.create(name="old"))
    other = Author.objects.create(name="Grace")
    change(book, root, "Looked closer.", title="Second", author=other, kind="p", is_lent=True, secret="s4cret")
    return book
