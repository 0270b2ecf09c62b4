"""The process of one subject, `python -m benchmarks.worker`: told what to run, and answering, in lines of JSON.

Its subject and database are named by the environment, see `settings`. It ends, and drops its database, at end of input.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command

from benchmarks.libraries import LIBRARIES


def start() -> Any:
    """Return a Bench on a new database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
    django.setup()
    from django.contrib.auth.models import User

    from benchmarks import databases
    from benchmarks.subjects.current import SUBJECT
    from benchmarks.workloads import Bench

    databases.create()
    migrate()
    return Bench(SUBJECT, User.objects.create_user("somebody"))


def migrate() -> None:
    """Make and run the migrations of the models, with all that the library adds to them."""
    with tempfile.TemporaryDirectory() as folder:
        for package in settings.MIGRATION_MODULES.values():
            Path(folder, package).mkdir()
            Path(folder, package, "__init__.py").touch()
        sys.path.insert(0, folder)
        call_command("makemigrations", *settings.MIGRATION_MODULES, verbosity=0)
        call_command("migrate", verbosity=0)
        sys.path.remove(folder)


def answer(bench: Any, name: str, count: int) -> dict[str, Any]:
    from benchmarks.subjects.base import Absent
    from benchmarks.workloads import RUNS, NotRecorded

    bench.clear()
    try:
        return {"value": RUNS[name](bench, count)}
    except (Absent, NotRecorded) as reason:
        return {"reason": str(reason)}


def introduction() -> dict[str, Any]:
    from benchmarks import databases

    distribution = LIBRARIES[settings.SUBJECT].distribution
    return {
        "python": platform.python_version(),
        "django": django.get_version(),
        "database": databases.version(),
        "version": distribution and version(distribution),
    }


def main() -> None:
    # Whatever a library prints must not get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    bench = start()
    from benchmarks import databases

    try:
        print(json.dumps(introduction()), file=answers)
        for line in sys.stdin:
            print(json.dumps(answer(bench, **json.loads(line))), file=answers)
    finally:
        databases.drop()


if __name__ == "__main__":
    main()
