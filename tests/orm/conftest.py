from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType


@pytest.fixture(autouse=True)
def _no_cached_content_types() -> None:
    # Query budgets count the same whatever ran before.
    ContentType.objects.clear_cache()


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password="secret")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")
