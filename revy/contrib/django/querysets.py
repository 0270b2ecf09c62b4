"""Writing querysets: what one call does in several statements is recorded together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

from revy.context import Context
from revy.contrib.django import operation
from revy.contrib.django.patching import replace
from revy.contrib.django.transactions import write_transaction


def _make_update(original: Callable[..., Any]) -> Any:
    def update(self: Any, **kwargs: Any) -> int:
        if Context.is_disabled() or not self.model._meta.concrete_model._meta.parents:
            return original(self, **kwargs)  # type: ignore[no-any-return]
        # The columns of an object are in several tables, but it gets one object delta.
        self._for_write = True
        with write_transaction(self.db), operation.running(operation.Merged()):
            return original(self, **kwargs)  # type: ignore[no-any-return]

    return update


def _make_batched(original: Callable[..., Any]) -> Any:
    def method(self: Any, objs: Any, *args: Any, **kwargs: Any) -> Any:
        if Context.is_disabled():
            return original(self, objs, *args, **kwargs)
        # Django's batches are as small as one database needs them, and each would be recorded by itself.
        self._for_write = True
        with write_transaction(self.db), operation.running(operation.Batched()):
            return original(self, objs, *args, **kwargs)

    return method


def install() -> None:
    replace(models.QuerySet, "update", _make_update)
    replace(models.QuerySet, "bulk_create", _make_batched)
    replace(models.QuerySet, "bulk_update", _make_batched)
