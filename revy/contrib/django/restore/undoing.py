"""What is wanted to undo a revision: each of its objects as it was before the first change, seen from the last one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from revy.contrib.django import conf
from revy.contrib.django.changes import CREATE, DELETE
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.restore.goals import Deed, Goal, Lost
from revy.contrib.django.restore.plan import Address
from revy.contrib.django.restore.problems import INCOMPLETE, Problem
from revy.contrib.django.restore.targets import make_goal, resolve
from revy.contrib.django.snapshot import State


class _Net:
    """What a revision did to one object in all: its state before and after, None where it was not there.

    Of an object that was there before and after, only what was changed.
    """

    def __init__(self, action: str) -> None:
        self.was_there = action != CREATE
        self.is_incomplete = False
        self.before: State = {}
        self.after: State | None = {}
        self._is_before_whole = False

    def follow(self, action: str, state: State | None, changes: list[tuple[str, Any, Any]]) -> None:
        if action == CREATE:
            self.is_incomplete |= state is None
            self.after = dict(state or {})
        elif action == DELETE:
            if self.was_there and not self._is_before_whole:
                self.is_incomplete |= state is None
                self.before = {**(state or {}), **self.before}
                self._is_before_whole = True
            self.after = None
        else:
            for name, old, new in changes:
                if self.was_there and not self._is_before_whole:
                    self.before.setdefault(name, old)
                if self.after is not None:
                    self.after[name] = new


def undone(revision: Any) -> Iterator[Goal | Lost]:
    """Yield what is wanted of each object that the revision changed, and left changed."""
    history = revision._state.db or "default"
    nets = _nets(revision, history)
    if not nets and not type(revision)._base_manager.using(history).filter(pk=revision.pk).exists():
        raise revision.DoesNotExist(f"{revision} is not in the history any more: nothing tells what to undo.")
    for address, net in nets.items():
        if not net.was_there and net.after is None:
            continue
        model = resolve(address, history)
        if isinstance(model, Lost):
            yield model
            continue
        address = content_type_id(model, history), address[1]  # noqa: PLW2901 - the same object
        if net.is_incomplete:
            yield Lost(model, address, Problem(None, "The whole state before or after it is gone.", INCOMPLETE))
        elif not net.was_there:
            after = net.after or {}
            yield make_goal(model, address, after, base=after, is_strict=True, missing=Deed.LEAVE, there=Deed.DELETE)
        elif net.after is None:
            yield make_goal(model, address, net.before, missing=Deed.CREATE, there=Deed.CONFLICT)
        else:
            yield make_goal(
                model, address, net.before, base=net.after, is_strict=True, missing=Deed.CONFLICT, there=Deed.WRITE
            )


def _nets(revision: Any, history: str) -> dict[Address, _Net]:
    deltas = conf.get_object_delta_model()._base_manager.using(history).filter(revision_id=revision.pk)
    changes: dict[Any, list[tuple[str, Any, Any]]] = defaultdict(list)
    told = conf.get_attribute_delta_model()._base_manager.using(history).filter(object_delta__revision_id=revision.pk)
    rows = told.order_by("pk").values_list("object_delta_id", "field_name", "old_value", "new_value")
    for delta_id, name, old, new in rows:
        changes[delta_id].append((name, old, new))
    nets: dict[Address, _Net] = {}
    ordered = deltas.order_by("pk").values_list("pk", "content_type_id", "content_id", "action", "state")
    for pk, type_id, content_id, action, state in ordered:
        net = nets.setdefault((type_id, content_id), _Net(action))
        net.follow(action, state, changes.pop(pk, []))
    return nets
