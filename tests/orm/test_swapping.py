"""Each of the three models swapped alone, in a project of its own: migrations, recording and reading."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "revy.contrib.django", "history"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""

# The example of docs/swapping.md.
MODELS = """
from django.db import models
from revy.contrib.django.models import AbstractAttributeDelta, AbstractObjectDelta, AbstractRevision

class {name}(Abstract{name}):
    ticket = models.CharField(max_length=20, blank=True, default="")
"""

USE = """
import django
django.setup()
from django.contrib.auth.models import User
from revy import Context
from revy.contrib.django import get_attribute_delta_model, get_object_delta_model, get_revision_model
from revy.contrib.django.models import ObjectSnapshot

with Context.via_revision_description("First."):
    user = User.objects.create(username="a")
    user.username = "b"
    user.save()
labels = [model._meta.label for model in (get_revision_model(), get_object_delta_model(), get_attribute_delta_model())]
deltas = get_object_delta_model().objects.annotate(snapshot=ObjectSnapshot(User)).order_by("version")
print(labels, [(delta.action, delta.snapshot.username, delta.revision.description) for delta in deltas])
print([(delta.field_name, delta.new_value) for delta in get_attribute_delta_model().objects.all()])
"""


@pytest.mark.parametrize(
    ("name", "swapped"),
    [
        ("Revision", ['REVY_REVISION_MODEL = "history.Revision"']),
        ("ObjectDelta", ['REVY_OBJECT_DELTA_MODEL = "history.ObjectDelta"', 'REVY_REVISION_MODEL = "revy.Revision"']),
        ("AttributeDelta", ['REVY_ATTRIBUTE_DELTA_MODEL = "history.AttributeDelta"']),
    ],
)
def test_model_swapped_alone_migrates_and_records(tmp_path: Path, name: str, swapped: list[str]) -> None:
    (tmp_path / "history" / "migrations").mkdir(parents=True)
    for package in ("history", "history/migrations"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "project.py").write_text(SETTINGS + "".join(f"{line}\n" for line in swapped))
    (tmp_path / "history" / "models.py").write_text(MODELS.format(name=name))
    (tmp_path / "use.py").write_text(textwrap.dedent(USE))

    def run(*command: str) -> str:
        paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project", "PYTHONPATH": paths}
        result = subprocess.run(
            [sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    run("-m", "django", "makemigrations", "history")
    run("-m", "django", "migrate")
    run("-m", "django", "makemigrations", "--check")
    names = ("Revision", "ObjectDelta", "AttributeDelta")
    labels = [f"{'history' if each == name else 'revy'}.{each}" for each in names]
    assert run("use.py").splitlines() == [
        f"{labels} [('C', 'a', 'First.'), ('U', 'b', 'First.')]",
        "[('username', 'b')]",
    ]
