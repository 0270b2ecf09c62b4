"""django-reversion: registered models in revision blocks; what its signals do not see is added by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

import reversion
from django.db.models import Model
from reversion.models import Revision, Version

from benchmarks.subjects import base
from benchmarks.subjects.base import CREATE, UPDATE, Change, M, difference


class Subject(base.Subject):
    def track(self, model: type[M]) -> type[M]:
        return reversion.register(model)

    @contextmanager
    def acting(self, user: Any, reason: str) -> Iterator[None]:
        with reversion.create_revision():
            reversion.set_user(user)
            reversion.set_comment(reason)
            yield

    def bulk_create(self, model: type[M], instances: list[M], user: Any) -> list[M]:
        created = super().bulk_create(model, instances, user)
        for instance in created:
            reversion.add_to_revision(instance)
        return created

    def count(self, model: Any, action: str) -> int:
        versions = Version.objects.get_for_model(model)
        objects = versions.order_by().values("object_id").distinct().count()
        # A version says nothing of what was done; there is none of a deletion.
        return {CREATE: objects, UPDATE: versions.count() - objects}.get(action, 0)

    def page(self, instance: Model, length: int) -> Sequence[Change]:
        versions = list(Version.objects.get_for_object(instance).select_related("revision__user")[: length + 1])
        return [
            Change(
                UPDATE if old else CREATE,
                new.revision.user and new.revision.user.username,
                difference(old.field_dict, new.field_dict) if old else {},
            )
            for new, old in zip_longest(versions[:length], versions[1:])
        ]

    def rebuild(self, model: type[M], pk: int, version: int) -> M:
        versions = Version.objects.get_for_object_reference(model, pk).order_by("pk")
        return model(**versions[version - 1].field_dict)

    def tables(self) -> list[type[Model]]:
        return [Version, Revision]
