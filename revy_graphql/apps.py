from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class RevyGraphQLConfig(AppConfig):
    """Only needed to have REVY_GRAPHQL checked by `manage.py check`."""

    name = "revy_graphql"

    def ready(self) -> None:
        from revy_graphql.checks import check_setting

        checks.register(check_setting)
