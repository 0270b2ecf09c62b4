from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "tests.admin.app"
    label = "library"
    default_auto_field = "django.db.models.BigAutoField"
