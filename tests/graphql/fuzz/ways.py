"""Ways through a schema: which fields lead from one type to another."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLSchema, get_named_type, is_abstract_type, is_composite_type, is_introspection_type


class Ways:
    def __init__(self, schema: GraphQLSchema) -> None:
        self.kinds = [
            kind for kind in schema.type_map.values() if is_composite_type(kind) and not is_introspection_type(kind)
        ]
        # A step to the type of a field has the name of the field, one to a possible type has none.
        self.steps: dict[str, list[tuple[str, Any]]] = {}
        for kind in self.kinds:
            fields: dict[str, Any] = getattr(kind, "fields", {})
            below = [(name, get_named_type(one.type)) for name, one in fields.items()]
            possible = schema.get_possible_types(kind) if is_abstract_type(kind) else []  # type: ignore[arg-type]
            self.steps[kind.name] = [("", one) for one in possible] + [
                (name, one) for name, one in below if is_composite_type(one)
            ]
        self._distances: dict[str, dict[str, int]] = {}

    def towards(self, kind: Any, target: Any, most: int) -> list[tuple[str, Any]]:
        """Return the first steps of the ways from a type to another that have at most that many steps."""
        distances = self._distances_to(target.name)
        return [step for step in self.steps[kind.name] if distances.get(step[1].name, most) < most]

    def _distances_to(self, target: str) -> dict[str, int]:
        if target not in self._distances:
            found = {target: 0}
            size = 0
            while len(found) > size:
                size = len(found)
                for name, steps in self.steps.items():
                    near = [found[one.name] + 1 for _, one in steps if one.name in found]
                    if near and min(near) < found.get(name, len(self.steps)):
                        found[name] = min(near)
            self._distances[target] = found
        return self._distances[target]
