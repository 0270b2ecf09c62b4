"""Where revy takes part in Django, all of it."""

from __future__ import annotations

from revy import store
from revy.contrib.django import (
    deleting,
    journal,
    kept,
    loading,
    patching,
    querysets,
    relations,
    saving,
    statements,
    tracking,
    transactions,
)
from revy.contrib.django.revisions import DatabaseRevisionStore


def install() -> None:
    """Have Django's writes recorded; does nothing if they are already."""
    if patching.is_installed():
        return
    tracking.install()
    transactions.install()
    loading.install()
    journal.install()
    statements.install()
    relations.install()
    querysets.install()
    saving.install()
    kept.install()
    deleting.install()
    store.set_store(DatabaseRevisionStore())


def uninstall() -> None:
    """Put back everything that `install` replaced."""
    patching.restore_all()
    store.set_store(store.RevisionStore())
