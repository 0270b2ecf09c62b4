"""What is said to a viewer of what stands in the way of a restore."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from revy.contrib.django.restore import Problem
from revy.contrib.django.tracking import plan_for
from revy_graphql.viewer import Model, Viewer

# In place of messages that name values and other objects, which the viewer might not see.
_SAID: Final[Mapping[str, str]] = {
    "DEPENDENT": "Others refer to it by now.",
    "MISSING_TARGET": "What it refers to exists no more.",
    "UNREADABLE": "What is recorded does not fit the model of today.",
}
# Of the object as a whole, in words that are the same whatever its values are.
_FIXED: Final = frozenset({"CHANGED_SINCE", "CONFLICT", "INCOMPLETE", "INTEGRITY"})


def visible_problems(viewer: Viewer, model: Model, problems: Iterable[Problem]) -> list[Problem]:
    """Return what may be said of the problems of an object that the viewer may see, each thing once.

    Of a field that they may not see, that there is one; of the object as a whole in words of the project's own, which
    may repeat any value, no more unless they see all fields; values and other objects are never named.
    """
    return list(dict.fromkeys(_said(viewer, model, problems)))


def _said(viewer: Viewer, model: Model, problems: Iterable[Problem]) -> Iterator[Problem]:
    for problem in problems:
        if problem.field is not None and viewer.visible_field(model, problem.field) is None:
            yield Problem(None, "A value that you may not see cannot be restored.", problem.code)
        elif problem.code in _SAID:
            yield Problem(problem.field, _SAID[problem.code], problem.code)
        elif problem.field is not None:
            is_conflict = problem.code == "CHANGED_SINCE"
            yield Problem(problem.field, "It was changed since.", problem.code) if is_conflict else problem
        elif problem.code in _FIXED or not masked_names(viewer, model):
            yield problem
        else:
            yield Problem(None, "Values of the object cannot be restored.", problem.code)


def masked_names(viewer: Viewer, model: Model) -> list[str]:
    """Return the attributes that are recorded of the model's objects, but that the viewer may not see."""
    return [name for name in plan_for(model).names if viewer.visible_field(model, name) is None]
