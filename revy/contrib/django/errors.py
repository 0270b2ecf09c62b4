from __future__ import annotations

from django.db.utils import NotSupportedError, OperationalError

from revy.errors import RevyError


class UnsavedActor(RevyError, ValueError):
    """An actor without a primary key: save it before it acts."""


class ForeignRevision(RevyError, ValueError):
    """A revision given to a context that lives in another database than the history to be written."""


class ConcurrentWrite(RevyError, OperationalError):
    """Somebody else wrote in the same moment, and what happened could not be recorded exactly: try again."""


class UnsupportedWrite(RevyError, NotSupportedError):
    """A write of which this database does not tell enough to be recorded."""


class UntrackedWriteError(RevyError, RuntimeError):
    """A write to a tracked model outside every context, which REVY_UNTRACKED_WRITES refuses."""


class UntrackedWriteWarning(RuntimeWarning):
    """A write to a tracked model outside every context, which REVY_UNTRACKED_WRITES warns about."""


class UnreadableValue(RevyError, ValueError):
    """A recorded value that the field of today cannot hold."""


class IncompleteHistory(RevyError, LookupError):
    """A version that cannot be rebuilt, because the whole state that it builds upon is gone."""
