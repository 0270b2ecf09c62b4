"""The immutable linked frames that contexts are made of.

A ContextVar holds the top frame. Entering a block pushes a frame, setting something replaces the top frame by a changed
copy, leaving goes back to the parent. Nothing that another thread or task can reach is ever mutated, and every
operation is O(1): a frame carries the nearest value of each key.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from revy.context import Context

ACTOR: Final = "actor"
REVISION: Final = "revision"
REVISION_DESCRIPTION: Final = "revision_description"
OBJECT_DELTA_DESCRIPTION: Final = "object_delta_description"
ATTRIBUTE_DELTA_DESCRIPTION: Final = "attribute_delta_description"
DELETION_DESCRIPTION: Final = "deletion_description"

# A frame with one of these names a revision: it opens a scope of its own.
SCOPING: Final = frozenset((REVISION, REVISION_DESCRIPTION))


class Scope:
    """The identity of a revision to be: changes made under one scope share a revision."""

    __slots__ = ("__weakref__", "depth", "root")

    def __init__(self, depth: int, root: Scope | None = None) -> None:
        self.depth = depth
        self.root = root or self


class Cell:
    """A value that was set in the block at `depth`, and the cell of an outer block that it shadows."""

    __slots__ = ("__weakref__", "depth", "previous", "scope", "value")

    def __init__(self, value: Any, depth: int, previous: Cell | None, scope: Scope) -> None:
        self.value = value
        self.depth = depth
        self.previous = previous
        self.scope = scope


RevisionKey = Scope | Cell


class Frame:
    """What holds in a block. `own` is the scope that the block itself opened, whether or not it still names it."""

    __slots__ = ("cells", "context", "depth", "enabled", "own", "parent", "scope")

    def __init__(
        self,
        parent: Frame | None,
        context: Context,
        depth: int,
        enabled: bool,
        scope: Scope,
        cells: Mapping[str, Cell],
        *,
        own: Scope | None = None,
    ) -> None:
        self.parent = parent
        self.context = context
        self.depth = depth
        self.enabled = enabled
        self.scope = scope
        self.cells = cells
        self.own = own

    @property
    def revision_key(self) -> RevisionKey:
        """Return what changes made here have in common with others of the same revision.

        This is the scope; where a revision was given in it, what was given: another one may be given later.
        """
        given = self.cells.get(REVISION)
        return given if given is not None and given.scope is self.scope else self.scope

    def replaced(self, enabled: bool, scope: Scope, cells: Mapping[str, Cell]) -> Frame:
        own = scope if scope.depth == self.depth else self.own
        return Frame(self.parent, self.context, self.depth, enabled, scope, cells, own=own)

    def switched(self, enabled: bool) -> Frame:
        return self.replaced(enabled, self.scope, self.cells)

    def assigned(self, key: str, value: Any) -> Frame:
        cell = self.cells.get(key)
        previous = cell.previous if cell is not None and cell.depth == self.depth else cell
        scope = self.scope
        if key in SCOPING and scope.depth != self.depth:
            scope = self.own or Scope(self.depth, scope.root)
        return self.replaced(self.enabled, scope, {**self.cells, key: Cell(value, self.depth, previous, scope)})

    def unassigned(self, key: str, *, wholly: bool = False) -> Frame:
        """Take back the nearest value of the key, so that the one it shadows counts; `wholly`: all of them."""
        cell = self.cells.get(key)
        if cell is None:
            return self
        cells = {name: other for name, other in self.cells.items() if name != key}
        if cell.previous is not None and not wholly:
            cells[key] = cell.previous
        naming = [cells[name] for name in SCOPING if name in cells]
        scope = max(naming, key=lambda named: named.depth).scope if naming else self.scope.root
        return self.replaced(self.enabled, scope, cells)


current: Final[ContextVar[Frame | None]] = ContextVar("revy_frame", default=None)


def pushed(parent: Frame | None, context: Context) -> Frame:
    """Return a new frame on top of `parent`, without values of its own."""
    if parent is None:
        return Frame(None, context, 1, True, Scope(1), {})
    return Frame(parent, context, parent.depth + 1, parent.enabled, parent.scope, parent.cells)
