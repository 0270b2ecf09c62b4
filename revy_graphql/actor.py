"""Who acted, as far as a viewer may know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models

from revy_graphql.viewer import Viewer

# The id of the content type and the key of an actor; both None for the system itself.
ActorKey = tuple[int | None, str | None]


@dataclass(frozen=True, slots=True)
class ActorRecord:
    content_type: str
    content_id: str
    display: str | None
    node: models.Model | None


def actor_key(delta: Any) -> ActorKey:
    return delta.actor_type_id, delta.actor_id


def find_actors(viewer: Viewer, keys: Iterable[ActorKey]) -> dict[ActorKey, ActorRecord]:
    """Return the actors of these keys that the viewer may see, with one query for each of their models."""
    wanted = {(type_id, key) for type_id, key in keys if type_id is not None and key is not None}
    if not wanted:
        return {}
    models_by_id = viewer.actor_models({type_id for type_id, _ in wanted})
    references = {(models_by_id[type_id], key): (type_id, key) for type_id, key in wanted if type_id in models_by_id}
    return {
        references[model, key]: ActorRecord(
            content_type=model._meta.label_lower,
            content_id=key,
            display=None if instance is None else viewer.policy.get_actor_display(viewer.info, instance),
            node=viewer.as_node(instance),
        )
        for (model, key), instance in viewer.find_objects(references).items()
    }
