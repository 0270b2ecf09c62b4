"""Configure Django for the tests, from two variables of the environment.

DATABASE_URL is the database server to test on (SQLite when it is not set); only databases called test_NAME and
test_NAME_other are created there. REVY_TEST_SWAPPED=1 runs the tests on the models of `tests.swapped`.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import dj_database_url

SQLITE = "django.db.backends.sqlite3"
MYSQL = "django.db.backends.mysql"


def database(alias: str) -> dict[str, Any]:
    config: dict[str, Any] = {**dj_database_url.parse(os.environ.get("DATABASE_URL") or "sqlite://:memory:")}
    if config["ENGINE"] == SQLITE:
        # A file and not memory: threads then wait for each other's locks, as they do in production.
        file = Path(tempfile.gettempdir(), f"revy-tests-{os.getpid()}-{alias}.sqlite3")
        options = {"init_command": "PRAGMA synchronous=OFF"}
        return {**config, "OPTIONS": options, "TEST": {"NAME": str(file)}}
    if alias != "default":
        config["NAME"] += f"_{alias}"
    if config["ENGINE"] == MYSQL:
        config["TEST"] = {"CHARSET": "utf8mb4"}
    return config


DATABASES = {alias: database(alias) for alias in ("default", "other")}

if DATABASES["default"]["ENGINE"] == MYSQL:
    import pymysql

    pymysql.install_as_MySQLdb()

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "graphene_django",
    "revy.contrib.django",
    "tests.admin.app",
    "tests.app",
    "tests.graphql.app",
    "tests.machine.app",
    "tests.migrated",
    "tests.migrated.source",
    "tests.old_history",
    "tests.odd",
    "tests.restoring.app",
    "tests.stress.app",
]

if os.environ.get("REVY_TEST_SWAPPED") == "1":
    INSTALLED_APPS += ["tests.swapped"]
    REVY_REVISION_MODEL = "swapped.Revision"
    REVY_OBJECT_DELTA_MODEL = "swapped.ObjectDelta"
    REVY_ATTRIBUTE_DELTA_MODEL = "swapped.AttributeDelta"

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ROOT_URLCONF = "tests.urls"
SECRET_KEY = "only for tests"
STATIC_URL = "static/"
USE_TZ = True
