from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import checks
from django.db import models
from django.test.utils import isolate_apps

from revy import Context
from revy.contrib.django import checks as revy_checks
from revy.contrib.django.models import CASCADE, SET_DEFAULT, SET_NULL

pytestmark = pytest.mark.django_db(databases=["default", "other"])  # Django 6.1 asks the database when it checks fields


class OwnContext(Context):
    pass


def found(name: str | None = None) -> list[str]:
    return [message.id or "" for message in checks.run_checks() if (message.id or "").startswith("revy.")]


def test_checks_of_a_good_project_find_nothing() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("setting", "value", "check_id"),
    [
        ("REVY_MODELS", ["app.Nothing"], "revy.E001"),
        ("REVY_MODELS", ["nowhere"], "revy.E001"),
        ("REVY_MODELS", [5], "revy.E001"),
        ("REVY_MODELS", 5, "revy.E001"),
        ("REVY_MODELS", "app.", "revy.E001"),
        ("REVY_EXCLUDED_MODELS", ["app.Nothing"], "revy.E002"),
        ("REVY_EXCLUDED_MODELS", None, "revy.E002"),
        ("REVY_EXCLUDED_FIELDS", ["app.Post"], "revy.E003"),
        ("REVY_EXCLUDED_FIELDS", ["app.Post.nothing"], "revy.E003"),
        ("REVY_EXCLUDED_FIELDS", ["app.Post.id"], "revy.E003"),
        ("REVY_EXCLUDED_FIELDS", [("app", "Post", "title")], "revy.E003"),
        ("REVY_RENAMES", ["app.Post"], "revy.E012"),
        ("REVY_RENAMES", {"app.Old": 5}, "revy.E012"),
        ("REVY_RENAMES", {"app.Old": "Post"}, "revy.E012"),
        ("REVY_RENAMES", {"app.Post.old": "app.Post.title"}, "revy.E012"),
        ("REVY_RENAMES", {"old": "title"}, "revy.E012"),
        ("REVY_RENAMES", {"app.Post.": "title"}, "revy.E012"),
        ("REVY_RENAMES", {"app.Old": "app.Nothing"}, "revy.E013"),
        ("REVY_RENAMES", {"app.Old": "app.old"}, "revy.E013"),
        ("REVY_RENAMES", {"app.Nothing.old": "title"}, "revy.E013"),
        ("REVY_RENAMES", {"app.Post.old": "nothing"}, "revy.E013"),
        ("REVY_RENAMES", {"app.Post.old": "old"}, "revy.E013"),
        ("REVY_RENAMES", {"app.Post": "app.Code"}, "revy.W003"),
        ("REVY_RENAMES", {"app.Post.body": "title"}, "revy.W003"),
        ("REVY_RENAMES", {"app.Post.author_id": "editor"}, "revy.W003"),
        ("REVY_KEYFRAME_INTERVAL", 0, "revy.E004"),
        ("REVY_KEYFRAME_INTERVAL", "32", "revy.E004"),
        ("REVY_KEYFRAME_INTERVAL", True, "revy.E004"),
        ("REVY_UNTRACKED_WRITES", "forbid", "revy.E011"),
        ("REVY_CONTEXT_CLASS", "revy.Nothing", "revy.E005"),
        ("REVY_CONTEXT_CLASS", "tests.app.models.Post", "revy.E005"),
        ("REVY_CONTEXT_CLASS", 5, "revy.E005"),
        ("REVY_REVISION_MODEL", "app.Nothing", "revy.E006"),
        ("REVY_REVISION_MODEL", "nonsense", "revy.E006"),
        ("REVY_OBJECT_DELTA_MODEL", "app.Post", "revy.E007"),
    ],
)
def test_checks_name_the_setting_and_what_to_do(settings: Any, setting: str, value: Any, check_id: str) -> None:
    setattr(settings, setting, value)
    checked = [check for check in revy_checks.CHECKS if check is not revy_checks.check_revision_setting]
    messages = [message for check in checked for message in check()]
    assert [message.id for message in messages] == [check_id]
    assert setting in messages[0].msg
    assert messages[0].hint


def test_check_asks_for_the_revision_setting_beside_a_swapped_object_delta(settings: Any) -> None:
    settings.REVY_OBJECT_DELTA_MODEL = "revy.ObjectDelta"
    if hasattr(settings, "REVY_REVISION_MODEL"):
        del settings.REVY_REVISION_MODEL
    (message,) = revy_checks.check_revision_setting()
    assert message.id == "revy.E010"
    settings.REVY_REVISION_MODEL = "revy.Revision"
    assert revy_checks.check_revision_setting() == []


def test_checks_take_every_good_value(settings: Any) -> None:
    settings.REVY_MODELS = ["app", "auth.User"]
    settings.REVY_EXCLUDED_MODELS = ["app.post"]
    settings.REVY_EXCLUDED_FIELDS = ["auth.User.password", "app.Post.author_id"]
    settings.REVY_KEYFRAME_INTERVAL = 1
    settings.REVY_RENAMES = {"app.Note": "app.Post", "app.Note.old": "older", "app.Post.older": "body"}
    settings.REVY_UNTRACKED_WRITES = "refuse"
    settings.REVY_CONTEXT_CLASS = "tests.orm.test_checks.OwnContext"
    assert found() == []


@isolate_apps("tests.app")
def test_checks_hold_revys_handlers_to_what_django_asks_of_its_own() -> None:
    class Referrer(models.Model):
        null = models.ForeignKey("auth.User", SET_NULL, related_name="+")
        default = models.ForeignKey("auth.User", SET_DEFAULT, related_name="+")
        fine = models.ForeignKey("auth.User", CASCADE, related_name="+")

        class Meta:
            app_label = "app"

    class Config:
        @staticmethod
        def get_models() -> list[Any]:
            return [Referrer]

    messages = revy_checks.check_on_delete(app_configs=[Config])
    assert [(message.id, message.obj.name) for message in messages] == [("revy.E008", "null"), ("revy.E009", "default")]


def test_checks_are_all_explained_in_the_documentation() -> None:
    page = Path("docs/checks.md").read_text()
    for number in range(1, 12):
        assert f"revy.E{number:03}" in page
    assert "revy.W001" in page and "revy.W002" in page


@isolate_apps("tests.app")
def test_checks_warn_of_keys_that_the_history_has_no_room_for() -> None:
    class Long(models.Model):
        key = models.CharField(max_length=256, primary_key=True)

        class Meta:
            app_label = "app"

    class Endless(models.Model):
        key = models.TextField(primary_key=True)

        class Meta:
            app_label = "app"

    class Fine(models.Model):
        key = models.CharField(max_length=255, primary_key=True)

        class Meta:
            app_label = "app"

    class Reference(models.Model):
        key = models.OneToOneField(Long, models.CASCADE, primary_key=True)

        class Meta:
            app_label = "app"

    class Config:
        @staticmethod
        def get_models() -> list[Any]:
            return [Long, Endless, Fine, Reference]

    messages = revy_checks.check_long_keys(app_configs=[Config])
    assert [(message.id, message.obj) for message in messages] == [
        ("revy.W002", model) for model in (Long, Endless, Reference)
    ]


@pytest.mark.skipif(not hasattr(models, "DB_CASCADE"), reason="Django 6.1 has handlers that the database carries out")
@isolate_apps("tests.app")
def test_checks_warn_of_what_the_database_does_by_itself(settings: Any) -> None:
    class Referrer(models.Model):
        cascade = models.ForeignKey(User, models.DB_CASCADE, related_name="+")  # type: ignore[attr-defined]
        fine = models.ForeignKey(User, models.CASCADE, related_name="+")

        class Meta:
            app_label = "app"

    class Config:
        @staticmethod
        def get_models() -> list[Any]:
            return [Referrer]

    messages = revy_checks.check_database_cascades(app_configs=[Config])
    assert [(message.id, message.obj.name) for message in messages] == [("revy.W001", "cascade")]
