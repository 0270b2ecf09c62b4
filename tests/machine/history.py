"""Everything that the history holds about the machine's objects."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType

from revy.contrib.django import get_attribute_delta_model, get_object_delta_model, get_revision_model
from revy.contrib.django.snapshot import ObjectState
from tests.machine.rows import Key, State, concrete_models, text_of

Actor = tuple[int | None, str | None]
SYSTEM: Actor = (None, None)


@dataclass(frozen=True)
class Attribute:
    name: str
    old: str
    new: str
    actor: Actor
    description: str


@dataclass(frozen=True)
class Delta:
    """An object delta as it is stored, and the state that the database rebuilds for it."""

    id: int
    revision: int
    action: str
    key: tuple[int, str]
    version: int
    actor: Actor
    description: str
    stored: str
    rebuilt: str
    attributes: tuple[Attribute, ...]

    def __str__(self) -> str:
        lines = [
            f"#{self.id} r{self.revision} {self.action} {self.key} v{self.version} {self.actor} {self.description!r}"
        ]
        lines += [
            f"    {each.name}: {each.old} -> {each.new} {each.actor} {each.description!r}" for each in self.attributes
        ]
        return "\n".join([*lines, f"    state {self.stored}"])


def models() -> list[Any]:
    return [get_attribute_delta_model(), get_object_delta_model(), get_revision_model()]


def key_text(pk: Any) -> str:
    return json.dumps(list(pk)) if isinstance(pk, tuple) else str(pk)


def content_key(key: Key) -> tuple[int, str]:
    model, pk = key
    return ContentType.objects.get_for_model(model).pk, key_text(pk)


def model_names() -> dict[int, str]:
    return {ContentType.objects.get_for_model(model).pk: model.__name__ for model in concrete_models()}


def read_revisions() -> dict[int, str]:
    return dict(get_revision_model()._base_manager.values_list("id", "description"))


def read_deltas() -> dict[int, Delta]:
    attributes: dict[int, list[Attribute]] = defaultdict(list)
    stored = get_attribute_delta_model()._base_manager.order_by("id")
    names = ("object_delta_id", "field_name", "old_value", "new_value", "actor_type_id", "actor_id", "description")
    for owner, name, old, new, actor_type, actor, description in stored.values_list(*names):
        attributes[owner].append(Attribute(name, text_of(old), text_of(new), (actor_type, actor), description))
    deltas = {}
    names = (
        "id", "revision_id", "action", "content_type_id", "content_id", "version", "actor_type_id", "actor_id",
        "description", "state", "rebuilt",
    )  # fmt: skip
    rows = get_object_delta_model()._base_manager.annotate(rebuilt=ObjectState()).order_by("id")
    for (
        id_,
        revision,
        action,
        type_id,
        key,
        version,
        actor_type,
        actor,
        description,
        state,
        rebuilt,
    ) in rows.values_list(*names):
        deltas[id_] = Delta(
            id_, revision, action, (type_id, key), version, (actor_type, actor), description, text_of(state),
            text_of(rebuilt), tuple(attributes[id_]),
        )  # fmt: skip
    return deltas


def state_text(state: State) -> str:
    """Return a state as the history's JSON tells it."""
    return text_of({name: json.loads(value) for name, value in state.items()})
