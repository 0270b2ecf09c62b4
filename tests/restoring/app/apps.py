from django.apps import AppConfig


class RestoringAppConfig(AppConfig):
    name = "tests.restoring.app"
    label = "restoringapp"
