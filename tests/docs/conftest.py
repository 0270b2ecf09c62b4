"""What the pages find there already."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import RequestFactory
from graphene_django.registry import get_global_registry

import tests.app.models
from revy.contrib.django import get_attribute_delta_model, get_object_delta_model, get_revision_model
from revy.contrib.django import models as revy_models
from tests.app.models import Comment, Post


@pytest.fixture
def names(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Return what stands for a project: `user`, a `request` of that user, and a `post` with a `comment`."""
    monkeypatch.setitem(sys.modules, "blog", tests.app)
    monkeypatch.setitem(sys.modules, "blog.models", tests.app.models)
    # Projects with models of their own have others to import.
    for model in get_revision_model(), get_object_delta_model(), get_attribute_delta_model():
        monkeypatch.setattr(revy_models, model.__name__, model)
    user = User.objects.create_user("alice", password="secret")
    post = Post.objects.create(author=user, title="A post", body=" Its text.\n")
    request = RequestFactory().post("/")
    request.user = user
    registered, registered_admins = dict(get_global_registry()._registry), dict(admin.site._registry)
    yield {
        "user": user,
        "request": request,
        "post": post,
        "comment": Comment.objects.create(post=post, text="A comment."),
    }
    get_global_registry()._registry = registered
    admin.site._registry = registered_admins
