from django.apps import AppConfig


class SourceConfig(AppConfig):
    name = "tests.migrated.source"
    label = "migrated_source"
