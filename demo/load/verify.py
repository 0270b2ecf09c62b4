"""Everything that was recorded against everything that was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from graphql_relay import from_global_id

from revy.contrib.django.models import AttributeDelta, ObjectDelta, Revision


def compare(written: Mapping[str, tuple[str, str]], after: int) -> list[str]:
    """Return how the revisions behind the key `after` differ from those that were sent: user and message by ID."""
    sent = {int(from_global_id(revision_id)[1]): value for revision_id, value in written.items()}
    recorded = dict(Revision.objects.filter(pk__gt=after).values_list("pk", "description"))
    differences = [f"revision {pk} was sent, but is not recorded: {sent[pk]}" for pk in sent.keys() - recorded.keys()]
    differences += [f"nobody was told of revision {pk}: {recorded[pk]!r}" for pk in recorded.keys() - sent.keys()]
    user_type = ContentType.objects.get_for_model(User).pk
    users = {username: (user_type, str(pk)) for username, pk in User.objects.values_list("username", "pk")}
    for pk in sent.keys() & recorded.keys():
        username, message = sent[pk]
        if recorded[pk] != message:
            differences.append(f"revision {pk} of {username} says {recorded[pk]!r}, not {message!r}")
    for pk, actor in _actors(after):
        if pk in sent and actor != users[sent[pk][0]]:
            differences.append(f"revision {pk} of {sent[pk][0]} was recorded as by {actor}")
    empty = (
        recorded.keys() - ObjectDelta.objects.filter(revision__gt=after).values_list("revision", flat=True).distinct()
    )
    return differences + [f"revision {pk} changes nothing" for pk in empty]


def _actors(after: int) -> set[tuple[int, tuple[Any, Any]]]:
    objects = ObjectDelta.objects.filter(revision__gt=after).values_list("revision", "actor_type", "actor_id")
    attributes = AttributeDelta.objects.filter(object_delta__revision__gt=after)
    rows = [*objects, *attributes.values_list("object_delta__revision", "actor_type", "actor_id")]
    return {(pk, (actor_type, actor_id)) for pk, actor_type, actor_id in rows}
