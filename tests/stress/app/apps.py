from django.apps import AppConfig


class StressAppConfig(AppConfig):
    name = "tests.stress.app"
    label = "stressapp"
