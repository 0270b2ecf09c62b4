"""Configure Django for one subject, named by two variables of the environment.

Neither database waits for its disk when it commits: what is compared is the work of the libraries, and waiting, which
is the same for all of them, would only make their ratios look alike.
"""

import os
from typing import Any

import dj_database_url

from benchmarks.libraries import LIBRARIES

SUBJECT = os.environ["REVY_BENCHMARK_SUBJECT"]
_OPTIONS: dict[str, dict[str, Any]] = {
    "django.db.backends.sqlite3": {"init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"},
    "django.db.backends.postgresql": {"options": "-c synchronous_commit=off"},
}

_DATABASE: Any = dj_database_url.parse(os.environ["REVY_BENCHMARK_DATABASE_URL"])
DATABASES = {"default": {**_DATABASE, "OPTIONS": _OPTIONS[_DATABASE["ENGINE"]]}}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    *LIBRARIES[SUBJECT].apps,
    "benchmarks.blog",
]
# Each subject has migrations of its own, which its process makes, see `worker`.
MIGRATION_MODULES = {"blog": "benchmark_migrations"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SECRET_KEY = "only for benchmarks"
USE_TZ = True
