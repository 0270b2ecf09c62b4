"""Which statements are observed."""

from __future__ import annotations

import warnings
from typing import Any

from revy.contrib.django import conf
from revy.contrib.django.errors import UntrackedWriteError, UntrackedWriteWarning
from revy.contrib.django.tracking import is_watched, link_of
from revy.frame import current


def is_recording() -> bool:
    frame = current.get()
    return frame is not None and frame.enabled


def check_context(compiler: Any) -> None:
    """Warn about a write to a tracked model outside every context, or refuse it, if the project wants that."""
    if current.get() is not None:
        return
    policy = conf.untracked_writes()
    if policy == conf.IGNORE:
        return
    model = compiler.query.get_meta().concrete_model
    if not is_watched(model) and link_of(model) is None:
        return
    message = (
        f"{model._meta.label} is written outside every context, so that nobody can tell later who changed it. "
        "Write it within a Context, or within Context.as_disabled() to leave it unrecorded."
    )
    if policy == conf.REFUSE:
        raise UntrackedWriteError(message)
    warnings.warn(message, UntrackedWriteWarning, stacklevel=2)


def is_observed(compiler: Any) -> bool:
    """Tell whether what the statement does to its table's rows is to be recorded."""
    return is_recording() and is_watched(compiler.query.get_meta().model)
