"""Which revisions of a history are asked for: by actor, by what was changed, by time, by text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import product
from operator import or_
from typing import Any, Final, Self

from django.db.models import Exists, OuterRef, Q, QuerySet

from revy.contrib.django import get_attribute_delta_model
from revy.contrib.django.models import AbstractObjectDelta
from revy.contrib.django.text import is_storable
from revy_graphql.actor import ActorKey
from revy_graphql.errors import InvalidArgument
from revy_graphql.moment import made_until, parse_moment
from revy_graphql.viewer import Viewer

_MAX_LENGTH: Final = 1_000
# Creations and deletions, whose states are whole.
_WHOLE: Final = (AbstractObjectDelta.ACTION_CREATE, AbstractObjectDelta.ACTION_DELETE)


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on a change, and on the revision that it is part of. None stands for any."""

    actor: ActorKey | None = None
    action: str | None = None
    field_name: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    as_of: datetime | None = None

    @classmethod
    def parse(
        cls,
        viewer: Viewer,
        *,
        actor: Mapping[str, Any] | None = None,
        action: str | None = None,
        field_name: str | None = None,
        text: str | None = None,
        **moments: datetime | None,
    ) -> Self:
        """Return the filters of a field's arguments; `moments` are `since`, `until` and `as_of`.

        Raises InvalidArgument for those that make no sense, NotFound for an actor that the viewer may not see.
        """
        if action is not None and action not in dict(AbstractObjectDelta.ACTIONS):
            raise InvalidArgument("`action` must be what happens to objects: CREATE, UPDATE or DELETE.")
        return cls(
            None if actor is None else viewer.find_actor_key(actor["content_type"], actor["content_id"]),
            action,
            _checked("fieldName", field_name),
            parse_moment("since", moments.get("since")),
            parse_moment("until", moments.get("until")),
            _checked("text", text),
            parse_moment("asOf", moments.get("as_of")),
        )

    def of_deltas(self, deltas: QuerySet[Any]) -> QuerySet[Any]:
        """Return those of the object deltas that these filters ask for, whatever their revisions are."""
        for alternatives in self._conditions(deltas.db):
            deltas = deltas.filter(reduce(or_, alternatives))
        return deltas

    def split(self, deltas: QuerySet[Any]) -> list[QuerySet[Any]]:
        """Return the same in parts that overlap, each without an OR, which keeps databases from choosing an index."""
        return [deltas.filter(*conditions) for conditions in product(*self._conditions(deltas.db))]

    def _conditions(self, using: str) -> Iterator[tuple[Q, ...]]:
        """Yield the alternatives of each condition."""
        if self.actor is not None:
            actor = {"actor_type_id": self.actor[0], "actor_id": self.actor[1]}
            yield Q(**actor), _has_change(using, **actor)
        if self.action is not None:
            yield (Q(action=self.action),)
        if self.as_of is not None:
            yield (made_until(self.as_of),)
        if self.field_name is not None:
            # A state tells of every attribute. Those that are empty count, too: else masked ones would give that away.
            is_whole = Q(action__in=_WHOLE, state__has_key=self.field_name)
            yield is_whole, _has_change(using, field_name=self.field_name)

    def of_revisions(self, prefix: str = "") -> Q:
        """Return the condition on revisions, or on what has them under that prefix, as in `revision__`."""
        conditions = {"created_at__gte": self.since, "created_at__lt": self.until, "description__icontains": self.text}
        return Q(**{f"{prefix}{lookup}": value for lookup, value in conditions.items() if value is not None})


def _has_change(using: str, **condition: Any) -> Q:
    changes = get_attribute_delta_model()._base_manager.using(using)
    return Q(Exists(changes.filter(object_delta=OuterRef("pk"), **condition)))


def _checked(name: str, value: str | None) -> str | None:
    if value is not None and not is_storable(value):
        raise InvalidArgument(f"`{name}` contains characters that cannot be stored.")
    if value is not None and len(value) > _MAX_LENGTH:
        raise InvalidArgument(f"`{name}` is longer than {_MAX_LENGTH:,} characters.")
    return value
