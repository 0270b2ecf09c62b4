"""What fell with a deleted object, as its revision tells: what was deleted in its wake, and what lost a reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

from django.db import models

from revy.contrib.django import conf
from revy.contrib.django.changes import DELETE, UPDATE
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.renames import names_of_today, state_of_today
from revy.contrib.django.restore.goals import Deed, Goal, Lost
from revy.contrib.django.restore.plan import Address
from revy.contrib.django.restore.references import GenericRelation, family, generic_relations
from revy.contrib.django.restore.targets import deltas_of, make_goal, resolve
from revy.contrib.django.snapshot import State
from revy.contrib.django.tracking import plan_for
from revy.contrib.django.values import Codec, Json, is_same

Model = type[models.Model]

_SPARING: Final = frozenset({"SET_NULL", "SET_DEFAULT", "SET", "set_on_delete", "PROTECT", "RESTRICT", "DO_NOTHING"})


class Reference(NamedTuple):
    """What a foreign key leads to: the model, the column that it names, and the value there, encoded."""

    model: Model
    attname: str
    value: Hashable


@dataclass(frozen=True, slots=True)
class Fallen:
    """An object that was deleted, and the state that it had."""

    model: Model
    address: Address
    state: State


def find_deletion(delta: Any) -> Any:
    """Return the deletion that a version is to be brought back from: the delta itself, or the object's last one."""
    if delta.action == DELETE:
        return delta
    last = deltas_of(delta).order_by("-version").first()
    return last if last is not None and last.action == DELETE else None


def fallen_with(deletion: Any, root: Goal, *, is_at_deletion: bool) -> Iterator[Goal | Lost]:
    """Yield what is wanted of the objects that fell with the root, by a deletion of its revision.

    Those that refer to it by a reference that cascades come back, if they are still gone, and those that refer to
    these, and so on; those that had their reference taken away get it back, if they have not got another one since. So
    does the root, unless it is wanted as it was before it was deleted.
    """
    wake = _Wake(deletion, deletion._state.db or "default")
    fallen = wake.fallen.get(root.address) or Fallen(root.model, root.address, root.state)
    if is_at_deletion:
        root.state.update(fallen.state)
    yield from wake.follow(fallen, root if is_at_deletion else None)


class _Wake:
    """The deletions of a revision, and what they took from others, by what was referred to."""

    def __init__(self, deletion: Any, history: str) -> None:
        self.history = history
        self.revision_id = deletion.revision_id
        self._models: dict[int, Model | None] = {}
        self.fallen: dict[Address, Fallen] = {}
        self._by_reference: dict[Reference, list[Fallen]] = defaultdict(list)
        self._by_generic: dict[GenericRelation, dict[tuple[Any, str], list[Fallen]]] = {}
        self._losses: dict[Reference, list[Callable[[dict[Address, Goal]], None]]] = defaultdict(list)
        self._attnames: dict[Model, set[str]] = defaultdict(set)
        self._read_deletions()
        self._read_losses()
        for fallen in self.fallen.values():
            for field in fallen.model._meta.concrete_fields:
                value = fallen.state.get(field.attname)
                if value is not None and _cascades(field):
                    self._by_reference[self._reference(field, value)].append(fallen)

    def follow(self, root: Fallen, goal: Goal | None) -> Iterator[Goal | Lost]:
        """Yield the goals of all that fell with the root, and of what it and they were taken from."""
        goals: dict[Address, Goal | Lost | None] = {root.address: goal}
        losers: dict[Address, Goal] = {}
        queue = [root]
        while queue:
            fallen = queue.pop()
            for reference in self._references_to(fallen):
                for lose in self._losses.get(reference, ()):
                    lose(losers)
            for each in self._in_wake_of(fallen):
                if each.address not in goals:
                    queue.append(each)
                    goals[each.address] = make_goal(
                        each.model, each.address, dict(each.state), missing=Deed.CREATE, there=Deed.LEAVE
                    )
        for address, loser in losers.items():
            known = goals.setdefault(address, loser)
            if isinstance(known, Goal) and known is not loser:
                _give_back(known, loser)
        yield from (each for each in goals.values() if each is not None and each is not goal)

    def _in_wake_of(self, fallen: Fallen) -> Iterator[Fallen]:
        for reference in self._references_to(fallen):
            yield from self._by_reference.get(reference, ())
        for model in family(fallen.model):
            yield from self._related_generically(model, fallen)
        for parent in fallen.model._meta.get_parent_list():
            key = fallen.state.get(parent._meta.pk.attname)
            found = self.fallen.get((content_type_id(parent, self.history), str(key)))
            if found is not None:
                yield found

    def _references_to(self, fallen: Fallen) -> Iterator[Reference]:
        for model in family(fallen.model):
            for attname in self._attnames.get(model, ()):
                value = fallen.state.get(attname)
                if value is not None:
                    yield Reference(model, attname, value)

    def _related_generically(self, model: Model, fallen: Fallen) -> Iterator[Fallen]:
        """Yield what a GenericRelation of the model has cascaded to."""
        for relation in generic_relations(model, self.history):
            if relation not in self._by_generic:
                index = self._by_generic[relation] = defaultdict(list)
                for each in self.fallen.values():
                    if each.model is relation.model:
                        index[each.state.get(relation.type_attname), str(each.state.get(relation.key_attname))].append(
                            each
                        )
            key = relation.content_type_id, str(fallen.state.get(model._meta.pk.attname))
            yield from self._by_generic[relation].get(key, ())

    def _read_deletions(self) -> None:
        deltas = conf.get_object_delta_model()._base_manager.using(self.history).filter(revision_id=self.revision_id)
        rows = deltas.order_by("pk").values_list("content_type_id", "content_id", "action", "state")
        for type_id, content_id, action, state in rows:
            model = self._model_of(type_id)
            if model is None:
                continue
            address = content_type_id(model, self.history), content_id
            if action == DELETE and state is not None:
                self.fallen[address] = Fallen(model, address, state_of_today(model, state))
            elif action != UPDATE:
                self.fallen.pop(address, None)  # it came back in the same revision

    def _read_losses(self) -> None:
        """Read the updates that nobody made: a deletion leaves its traces on others as the system."""
        nulled: list[tuple[Fallen, str, Reference]] = []
        changes = conf.get_attribute_delta_model()._base_manager.using(self.history)
        rows = changes.filter(
            object_delta__revision_id=self.revision_id, object_delta__action=UPDATE, actor_type_id=None
        ).order_by("pk")
        names = ("object_delta__content_type_id", "object_delta__content_id", "field_name", "old_value", "new_value")
        for type_id, content_id, recorded_name, old, new in rows.values_list(*names):
            model = self._model_of(type_id)
            if model is None or old is None:
                continue
            address = content_type_id(model, self.history), content_id
            name = names_of_today(model).get(recorded_name, recorded_name)
            field = next((field for field in model._meta.concrete_fields if field.attname == name), None)
            if field is None:
                self._read_lost_keys(model, address, name, old, new)
            elif _cascades(field):
                fallen = self.fallen.get(address)
                if fallen is not None and new is None and fallen.state.get(name) is None:
                    nulled.append((fallen, name, self._reference(field, old)))
            elif field.remote_field is not None and _may_set(field, new):
                lose = partial(_point_back, model, address, name, old, new)
                self._losses[self._reference(field, old)].append(lose)
        # MySQL and MariaDB cannot wait for what a row refers to: it is set to null before it falls with that.
        gone = {reference for fallen in self.fallen.values() for reference in self._references_to(fallen)}
        for fallen, name, reference in nulled:
            if reference in gone:
                fallen.state[name] = reference.value

    def _read_lost_keys(self, model: Model, address: Address, name: str, old: Json, new: Json) -> None:
        """Note the keys that a many-to-many list has lost."""
        link = next((link for link in plan_for(model).links if link.field.name == name), None)
        if link is None or not isinstance(old, list) or not isinstance(new, list):
            return
        for key in old:
            if key not in new:
                self._losses[self._reference(link.target, key)].append(partial(_put_back, model, address, name, key))

    def _reference(self, field: Any, value: Json) -> Reference:
        target = field.target_field
        model = plan_for(target.model).model
        self._attnames[model].add(target.attname)
        return Reference(model, target.attname, value)

    def _model_of(self, type_id: int) -> Model | None:
        if type_id not in self._models:
            found = resolve((type_id, ""), self.history)
            self._models[type_id] = None if isinstance(found, Lost) else found
        return self._models[type_id]


def _cascades(field: Any) -> bool:
    if field.remote_field is None or field.many_to_many:
        return False
    return getattr(field.remote_field.on_delete, "__name__", "") not in _SPARING


def _may_set(field: Any, value: Json) -> bool:
    """Tell whether a deletion may have set a foreign key to the value."""
    name = getattr(field.remote_field.on_delete, "__name__", "")
    if name == "SET_NULL":
        return value is None
    return name != "SET_DEFAULT" or is_same(value, Codec(field).encode(field.get_default()))


def _loser(losers: dict[Address, Goal], model: Model, address: Address) -> Goal | None:
    if address not in losers:
        goal = make_goal(model, address, {}, missing=Deed.LEAVE, there=Deed.WRITE, base={})
        if isinstance(goal, Lost):
            return None
        losers[address] = goal
    return losers[address]


def _give_back(fallen: Goal, loser: Goal) -> None:
    """Have an object that lost references before it was deleted itself come back with them.

    A deletion of many objects is recorded in parts.
    """
    for name, old in loser.state.items():
        if loser.base is not None and is_same(fallen.state.get(name), loser.base[name]):
            fallen.state[name] = old
    for name, keys in loser.additions.items():
        told = fallen.state.get(name) or []
        fallen.state[name] = [*told, *(key for key in keys if key not in told)]


def _point_back(model: Model, address: Address, name: str, old: Json, new: Json, losers: dict[Address, Goal]) -> None:
    goal = _loser(losers, model, address)
    if goal is not None and goal.base is not None:
        goal.state[name], goal.base[name] = old, new


def _put_back(model: Model, address: Address, name: str, key: Json, losers: dict[Address, Goal]) -> None:
    goal = _loser(losers, model, address)
    if goal is not None:
        goal.additions.setdefault(name, []).append(key)
