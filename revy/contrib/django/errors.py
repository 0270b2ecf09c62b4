from __future__ import annotations

from revy.errors import RevyError


class UnsavedActor(RevyError, ValueError):
    """An actor without a primary key: save it before it acts."""


class ForeignRevision(RevyError, ValueError):
    """A revision given to a context that lives in another database than the history to be written."""


class UnreadableValue(RevyError, ValueError):
    """A recorded value that the field of today cannot hold."""


class IncompleteHistory(RevyError, LookupError):
    """A version that cannot be rebuilt, because the whole state that it builds upon is gone."""
