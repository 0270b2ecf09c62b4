"""Where a scope's revision is kept: the seam between contexts and whatever records their changes."""

from __future__ import annotations

from collections.abc import Callable

from revy.abc import Revision
from revy.frame import RevisionKey


class RevisionStore:
    """Knows the revisions that scopes have led to. This one records nothing, so that contexts work without Django."""

    def find(self, key: RevisionKey, given: Revision | Callable[[], Revision | None] | None) -> Revision | None:
        """Return the revision of that key, if it exists already; `given` is what the context was given for it."""
        return given if isinstance(given, Revision) else None

    def describe(self, key: RevisionKey, description: str) -> None:
        """Change the description of the revision of that key, if it exists already."""


_store = RevisionStore()


def get_store() -> RevisionStore:
    return _store


def set_store(store: RevisionStore) -> None:
    global _store  # noqa: PLW0603 - one process, one store; set when Django's apps are ready
    _store = store
