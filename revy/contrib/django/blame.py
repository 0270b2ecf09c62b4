"""Who and why: the actor and the description that each delta gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import models

from revy import actor as actors
from revy.contrib.django import journal
from revy.contrib.django.changes import DELETE, UPDATE, RowChange
from revy.contrib.django.content_types import content_type_id
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


class Step(NamedTuple):
    """One change of one attribute, by one actor for one reason."""

    attname: str
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
    key = ActorKey(content_type_id(model, using), key_to_text(model, instance.pk))
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

    def of_object(self, change: RowChange) -> tuple[ActorKey, str]:
        """Return the actor and description of the change of one object."""
        return self.actor, self.object_description

    def of_attributes(self, change: RowChange) -> list[Step]:
        """Return what is to be stored of the attributes: of an Update all, of a Create what its state does not tell."""
        if change.action == UPDATE:
            old = change.old
            return [
                step
                for attname, new in change.new.items()
                if not is_same(old.get(attname), new)
                for step in self._steps(attname, old.get(attname), new)
            ]
        if change.action == DELETE or self._is_told_by_state():
            return []
        told = [(self.actor, "")]
        steps = [self._steps(attname, None, new) for attname, new in (change.row or {}).items() if new is not None]
        return [step for some in steps if [(step.actor, step.description) for step in some] != told for step in some]

    def _is_told_by_state(self) -> bool:
        """Tell whether a Create and all its attributes have the same actor and description."""
        return not self.attribute_description

    def _steps(self, attname: str, old: Json, new: Json) -> list[Step]:
        """Return the steps from the old to the new value of one attribute."""
        return [Step(attname, self.actor, self.attribute_description, old, new)]


class SaveBlame(Blame):
    """Each attribute of the saved instance was changed by whoever assigned it."""

    def __init__(self, frame: Frame, using: str, instance: models.Model) -> None:
        super().__init__(frame, using)
        self.instance = instance
        self._is_seen = False

    def of_attributes(self, change: RowChange) -> list[Step]:
        self._is_seen = journal.is_kept(self.instance) and self._is_saved(change.model, change.pk)
        return super().of_attributes(change)

    def _is_told_by_state(self) -> bool:
        return not self._is_seen and super()._is_told_by_state()

    def _steps(self, attname: str, old: Json, new: Json) -> list[Step]:
        chain = journal.chain_of(self.instance, attname) if self._is_seen else ()
        steps: list[Step] = []
        for position, link in enumerate(chain, 1):
            end = new if position == len(chain) else link.end
            start = steps[-1].new if steps else old
            if is_same(start, end):
                continue
            actor, description = identify(link.actor, self.using), read_description(link.description)
            if steps and (steps[-1].actor, steps[-1].description) == (actor, description):
                steps[-1] = steps[-1]._replace(new=end)
            else:
                steps.append(Step(attname, actor, description, start, end))
        if not steps or not is_same(steps[-1].new, new):
            # Nobody was seen assigning it: an in-place change, an expression, or an assignment outside of contexts.
            steps += super()._steps(attname, steps[-1].new if steps else old, new)
        return [step for step in steps if not is_same(step.old, step.new)]

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

    def of_object(self, change: RowChange) -> tuple[ActorKey, str]:
        if change.action != DELETE:
            return SYSTEM, ""
        if self.roots.include(change.model, change.pk):
            return super().of_object(change)
        return SYSTEM, self.deletion_description

    def _steps(self, attname: str, old: Json, new: Json) -> list[Step]:
        return [Step(attname, SYSTEM, self.deletion_description, old, new)]


def _value(frame: Frame, key: str) -> Any:
    cell = frame.cells.get(key)
    return None if cell is None else cell.value
