"""The history of one object, a page at a time: who changed what, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from revy.contrib.django.admin.people import People, Person
from revy.contrib.django.admin.rows import Change, RowMaker, Rows
from revy.contrib.django.admin.subject import Subject
from revy.contrib.django.admin.texts import legible
from revy.contrib.django.admin.viewer import Model, Viewer
from revy.contrib.django.conf import get_object_delta_model, get_revision_model
from revy.contrib.django.renames import names_of_today

PAGE_SIZE: Final = 20
# The largest number that all databases take for a version.
LAST_POSSIBLE: Final = 2**31 - 1

ACTIONS: Final = {"C": _("Created"), "U": _("Changed"), "D": _("Deleted")}


@dataclass(frozen=True, slots=True)
class Head:
    """A version without what changed in it."""

    version: int
    action: str
    created_at: datetime
    people: Sequence[Person]
    reason: str
    description: str
    revision_id: Any
    revision_url: str

    @property
    def label(self) -> Any:
        return ACTIONS[self.action]


@dataclass(frozen=True, slots=True)
class Entry:
    """A version: its head, and what changed in it; an update is shown as it was made, the rest is one state."""

    head: Head
    rows: Rows

    @property
    def is_update(self) -> bool:
        return self.head.action == get_object_delta_model().ACTION_UPDATE


@dataclass(frozen=True, slots=True)
class Timeline:
    """A page of entries, newest first, and where to go on: the values of `before` for older and newer ones."""

    entries: list[Entry]
    last_version: int
    older: int | None
    newer: int | None


def read_timeline(subject: Subject, before: int | None) -> Timeline:
    """Return the newest versions below `before`, or of all, with all that is shown of them."""
    viewer, last = subject.viewer, subject.last_version
    deltas = subject.history.newest(PAGE_SIZE + 1, before=before)
    has_older, deltas = len(deltas) > PAGE_SIZE, deltas[:PAGE_SIZE]
    changes = [delta.get_attribute_deltas() for delta in deltas]
    people = People(viewer, [one for delta, some in zip(deltas, changes, strict=True) for one in (delta, *some)])
    told = [changes_of(subject.model, delta, some, people) for delta, some in zip(deltas, changes, strict=True)]
    maker = RowMaker(viewer, [(subject.model, subject.instance, some) for some in told])
    entries = [
        Entry(make_head(viewer, delta, people, some), maker.rows(subject.model, subject.instance, shown))
        for delta, some, shown in zip(deltas, changes, told, strict=True)
    ]
    newer = None if before is None or before > last else before + PAGE_SIZE
    return Timeline(entries, last, deltas[-1].version if has_older else None, newer)


def make_head(viewer: Viewer, delta: Any, people: People, changes: Sequence[Any]) -> Head:
    revision = delta.revision
    return Head(
        version=delta.version,
        action=delta.action,
        created_at=delta.created_at,
        people=people.of_change(delta, changes),
        reason=legible(revision.description),
        description=legible(delta.description),
        revision_id=revision.pk,
        revision_url=revision_url(viewer, revision.pk),
    )


def revision_url(viewer: Viewer, pk: Any) -> str:
    """Return the address of a revision's page, or nothing if the viewer may not see such pages."""
    model = get_revision_model()
    model_admin = viewer.model_admin(model)
    if model_admin is None or not model_admin.has_view_permission(viewer.request):
        return ""
    return viewer.url(model, "change", pk)


def changes_of(model: Model, delta: Any, changes: Sequence[Any], people: People) -> list[Change]:
    """Return the attribute deltas of an object delta as what rows are made of, under the names of today."""
    names = names_of_today(model)
    # Who made the whole change is said once.
    who = people.of(delta)
    return [
        Change(
            names.get(change.field_name, change.field_name),
            change.old_value,
            change.new_value,
            legible(change.description),
            () if people.of(change) == who else (people.of(change),),
        )
        for change in changes
    ]
