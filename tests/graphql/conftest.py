from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from revy.frame import current
from tests.graphql.api import Api, grant


@pytest.fixture(autouse=True)
def graphql_urls(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.graphql.urls"
    ContentType.objects.clear_cache()
    yield
    ContentType.objects.clear_cache()
    assert current.get() is None


@pytest.fixture
def anonymous(db: None) -> Api:
    return Api(Client())


@pytest.fixture
def editor(db: None) -> User:
    """May see and change articles, and see users and bots."""
    return grant(
        User.objects.create_user("editor", password="secret hash"),
        "view_article", "change_article", "add_article", "view_user", "view_bot",
    )  # fmt: skip


@pytest.fixture
def as_editor(editor: User) -> Api:
    return Api.of(editor)


@pytest.fixture
def reader(db: None) -> User:
    """May see everything that the types show."""
    codenames = [
        f"view_{name}" for name in ("article", "draft", "note", "label", "moment", "outline", "untyped", "user", "bot")
    ]
    return grant(User.objects.create_user("reader"), *codenames)


@pytest.fixture
def as_reader(reader: User) -> Api:
    return Api.of(reader)


@pytest.fixture
def as_moderator(db: None) -> Api:
    """May do everything to articles and comments, of which they see the public ones."""
    names = [f"{action}_{name}" for action in ("view", "add", "change", "delete") for name in ("article", "comment")]
    return Api.of(grant(User.objects.create_user("moderator"), *names))


@pytest.fixture
def as_superuser(db: None) -> Api:
    return Api.of(User.objects.create_superuser("root"))
