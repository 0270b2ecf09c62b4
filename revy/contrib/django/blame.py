"""Who and why: the actor and the description that each delta gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.contrib.contenttypes.models import ContentType
from django.db import models

from revy import actor as actors
from revy.contrib.django import journal
from revy.contrib.django.errors import UnsavedActor
from revy.contrib.django.tracking import concrete_model, key_of_instance
from revy.contrib.django.values import Json, is_same, key_to_text
from revy.family import read_description
from revy.frame import (
    ACTOR,
    ATTRIBUTE_DELTA_DESCRIPTION,
    DELETION_DESCRIPTION,
    OBJECT_DELTA_DESCRIPTION,
    Frame,
)


class ActorKey(NamedTuple):
    type_id: int | None
    id: str | None


SYSTEM = ActorKey(None, None)


class Change(NamedTuple):
    """One step of one attribute, by one actor for one reason."""

    actor: ActorKey
    description: str
    old: Json
    new: Json


def identify(actor: Any, using: str) -> ActorKey:
    """Return what names the actor in a row of that database. Raises UnsavedActor for one without primary key."""
    instance = actors.resolve(actor)
    if instance is None:
        return SYSTEM
    model = type(instance)
    known = instance._state.__dict__.get("revy_actor")
    if instance.pk is None:
        if known is None:
            raise UnsavedActor(f"The actor {instance!r} has no primary key: save it before it acts.")
        return known  # type: ignore[no-any-return]  # it acted before it was deleted
    content_type = ContentType.objects.db_manager(using).get_for_model(model)
    key = ActorKey(content_type.pk, key_to_text(model, instance.pk))
    instance._state.revy_actor = key
    return key


class Blame:
    """What the context says counts for every change."""

    def __init__(self, frame: Frame, using: str) -> None:
        self.actor = identify(_value(frame, ACTOR), using)
        self.object_description = read_description(_value(frame, OBJECT_DELTA_DESCRIPTION))
        self.attribute_description = read_description(_value(frame, ATTRIBUTE_DELTA_DESCRIPTION))
        self.deletion_description = read_description(_value(frame, DELETION_DESCRIPTION))
        self.using = using

    def of_object(self, model: type[models.Model], pk: Any, *, is_deleted: bool) -> tuple[ActorKey, str]:
        """Return the actor and description of the change of one object."""
        return self.actor, self.object_description

    def of_attribute(self, model: type[models.Model], pk: Any, attname: str, old: Json, new: Json) -> list[Change]:
        """Return the steps from the old to the new value of one attribute."""
        return [Change(self.actor, self.attribute_description, old, new)]


class SaveBlame(Blame):
    """Each attribute of the saved instance was changed by whoever assigned it."""

    def __init__(self, frame: Frame, using: str, instance: models.Model) -> None:
        super().__init__(frame, using)
        self.instance = instance

    def of_attribute(self, model: type[models.Model], pk: Any, attname: str, old: Json, new: Json) -> list[Change]:
        if not self._is_saved(model, pk):
            return super().of_attribute(model, pk, attname, old, new)
        chain = journal.chain_of(self.instance, attname)
        changes: list[Change] = []
        for position, link in enumerate(chain, 1):
            end = new if position == len(chain) else link.end
            start = changes[-1].new if changes else old
            if is_same(start, end):
                continue
            actor, description = identify(link.actor, self.using), read_description(link.description)
            if changes and changes[-1][:2] == (actor, description):
                changes[-1] = changes[-1]._replace(new=end)
            else:
                changes.append(Change(actor, description, start, end))
        if not changes or not is_same(changes[-1].new, new):
            # Nobody was seen assigning it: an in-place change, an expression, or an assignment outside of contexts.
            changes.append(Change(self.actor, self.attribute_description, changes[-1].new if changes else old, new))
        return [change for change in changes if not is_same(change.old, change.new)]

    def _is_saved(self, model: type[models.Model], pk: Any) -> bool:
        """Tell whether it is the instance that was saved, or one that inherits from its row; fields may save others."""
        if isinstance(self.instance, model):
            return bool(pk == key_of_instance(self.instance, model))
        return issubclass(model, concrete_model(type(self.instance)))


@dataclass(frozen=True)
class Roots:
    """The objects that a deletion was asked for: keys by model, or every object of the model when None."""

    keys: dict[type[models.Model], set[Any] | None]

    def include(self, model: type[models.Model], pk: Any) -> bool:
        keys = self.keys.get(model, ())
        return keys is None or pk in keys


class DeletionBlame(Blame):
    """What fell with the objects whose deletion was asked for was changed by nobody, because of the deletion."""

    def __init__(self, frame: Frame, using: str, roots: Roots) -> None:
        super().__init__(frame, using)
        self.roots = roots

    def of_object(self, model: type[models.Model], pk: Any, *, is_deleted: bool) -> tuple[ActorKey, str]:
        if not is_deleted:
            return SYSTEM, ""
        if self.roots.include(model, pk):
            return super().of_object(model, pk, is_deleted=is_deleted)
        return SYSTEM, self.deletion_description

    def of_attribute(self, model: type[models.Model], pk: Any, attname: str, old: Json, new: Json) -> list[Change]:
        return [Change(SYSTEM, self.deletion_description, old, new)]


def _value(frame: Frame, key: str) -> Any:
    cell = frame.cells.get(key)
    return None if cell is None else cell.value
