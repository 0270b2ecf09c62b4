from __future__ import annotations

from typing import ClassVar

from revy import RevyError


class DemoError(RevyError):
    """Something that ends the demo; its message is all that is shown, `exit_code` is what the process returns."""

    exit_code: ClassVar[int] = 1


class RepositoryError(DemoError, ValueError):
    """The repository that was asked for cannot be replayed."""

    exit_code = 2


class PortError(DemoError, OSError):
    """No port that was asked for, or that is tried by default, is free."""

    exit_code = 2


class ServerError(DemoError, RuntimeError):
    """The server did not start, or did not do what it was told over HTTP."""
