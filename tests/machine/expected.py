"""What a step should lead to, and all that is known of rows and history."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django.db import models

from tests.machine.contexts import Blame, Said, Scope
from tests.machine.history import Actor, Delta
from tests.machine.rows import Key, Rows, State, family_of


@dataclass
class Assignment:
    """An attribute that was assigned before a save."""

    actor: Actor
    description: str
    value: str


@dataclass
class Expected:
    """What a step should lead to besides what its rows tell."""

    # Of a deletion: what was asked for, None for all that is deleted.
    roots: set[Key] | None = None
    # Whether updates only fell with what was deleted.
    is_deletion: bool = False
    # How many versions of one object the step may make.
    at_most: int = 1
    # Whether objects may change and change back in the step.
    may_return: bool = False
    # Of a save: who assigned what, by attname, for the saved object.
    saved: tuple[type[models.Model], Any] | None = None
    assigned: dict[str, list[Assignment]] = field(default_factory=dict)
    # Whether receivers of signals write as well.
    receives: bool = False
    # Models or objects that only receivers of signals write to, and who acts there.
    aside: dict[type[models.Model] | Key, Blame] = field(default_factory=dict)

    def assignments(self, key: Key, name: str) -> list[Assignment]:
        if self.saved is None or key[1] != self.saved[1] or key[0] not in family_of(self.saved[0]):
            return []
        return self.assigned.get(name, [])


@dataclass
class Memory:
    """All that is known of rows and history; copied at savepoints, its values are never changed in place."""

    rows: Rows = field(default_factory=dict)
    deltas: dict[int, Delta] = field(default_factory=dict)
    revisions: dict[int, str] = field(default_factory=dict)
    versions: dict[Key, int] = field(default_factory=dict)
    # The last action of each object that has versions, and the state that its last version tells.
    last: dict[Key, tuple[str, State]] = field(default_factory=dict)
    # Objects that were changed while nothing was recorded.
    behind: set[Key] = field(default_factory=set)
    scopes: dict[Scope | Said, int] = field(default_factory=dict)

    def copy(self) -> Memory:
        return replace(self, **{name: value.copy() for name, value in vars(self).items()})

    def is_told(self, key: Key) -> bool:
        """Tell whether the last version is what the row is."""
        row = self.rows.get(key)
        if key not in self.last:
            return row is None
        action, state = self.last[key]
        return row is None if action == "D" else row == state
