"""Where the read-only pages are registered, and that nobody who has no admin notices."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite

from revy.contrib.django.admin import ObjectDeltaAdmin, RevisionAdmin, register_history
from tests.orm.history import ObjectDelta, Revision

PROJECT = """
import django, sys
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", *{apps!r}, "revy.contrib.django"],
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}},
    ROOT_URLCONF=__name__, SECRET_KEY="x", MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {{
        "context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]}}}}],
)
urlpatterns = []
django.setup()
from django.core.management import call_command
call_command("check", fail_level="WARNING")
print("loaded" if "django.contrib.admin" in sys.modules else "not loaded")
import revy.contrib.django.admin
from django.apps import apps
from django.contrib import admin
models = apps.get_app_config("revy").get_models()
is_installed = apps.is_installed("django.contrib.admin")
print(sorted(model._meta.label for model in models if is_installed and admin.site.is_registered(model)))
"""
REGISTERED = "['revy.ObjectDelta', 'revy.Revision']"


@pytest.mark.parametrize(
    ("apps", "told"),
    [
        ([], ["not loaded", "[]"]),
        (["django.contrib.sessions", "django.contrib.messages", "django.contrib.admin"], ["loaded", REGISTERED]),
        (
            [
                "django.contrib.sessions",
                "django.contrib.messages",
                "django.contrib.admin.apps.SimpleAdminConfig",
            ],
            ["loaded", "[]"],
        ),
    ],
    ids=["no admin", "admin", "admin without discovery"],
)
def test_pages_are_registered_where_the_admin_discovers_them(apps: list[str], told: list[str]) -> None:
    command = [sys.executable, "-W", "error", "-c", PROJECT.format(apps=apps)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={})
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == told


def test_pages_of_the_project_are_kept() -> None:
    site = AdminSite()

    class Own(RevisionAdmin):
        pass

    site.register(Revision, Own)
    register_history(site)
    assert type(site.get_model_admin(Revision)) is Own
    assert type(site.get_model_admin(ObjectDelta)) is ObjectDeltaAdmin


def test_models_of_the_project_are_left_to_it() -> None:
    is_own = Revision._meta.label != "revy.Revision"
    assert admin.site.is_registered(Revision) is not is_own
