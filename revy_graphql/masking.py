"""Which recorded values a viewer may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import models

from revy_graphql.viewer import Model, Viewer

Value = tuple[Model, str, Any]


class Mask:
    """Tells which of a number of recorded values are visible, with one query for each model that they refer to."""

    def __init__(self, viewer: Viewer, values: Iterable[Value]) -> None:
        self._viewer = viewer
        self._visible = viewer.find_objects(
            reference for value in values for reference in self._references(*value) if reference[1] is not None
        )

    def is_visible(self, model: Model, name: str, value: Any) -> bool:
        """Tell whether the viewer may see the field of that name, and the objects that its value refers to."""
        if self._viewer.visible_field(model, name) is None:
            return False
        return all(reference in self._visible for reference in self._references(model, name, value))

    def apply(self, model: Model, state: dict[str, Any]) -> dict[str, Any]:
        """Return the state without the values that are not visible."""
        return {name: value for name, value in state.items() if self.is_visible(model, name, value)}

    def _references(self, model: Model, name: str, value: Any) -> Iterator[Any]:
        """Yield the objects that have to be looked up before the value may be shown."""
        field: Any = self._viewer.visible_field(model, name)
        if field is None or value is None or not field.is_relation or not isinstance(field.related_model, type):
            return
        target: type[models.Model] = field.related_model
        if self._viewer.visibility_of(target).is_total:
            return
        for key in value if isinstance(value, list) else [value]:
            # What refers to another column than the primary key cannot be looked up, and stays hidden.
            yield target, str(key) if field.many_to_many or field.target_field.primary_key else None
