"""Arguments: what clients pass, and what nobody should."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
)

from tests.graphql.fuzz.world import World

SIZES = [0, 1, 2, 5, 20, 50, 100]
INTEGERS = [*SIZES, 101, -1, 2**31 - 1, 2**31, -(2**63), 10**30]
TEXTS = [
    "", "a", "title", "Back to the start.", "change", "%", "_", "\\", "'; DROP TABLE x; --", "\x00", "a\x00b",
    "\ud800", "😀", "x" * 300, "x" * 10_001, "null", "1", "-1", "1e999", "{}", "../../etc/passwd", "\u202e", "ﬀ", " ",
]  # fmt: skip
FIELD_NAMES = [
    "title",
    "body",
    "secret",
    "draft",
    "draft_id",
    "author_id",
    "password",
    "is_public",
    "pk",
    "id",
    "nothing",
]
RIGHT_MOMENTS = ["2020-01-01T00:00:00Z", "2100-01-01T00:00:00+01:00", "0001-01-01T00:00:00"]
MOMENTS = [*RIGHT_MOMENTS, "2026-02-30T00:00:00", "now", ""]


class Enumerated(str):
    """A value of an enum: in a document, it is no string."""


class Values:
    """Chooses the values of arguments by their names and types."""

    def __init__(self, random: Random, world: World, *, is_right: bool) -> None:
        self.random = random
        self._is_right = is_right
        self._of_type = ""
        self.world = world
        self._address: tuple[str, str] | None = None

    def choose(self, name: str, kind: GraphQLInputType, of_type: str = "") -> Any:
        """Return a value for the argument of that name, of a field that returns `of_type`."""
        self._of_type = of_type
        if self._errs(0.05):
            return self.random.choice([None, *INTEGERS, *TEXTS, [], {}, [[1]], {"a": {"b": 1}}, True, 1.5, -0.0])
        if isinstance(kind, GraphQLNonNull):
            return self._of(name, kind.of_type)
        return None if self.random.random() < 0.05 else self._of(name, kind)

    def _of(self, name: str, kind: Any) -> Any:
        if isinstance(kind, GraphQLList):
            return [self.choose(name, kind.of_type) for _ in range(self.random.randint(0, 3))]
        if isinstance(kind, GraphQLInputObjectType):
            return {
                key: self.choose(key, field.type)
                for key, field in kind.fields.items()
                if isinstance(field.type, GraphQLNonNull) or self.random.random() < 0.5
            }
        if isinstance(kind, GraphQLEnumType):
            return Enumerated(self.random.choice([*kind.values, *([] if self._is_right else ["NOTHING"])]))
        return self._named(name, kind.name)

    def _named(self, name: str, kind: str) -> Any:
        chosen = {
            "contentType": self._content_type, "contentId": self._content_id, "id": self._node_id,
            "after": self._cursor, "before": self._cursor, "version": self._version, "expectedVersion": self._version,
            "revision": self._revision_id, "from": self._version, "to": self._version,
            "fieldName": lambda: self.random.choice(FIELD_NAMES),
        }.get(name)  # fmt: skip
        if chosen is not None and not self._errs(0.1):
            return chosen()
        return {
            "Int": lambda: self.random.choice(SIZES if self._is_right else INTEGERS),
            "Boolean": lambda: self.random.choice([True, False]),
            "Float": lambda: self.random.choice([0.5, -1e300]),
            "DateTime": lambda: self.random.choice(RIGHT_MOMENTS if self._is_right else MOMENTS),
        }.get(kind, lambda: self.random.choice(TEXTS))()

    def _content_type(self) -> str:
        self._address = self.random.choice(self.world.addresses)
        label = self._address[0] if self.random.random() < 0.8 else self.random.choice(self.world.labels)
        return self.random.choice([label, label, label.upper(), label.title()])

    def _content_id(self) -> str:
        if self._address is not None and self.random.random() < 0.8:
            return self._address[1]
        return self.random.choice(self.world.addresses)[1]

    def _node_id(self) -> str:
        if self._of_type == "RevertRevisionPayload":
            return self._revision_id()
        return self._of_the_type(self.world.node_ids)

    def _revision_id(self) -> str:
        return self.random.choice([text for kind, text in self.world.node_ids if kind == "Revision"])

    def _cursor(self) -> str:
        return self._of_the_type(self.world.cursors)

    def _errs(self, probability: float) -> bool:
        return not self._is_right and self.random.random() < probability

    def _of_the_type(self, pairs: list[tuple[str, str]]) -> str:
        """Return what belongs to the type that the field returns, if there is anything of that type."""
        fitting = [text for kind, text in pairs if kind == self._of_type]
        return self.random.choice(fitting or [text for _, text in pairs])

    def _version(self) -> int:
        return self.random.choice([1, 1, 2, 2, 0] if self._is_right else [0, 1, 3, 4, -1, 10**6])


def literal(value: Any) -> str:
    """Write a value as it stands in a document."""
    if isinstance(value, Enumerated):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {literal(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value)
