"""Who acts and why, kept a second time: what `revy.Context` should say, from a plain list of levels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from revy import Context
from tests.machine.history import SYSTEM, Actor

KINDS: Final = (
    "actor",
    "object_delta_description",
    "attribute_delta_description",
    "deletion_description",
    "revision_description",
    "revision",
)
# A block that says one of these has a revision of its own.
NAMING: Final = ("revision", "revision_description")
# What a revision may be given as besides the key of one: by a function that makes it.
MADE: Final = "made"


class Scope:
    """Stands for a revision."""


@dataclass(frozen=True, eq=False)
class Said:
    """What was said in the block at some depth. A revision that was given stands for a revision, too."""

    meaning: Any
    depth: int
    scope: Scope


@dataclass
class Level:
    context: Context
    # What counts in the block, by kind, the nearest last.
    said: dict[str, tuple[Said, ...]]
    scope: Scope


@dataclass(frozen=True)
class Blame:
    actor: Actor
    object_description: str
    attribute_description: str
    deletion_description: str
    revision_description: str
    # The revision as it was given: its key, MADE, or None for a new one.
    given: Any = None
    # Whether the description was said of this revision, and not of one around it.
    is_described: bool = False
    # What stands for the revision.
    revision: Scope | Said | None = None


class Levels:
    """The contexts that the machine has entered."""

    def __init__(self) -> None:
        self._levels: list[Level] = []

    @property
    def depth(self) -> int:
        return len(self._levels)

    def push(self, kind: str | None = None, value: Any = None, meaning: Any = None) -> None:
        """Enter a context; `meaning` is what the history should say for the value."""
        context = Context() if kind is None else getattr(Context, f"via_{kind}")(value)
        said = dict(self._levels[-1].said) if self._levels else {}
        context.activate()
        self._levels.append(Level(context, said, Scope()))
        if kind is not None:
            self._say(kind, meaning)

    def pop(self) -> None:
        self._levels.pop().context.deactivate()

    def set(self, kind: str, value: Any, meaning: Any) -> None:
        getattr(Context, f"set_{kind}")(value)
        self._say(kind, meaning)

    def unset(self, kind: str) -> None:
        """Take the nearest value back: what it shadows counts again."""
        getattr(Context, f"unset_{kind}")()
        said = self._levels[-1].said
        said[kind] = said.get(kind, ())[:-1]

    def reset(self, kind: str) -> None:
        getattr(Context, f"reset_{kind}")()
        self._levels[-1].said[kind] = ()

    def said(self, times: int) -> list[str]:
        """Return what was said in that many of the blocks that are entered, or more."""
        return [kind for kind, said in self._levels[-1].said.items() if len(said) >= times]

    def blame(self) -> Blame:
        scope, given, described = self._scope(), self._nearest("revision"), self._nearest("revision_description")
        counts = given is not None and given.scope is scope
        texts = [self._nearest(kind) for kind in KINDS[1:5]]
        actor = self._nearest("actor")
        return Blame(
            SYSTEM if actor is None else actor.meaning,
            *("" if text is None else text.meaning for text in texts),
            given=given.meaning if counts else None,
            is_described=described is not None and described.scope is scope,
            revision=given if counts else scope,
        )

    def leave_all(self) -> None:
        while self._levels:
            self.pop()

    def _say(self, kind: str, meaning: Any) -> None:
        level = self._levels[-1]
        outer = tuple(said for said in level.said.get(kind, ()) if said.depth < self.depth)
        level.said[kind] = (*outer, Said(meaning, self.depth, level.scope))

    def _nearest(self, kind: str) -> Said | None:
        return next(reversed(self._levels[-1].said.get(kind, ())), None)

    def _scope(self) -> Scope:
        naming = [said for kind in NAMING if (said := self._nearest(kind)) is not None]
        return max(naming, key=lambda said: said.depth).scope if naming else self._levels[0].scope
