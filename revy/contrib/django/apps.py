from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class RevyConfig(AppConfig):
    name = "revy.contrib.django"
    label = "revy"
    verbose_name = _("Revision control")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from revy.contrib.django import checks as revy_checks
        from revy.contrib.django import installation

        installation.install()
        for check in revy_checks.CHECKS:
            checks.register(check, checks.Tags.models)
