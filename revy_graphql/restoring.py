"""Restoring an object on behalf of a viewer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models, router

from revy.contrib.django.restore import Problem, RestoreError, VersionConflict, restore
from revy_graphql.delta import ObjectDeltaRecord
from revy_graphql.errors import ClientError, Forbidden, NotFound
from revy_graphql.history import Subject, find_subject
from revy_graphql.revision import RevisionRecord, read_deltas
from revy_graphql.viewer import Viewer


@dataclass(frozen=True, slots=True)
class RestoreRecord:
    """What became of a restore: the new version and the object, or why there is none."""

    errors: list[Problem]
    object_delta: ObjectDeltaRecord | None = None
    object: models.Model | None = None

    @property
    def revision(self) -> RevisionRecord | None:
        return None if self.object_delta is None else self.object_delta.revision


def restore_object(
    viewer: Viewer, content_type: str, content_id: str, version: int | None, expected_version: int | None
) -> RestoreRecord:
    """Restore the object of that address to a version, by default the last one, if the viewer may."""
    try:
        subject = find_subject(viewer, content_type, content_id)
        recorded = _find_version(viewer, subject, version)
        if not viewer.policy.can_restore(viewer.info, subject.model, subject.instance):
            raise Forbidden
    except ClientError as error:
        return RestoreRecord([Problem(None, error.message, error.code)])
    try:
        written = restore(recorded, expected_version=expected_version, using=router.db_for_write(subject.model))
    except VersionConflict as error:
        return RestoreRecord([Problem(None, problem.message, "CONFLICT") for problem in error.problems])
    except RestoreError as error:
        return RestoreRecord(list(_visible_problems(viewer, subject.model, error.problems)))
    return _record(viewer, subject, written)


def _find_version(viewer: Viewer, subject: Subject, version: int | None) -> Any:
    deltas = subject.object_deltas(viewer).order_by("-version")
    recorded = deltas.first() if version is None else deltas.filter(version=version).first()
    if recorded is None:
        raise NotFound
    return recorded


def _visible_problems(viewer: Viewer, model: type[models.Model], problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the problems; of those with a field that the viewer may not see no more than that there is one."""
    for problem in problems:
        if problem.field is None or viewer.visible_field(model, problem.field) is not None:
            yield problem
        else:
            yield Problem(None, "A value that you may not see cannot be restored.", problem.code)


def _record(viewer: Viewer, subject: Subject, written: Any) -> RestoreRecord:
    # The viewer has to be asked anew: what was restored may not be visible any more.
    found = viewer.visibility_of(subject.model).find([subject.content_id])
    if subject.content_id not in found:
        return RestoreRecord([])
    delta = None if written is None else read_deltas(viewer, [written]).records[0]
    return RestoreRecord([], delta, viewer.as_node(found[subject.content_id]))
