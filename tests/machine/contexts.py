"""Who acts and why, kept a second time: what `revy.Context` should say, from a plain list of levels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from revy import Context
from tests.machine.history import SYSTEM, Actor

KINDS: Final = (
    "actor",
    "object_delta_description",
    "attribute_delta_description",
    "deletion_description",
    "revision_description",
)


class Scope:
    """Stands for a revision."""


@dataclass
class Level:
    context: Context
    values: dict[str, Any]
    scope: Scope
    own: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Blame:
    actor: Actor
    object_description: str
    attribute_description: str
    deletion_description: str
    revision_description: str


class Levels:
    """The contexts that the machine has entered."""

    def __init__(self) -> None:
        self._levels: list[Level] = []

    @property
    def depth(self) -> int:
        return len(self._levels)

    @property
    def scope(self) -> Scope:
        return self._levels[-1].scope

    def push(self, kind: str | None = None, value: Any = None, meaning: Any = None) -> None:
        """Enter a context; `meaning` is what the history should say for the value."""
        context = Context() if kind is None else getattr(Context, f"via_{kind}")(value)
        outer = self._levels[-1] if self._levels else Level(context, {}, Scope())
        level = Level(context, dict(outer.values), outer.scope)
        context.activate()
        self._levels.append(level)
        if kind is not None:
            self._say(kind, meaning)

    def pop(self) -> None:
        self._levels.pop().context.deactivate()

    def set(self, kind: str, value: Any, meaning: Any) -> None:
        getattr(Context, f"set_{kind}")(value)
        self._say(kind, meaning)

    def _say(self, kind: str, meaning: Any) -> None:
        level = self._levels[-1]
        level.values[kind] = meaning
        if kind == "revision_description" and kind not in level.own and len(self._levels) > 1:
            level.scope = Scope()
        level.own.add(kind)

    def blame(self) -> Blame:
        values = self._levels[-1].values
        return Blame(values.get("actor", SYSTEM), *(values.get(kind, "") for kind in KINDS[1:]))

    def leave_all(self) -> None:
        while self._levels:
            self.pop()
