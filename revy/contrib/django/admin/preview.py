"""A plan as a page shows it: what becomes of each object, and what stands in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from revy.contrib.django.admin.display import label_of
from revy.contrib.django.admin.rows import Change, RowMaker, Rows
from revy.contrib.django.admin.texts import legible, past_texts, texts_of
from revy.contrib.django.admin.viewer import Viewer
from revy.contrib.django.conf import get_object_delta_model
from revy.contrib.django.restore import ObjectPlan, Plan, Problem

# So many objects are shown one by one.
MOST_OBJECTS: Final = 100

_ACTIONS: Final = {
    "C": _("Will be created"), "U": _("Will be changed"), "D": _("Will be deleted"), "": _("Stays as it is"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """What becomes of an object; of one that the viewer may not see, only that something does."""

    label: str
    text: str
    url: str
    action: str
    rows: Rows
    conflicts: Rows
    problems: list[str]

    @property
    def action_label(self) -> Any:
        return _ACTIONS[self.action]


@dataclass(frozen=True, slots=True)
class Preview:
    """A plan to show; `more` is how many objects are not shown."""

    objects: list[PlannedObject]
    more: int
    problems: list[tuple[str, str]]
    token: str
    is_empty: bool

    @property
    def can_apply(self) -> bool:
        return not self.problems and not self.is_empty


def make_preview(viewer: Viewer, plan: Plan, first: tuple[int, str] | None = None) -> Preview:
    """Return what to show of a plan: what has problems first, but for the object that it is all about."""
    ordered = sorted(plan.objects, key=lambda each: (each.address != first, not each.problems, str(each)))
    told_of = [each for each in ordered if each.action or each.conflicts or each.problems]
    shown = told_of[:MOST_OBJECTS]
    found = viewer.find_objects((each.model, each.content_id) for each in shown if each.model is not None)
    live = {each.address: found.get((each.model, each.content_id)) for each in shown if each.model is not None}
    told = [
        (each.model, live.get(each.address), some)
        for each in shown
        if each.model is not None
        for some in (_changes(each.changes), _changes(each.conflicts))
    ]
    maker = RowMaker(viewer, told)
    texts = _texts(viewer, shown, live)
    objects = [_show(viewer, each, live.get(each.address), texts.get(each.address), maker) for each in shown]
    problems = [(f"{each.label} {each.text}".strip(), problem) for each in objects for problem in each.problems]
    return Preview(objects, len(told_of) - len(shown), problems, plan.token, plan.is_empty)


def _texts(viewer: Viewer, plans: Sequence[ObjectPlan], live: dict[Any, Any]) -> dict[Any, str]:
    """Return what the objects that the viewer may see call themselves, or did at the state that comes back."""
    there = {address: instance for address, instance in live.items() if instance is not None}
    texts = dict(zip(there, texts_of(there.values()), strict=True))
    gone = {
        plan.address: (plan.model, plan.content_id, {change.name: change.then for change in plan.changes})
        for plan in plans
        if plan.model is not None and plan.address not in there and _is_visible(viewer, plan)
    }
    return texts | dict(zip(gone, past_texts(viewer, gone.values(), viewer.using), strict=True))


def _show(
    viewer: Viewer, plan: ObjectPlan, instance: models.Model | None, text: str | None, maker: RowMaker
) -> PlannedObject:
    model = plan.model
    if model is None or text is None:
        hidden, nothing = gettext("An object that you may not see"), Rows([], [])
        problems = [gettext("What stands in the way of it, you may not see.")] if plan.problems else []
        return PlannedObject("", hidden, "", plan.action, nothing, nothing, problems)
    return PlannedObject(
        label=str(capfirst(model._meta.verbose_name)),
        text=text,
        url="" if instance is None else viewer.url_of(instance),
        action=plan.action,
        rows=maker.rows(model, instance, _changes(plan.changes)),
        conflicts=maker.rows(model, instance, _changes(plan.conflicts)),
        problems=list(dict.fromkeys(_problem(viewer, model, instance, problem) for problem in plan.problems)),
    )


def _is_visible(viewer: Viewer, plan: ObjectPlan) -> bool:
    """Tell whether the viewer may see an object that was not found: one that is there, and was not, is hidden."""
    visibility = None if plan.model is None else viewer.visibility_of(plan.model)
    return visibility is not None and (
        visibility.is_total or (visibility.shows_deleted and plan.action == get_object_delta_model().ACTION_CREATE)
    )


def _problem(viewer: Viewer, model: type[models.Model], instance: models.Model | None, problem: Problem) -> str:
    """Return a problem; of one with a field that the viewer may not see no more than that there is one."""
    if problem.field is None:
        return legible(problem.message)
    if viewer.visible_field(model, problem.field, instance) is None:
        return gettext("A value that you may not see cannot be restored.")
    return f"{label_of(model, problem.field)}: {legible(problem.message)}"


def _changes(changes: Sequence[Any]) -> list[Change]:
    return [Change(change.name, change.now, change.then) for change in changes]
