"""The ids of content types."""

from __future__ import annotations

import functools
from typing import Any

from django.contrib.contenttypes.models import ContentType, ContentTypeManager
from django.db import models


def content_type_id(model: type[models.Model], using: str) -> Any:
    """Return what the model is called in the rows of that database; a proxy is as its concrete model."""
    return _manager(using).get_for_model(model).pk


@functools.cache
def _manager(using: str) -> ContentTypeManager:
    # A manager for a database is a copy, which costs more than the look into the cache that all of them share.
    return ContentType.objects.db_manager(using)
