"""What changed, attribute by attribute, as pages show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models

from revy.contrib.django.admin.diff import Effort, Part, diff_texts
from revy.contrib.django.admin.display import NOTHING, Display, Value, as_text, label_of
from revy.contrib.django.admin.people import Person
from revy.contrib.django.admin.viewer import Model, Viewer
from revy.contrib.django.fields import in_field_order
from revy.contrib.django.values import Json

# Shorter texts of one line are read more easily as a whole than word by word.
_LONG: Final = 60


@dataclass(frozen=True, slots=True)
class Change:
    """An attribute of an object that changed: the name, what was recorded, and who changed it and why."""

    name: str
    old: Json
    new: Json
    description: str = ""
    people: Sequence[Person] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A change to show: `parts` of a long text, what was `added` and `removed` of a list, else both values.

    `sizes` are the lengths of two texts that are too large to be compared.
    """

    label: str
    old: Value = NOTHING
    new: Value = NOTHING
    parts: list[Part] | None = None
    sizes: tuple[int, int] | None = None
    is_list: bool = False
    added: list[Value] = field(default_factory=list)
    removed: list[Value] = field(default_factory=list)
    description: str = ""
    people: Sequence[Person] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """The changes of one object that the viewer may see, and the names of the attributes of which they may not."""

    visible: list[Row]
    hidden: list[str]


class RowMaker:
    """Makes the rows of a page: of all `changes`, those of each object with what it is now, or None if it is gone."""

    def __init__(self, viewer: Viewer, changes: Iterable[tuple[Model, models.Model | None, Sequence[Change]]]) -> None:
        self._viewer = viewer
        self._effort = Effort()
        self._display = Display(
            viewer,
            [
                (model, change.name, value)
                for model, instance, some in changes
                for change in some
                if viewer.visible_field(model, change.name, instance) is not None
                for value in (change.old, change.new)
            ],
        )

    def rows(self, model: Model, instance: models.Model | None, changes: Sequence[Change]) -> Rows:
        """Return the rows of one object's changes, in the order of its fields."""
        names = in_field_order(model, {change.name for change in changes})
        visible, hidden = [], []
        for change in sorted(changes, key=lambda change: names.index(change.name)):
            target = self._viewer.visible_field(model, change.name, instance)
            if target is not None:
                visible.append(self._row(model, target, change))
            elif (label := label_of(model, change.name)) not in hidden:
                hidden.append(label)
        return Rows(visible, hidden)

    def _row(self, model: Model, target: Any, change: Change) -> Row:
        said: dict[str, Any] = {"description": change.description, "people": change.people}
        label = label_of(model, change.name)
        if target.many_to_many:
            before, after = change.old or [], change.new or []
            sides = [key for key in after if key not in before], [key for key in before if key not in after]
            added, removed = (self._display.show_list(model, change.name, keys) for keys in sides)
            return Row(label, is_list=True, added=added, removed=removed, **said)
        old, new = (self._display.show(model, change.name, value) for value in (change.old, change.new))
        old_text, new_text = (as_text(target, value) for value in (change.old, change.new))
        if not old_text or not new_text or not (_is_long(old_text) or _is_long(new_text)):
            return Row(label, old, new, **said)
        parts = diff_texts(old_text, new_text, self._effort)
        sizes = (len(old_text), len(new_text)) if parts is None else None
        return Row(label, old, new, parts=parts, sizes=sizes, **said)


def _is_long(text: str) -> bool:
    return len(text) > _LONG or "\n" in text
