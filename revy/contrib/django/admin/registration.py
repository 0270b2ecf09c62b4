"""Which sites have the read-only pages of the history."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.sites import site as default_site

from revy.contrib.django import conf
from revy.contrib.django.admin.deltas import ObjectDeltaAdmin
from revy.contrib.django.admin.revisions import RevisionAdmin


def register_history(site: Any) -> None:
    """Give an AdminSite the read-only pages of revisions and object deltas, but for those that it has already."""
    pages = {conf.get_revision_model(): RevisionAdmin, conf.get_object_delta_model(): ObjectDeltaAdmin}
    for model, model_admin in pages.items():
        if not site.is_registered(model):
            site.register(model, model_admin)


def register_on_discovery() -> None:
    """Register on the default site if the admin of this project looks for `admin` modules, as it is finding one here.

    Models of the project's own that stand for ours are left to the project, which may register them itself later on.
    """
    installed = {type(config) for config in apps.get_app_configs()}
    is_discovered = any(issubclass(kind, AdminConfig) for kind in installed)
    labels = {conf.swappable_label(setting) for setting in (conf.REVISION_SETTING, conf.OBJECT_DELTA_SETTING)}
    if is_discovered and labels <= set(conf.DEFAULT_LABELS.values()):
        register_history(default_site)
