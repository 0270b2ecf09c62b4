"""Everything that the history holds about the machine's objects."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType

from revy.contrib.django import get_attribute_delta_model, get_object_delta_model, get_revision_model
from revy.contrib.django.snapshot import ObjectState
from tests.machine.rows import Key, State, text_of

Actor = tuple[str | None, str | None]  # model label and primary key
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
    key: tuple[str, str]
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


def content_key(key: Key) -> tuple[str, str]:
    model, pk = key
    return model._meta.label_lower, key_text(pk)


class History:
    """What one database holds."""

    def __init__(self, using: str) -> None:
        self.using = using
        types = ContentType.objects.using(using).values_list("id", "app_label", "model")
        self._labels = {id_: f"{app_label}.{model}" for id_, app_label, model in types}

    def read_revisions(self) -> dict[int, str]:
        return dict(get_revision_model()._base_manager.using(self.using).values_list("id", "description"))

    def read_deltas(self) -> dict[int, Delta]:
        deltas = {}
        attributes = self._read_attributes()
        names = (
            "id", "revision_id", "action", "content_type_id", "content_id", "version", "actor_type_id", "actor_id",
            "description", "state", "rebuilt",
        )  # fmt: skip
        rows = get_object_delta_model()._base_manager.using(self.using).annotate(rebuilt=ObjectState()).order_by("id")
        for row in rows.values(*names):
            deltas[row["id"]] = Delta(
                row["id"],
                row["revision_id"],
                row["action"],
                (self._labels[row["content_type_id"]], row["content_id"]),
                row["version"],
                self._actor(row),
                row["description"],
                text_of(row["state"]),
                text_of(row["rebuilt"]),
                tuple(attributes[row["id"]]),
            )
        return deltas

    def _read_attributes(self) -> dict[int, list[Attribute]]:
        attributes: dict[int, list[Attribute]] = defaultdict(list)
        names = ("object_delta_id", "field_name", "old_value", "new_value", "actor_type_id", "actor_id", "description")
        for row in get_attribute_delta_model()._base_manager.using(self.using).order_by("id").values(*names):
            old, new = text_of(row["old_value"]), text_of(row["new_value"])
            attributes[row["object_delta_id"]].append(
                Attribute(row["field_name"], old, new, self._actor(row), row["description"])
            )
        return attributes

    def _actor(self, row: dict[str, Any]) -> Actor:
        return None if row["actor_type_id"] is None else self._labels[row["actor_type_id"]], row["actor_id"]


def state_text(state: State) -> str:
    """Return a state as the history's JSON tells it."""
    return text_of({name: json.loads(value) for name, value in state.items()})
