"""History in Django's admin: timelines, comparisons and a way back, and read-only pages of all revisions.

This is what the admin finds when it looks for the `admin` modules of the installed apps.
"""

from revy.contrib.django.admin.deltas import ObjectDeltaAdmin
from revy.contrib.django.admin.mixin import HistoryAdminMixin
from revy.contrib.django.admin.registration import register_history, register_on_discovery
from revy.contrib.django.admin.revisions import RevisionAdmin

__all__ = ["HistoryAdminMixin", "ObjectDeltaAdmin", "RevisionAdmin", "register_history"]

register_on_discovery()
