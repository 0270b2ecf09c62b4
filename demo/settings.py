"""Settings of a wiki for one visitor, on this machine, for as long as the demo runs."""

import os
import secrets
from typing import Any

# In memory where only the code is looked at; a run names a file.
DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("REVY_DEMO_DATABASE", ":memory:"),
        "OPTIONS": {"init_command": "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL"},
    }
}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "graphene_django",
    "revy.contrib.django",
    "demo.wiki",
]

MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    # It logs every request otherwise.
    "loggers": {"django.server": {"level": "WARNING"}},
}

ALLOWED_HOSTS = ["127.0.0.1"]
# A commit is one request, however large it is.
DATA_UPLOAD_MAX_MEMORY_SIZE = None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_REDIRECT_URL = "/"
LOGIN_URL = "/login/"
LOGOUT_REDIRECT_URL = "/"
# Every author logs in, and the passwords protect nothing: a hash that is slow by intention would only be slow.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ROOT_URLCONF = "demo.urls"
SECRET_KEY = secrets.token_urlsafe()
# Browsers share cookies between the ports of a host, and other projects run there, too.
SESSION_COOKIE_NAME = "revy_demo_session"
STATIC_URL = "static/"
TIME_ZONE = "UTC"
USE_TZ = True
# GraphiQL shows the schema, to whomever the wiki is shown.
REVY_GRAPHQL = {"INTROSPECTION": True}
