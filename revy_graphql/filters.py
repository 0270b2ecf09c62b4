"""Which revisions of a history are asked for: by actor, by what was changed, by time, by text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from revy.contrib.django import get_attribute_delta_model, get_object_delta_model
from revy_graphql.actor import ActorKey
from revy_graphql.errors import InvalidArgument
from revy_graphql.text import is_storable
from revy_graphql.viewer import Viewer

_MAX_LENGTH = 1_000


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on a change, and on the revision that it is part of. None stands for any."""

    actor: ActorKey | None = None
    action: str | None = None
    field_name: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None

    @classmethod
    def parse(
        cls,
        viewer: Viewer,
        *,
        actor: Mapping[str, Any] | None = None,
        action: str | None = None,
        field_name: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
    ) -> Self:
        """Return the filters of a field's arguments.

        Raises InvalidArgument for those that make no sense, NotFound for an actor that the viewer may not see.
        """
        if action is not None and action not in dict(get_object_delta_model().ACTIONS):
            raise InvalidArgument("`action` must be what happens to objects: CREATE, UPDATE or DELETE.")
        return cls(
            None if actor is None else viewer.find_actor_key(actor["content_type"], actor["content_id"]),
            action,
            _checked("fieldName", field_name),
            _moment("since", since),
            _moment("until", until),
            _checked("text", text),
        )

    def of_deltas(self, deltas: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of the object deltas that these filters ask for, whatever their revisions are."""
        if self.actor is not None:
            own = Q(actor_type_id=self.actor[0], actor_id=self.actor[1])
            deltas = deltas.filter(own | Q(_changes(deltas, actor_type_id=self.actor[0], actor_id=self.actor[1])))
        if self.action is not None:
            deltas = deltas.filter(action=self.action)
        if self.field_name is not None:
            # A state tells of every attribute. Those that are empty count, too: else masked ones would give that away.
            is_whole = ~Q(action=get_object_delta_model().ACTION_UPDATE)
            deltas = deltas.filter(
                is_whole & Q(state__has_key=self.field_name) | Q(_changes(deltas, field_name=self.field_name))
            )
        return deltas

    def of_revisions(self, prefix: str = "") -> Q:
        """Return the condition on revisions, or on what has them under that prefix, as in `revision__`."""
        conditions = {"created_at__gte": self.since, "created_at__lt": self.until, "description__icontains": self.text}
        return Q(**{f"{prefix}{lookup}": value for lookup, value in conditions.items() if value is not None})


def _changes(deltas: QuerySet[Any], **condition: Any) -> Exists:
    changes = get_attribute_delta_model()._base_manager.using(deltas.db)
    return Exists(changes.filter(object_delta=OuterRef("pk"), **condition))


def _checked(name: str, value: str | None) -> str | None:
    if value is not None and not is_storable(value):
        raise InvalidArgument(f"`{name}` contains characters that cannot be stored.")
    if value is not None and len(value) > _MAX_LENGTH:
        raise InvalidArgument(f"`{name}` is longer than {_MAX_LENGTH:,} characters.")
    return value


def _moment(name: str, value: datetime | None) -> datetime | None:
    """Return the time as the database has them; one without zone is in the current one."""
    if value is None:
        return None
    try:
        if timezone.is_naive(value):
            value = timezone.make_aware(value)
        # Databases convert it to their own zone, which the first and the last day of the calendar may not bear.
        value.astimezone(UTC)
        return value if settings.USE_TZ else timezone.make_naive(value)
    except (OverflowError, ValueError) as error:
        raise InvalidArgument(f"`{name}` is a time that no calendar has.") from error
