"""Whether a viewer may do what a plan does, to each of its objects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from django.db import models

from revy.contrib.django.restore import ObjectPlan, Plan
from revy.contrib.django.values import key_to_text
from revy_graphql.errors import Forbidden
from revy_graphql.viewer import Model, Reference, Viewer

Address = tuple[int, str]
# The objects of a plan that the viewer may see, by the addresses of their plans.
Visible = Mapping[Address, Reference]


class Authority:
    """Asks the policy about the objects of a plan: all at once when it is made, each again when it is carried out."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._is_checked = False
        # What is written as a part of another object; what is created has no key to be told by.
        self._parts: set[tuple[Model | None, str | None]] = set()

    def allows(self, model: Model, instance: models.Model | None, action: str) -> bool:
        """Answer the engine: everything until the plan is checked, and from then on with every row locked."""
        if not self._is_checked:
            return True
        key = None if instance is None else key_to_text(model, instance.pk)
        return (model, key) in self._parts or self._may(model, instance, action)

    def check(self, plan: Plan) -> Visible:
        """Return the objects of the plan that the viewer may see, found with one query a model.

        Raises Forbidden if there is one that they may not see, or whose change the policy refuses. The rows of an
        object in the tables of models that inherit from each other are parts: it will do if all of it is allowed.
        """
        visible = dict(self._references(plan.objects))
        found = self._viewer.find_objects(visible.values())
        visible = {address: reference for address, reference in visible.items() if reference in found}
        allowed: dict[str, list[ObjectPlan]] = defaultdict(list)
        others = []
        for each in plan.objects:
            reference = visible.get(each.address)
            if reference and (not each.action or self._may(reference[0], found[reference], each.action)):
                allowed[each.content_id].append(each)
            else:
                others.append(each)
        for each in others:
            if not any(_is_part(each, whole) for whole in allowed[each.content_id]):
                raise Forbidden("It takes something along that you may not see, or may not change.")
            self._parts.add((each.model, None if each.action == "C" else each.content_id))
        self._is_checked = True
        return visible

    def _references(self, plans: Iterable[ObjectPlan]) -> Iterator[tuple[Address, Reference]]:
        for each in plans:
            model = self._viewer.visible_models.get(each.content_type_id)
            if model is not None:
                yield each.address, (model, each.content_id)

    def _may(self, model: Model, instance: models.Model | None, action: str) -> bool:
        policy, info = self._viewer.policy, self._viewer.info
        if action == "D" and instance is not None:
            return policy.can_delete(info, model, instance)
        return policy.can_restore(info, model, None if action == "C" else instance)


def _is_part(part: ObjectPlan, whole: ObjectPlan) -> bool:
    """Tell whether what becomes of one object is what becomes of another one, which has a row in common with it."""
    if part.model is None or whole.model is None or part.action != whole.action:
        return False
    names = {change.name for change in whole.changes}
    return (_inherits(part.model, whole.model) or _inherits(whole.model, part.model)) and all(
        change.name in names for change in part.changes
    )


def _inherits(model: Model, parent: Model) -> bool:
    """Tell whether the objects of a model have a row of the parent's under the same primary key."""
    key = model._meta.pk
    while key is not None and key.remote_field is not None and key.remote_field.parent_link:
        if key.remote_field.model is parent:
            return True
        key = key.remote_field.model._meta.pk
    return False
