"""A plan as far as a viewer may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.db import models
from django.utils.crypto import salted_hmac

from revy.contrib.django.fields import in_field_order
from revy.contrib.django.restore import Change, ObjectPlan, Plan
from revy_graphql.authority import Visible
from revy_graphql.masking import Mask
from revy_graphql.peers import introduce
from revy_graphql.problems import masked_names, visible_problems
from revy_graphql.viewer import Model, Viewer

_SALT: Final = "revy_graphql.plan"


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    field_name: str
    now: Any
    then: Any
    is_masked: bool


class ObjectPlanRecord:
    """What becomes of an object that the viewer may see."""

    def __init__(self, plan: ObjectPlan, model: Model, record: PlanRecord) -> None:
        self._plan = plan
        self._record = record
        self.model = model
        self.content_type = model._meta.label_lower
        self.content_id = plan.content_id
        self.action = plan.action or None
        self.problems = visible_problems(record.viewer, model, plan.problems)

    @property
    def told(self) -> Iterable[Change]:
        """All changes that the plan tells of."""
        return (*self._plan.changes, *self._plan.conflicts)

    @property
    def changes(self) -> list[ChangeRecord]:
        """What changes, and all that is masked, whether it changes or not: else it could be told whether it does."""
        told = {change.name: change for change in self._plan.changes}
        if self.action is not None:
            masked = masked_names(self._record.viewer, self.model)
            told |= {name: Change(name, None, None) for name in masked if name not in told}
        return [self._seen(told[name]) for name in in_field_order(self.model, told)]

    @property
    def conflicts(self) -> list[ChangeRecord]:
        told = {change.name: change for change in self._plan.conflicts}
        return [self._seen(told[name]) for name in in_field_order(self.model, told)]

    @property
    def object(self) -> models.Model | None:
        return self._record.nodes.get((self.model, self.content_id))

    def _seen(self, change: Change) -> ChangeRecord:
        now, then = (
            self._record.mask.is_visible(self.model, change.name, value) for value in (change.now, change.then)
        )
        return ChangeRecord(change.name, change.now if now else None, change.then if then else None, not (now and then))


class PlanRecord:
    """A plan whose objects the viewer may see. What they need is read when it is first asked for, for all in one go."""

    def __init__(self, viewer: Viewer, plan: Plan, visible: Visible) -> None:
        self.viewer = viewer
        self.is_empty = plan.is_empty
        # The engine's own could be guessed from, value by value.
        self.token = salted_hmac(_SALT, plan.token, algorithm="sha256").hexdigest()
        records = [
            ObjectPlanRecord(each, visible[each.address][0], self) for each in plan.objects if each.address in visible
        ]
        self.objects = sorted(records, key=lambda record: (record.content_type, record.content_id))
        self.problems = list(dict.fromkeys(problem for record in self.objects for problem in record.problems))

    @cached_property
    def mask(self) -> Mask:
        values = (
            (record.model, change.name, value)
            for record in self.objects
            for change in record.told
            for value in (change.now, change.then)
        )
        return Mask(self.viewer, values)

    @cached_property
    def nodes(self) -> dict[tuple[Model, str], models.Model | None]:
        found = self.viewer.find_objects((record.model, record.content_id) for record in self.objects)
        introduce(found.values())
        return {reference: self.viewer.as_node(instance) for reference, instance in found.items()}
