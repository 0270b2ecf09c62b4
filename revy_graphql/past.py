"""An object as it was at a moment."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max, Q

from revy_graphql.delta import ObjectDeltaRecord
from revy_graphql.errors import NotFound
from revy_graphql.history import find_subject
from revy_graphql.moment import made_until
from revy_graphql.revision import read_deltas
from revy_graphql.types import find_revision
from revy_graphql.viewer import Viewer


def find_object_as_of(
    viewer: Viewer, content_type: str, content_id: str, moment: datetime | str
) -> ObjectDeltaRecord | None:
    """Return the last change of an object until a time, or until the last change of the revision of that key.

    None if the object was not there then. Raises NotFound for a revision that the viewer may not see, and as
    `find_subject` does.
    """
    subject = find_subject(viewer, content_type, content_id)
    until = made_until(moment) if isinstance(moment, datetime) else _recorded_until(viewer, moment)
    last = subject.object_deltas(viewer).filter(until).order_by("-version").first()
    if last is None or last.action == last.ACTION_DELETE:
        return None
    return read_deltas(viewer, [last]).records[0]


def _recorded_until(viewer: Viewer, key: str) -> Q:
    """Return the condition on the object deltas up to the last one of a revision that the viewer may see."""
    revision = find_revision(viewer.info, key)
    if revision is None:
        raise NotFound
    own = viewer.object_deltas().filter(revision_id=revision.row.pk)
    return Q(pk__lte=own.aggregate(last=Max("pk"))["last"])
