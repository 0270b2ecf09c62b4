"""python -m tests.docs.peer_project LIBRARY PAGE…: run the blocks of pages that are marked with a library, beside it.

Run by the interpreter of an environment that has the library, in the root of the repository. The project has revy, too,
and an app `blog`, whose models are the blocks marked `models`. DATABASE_URL names a database that is made, and dropped
in the end; REVY_PACKAGES a folder of packages, for those that the environment lacks.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

# Behind the environment's own: the library and its Django are found there.
sys.path.append(os.environ["REVY_PACKAGES"])

import dj_database_url
import django
from django.apps import AppConfig
from django.conf import settings
from django.core.management import call_command
from django.utils.module_loading import import_string

from benchmarks.libraries import LIBRARIES
from tests import settings as base
from tests.docs.blocks import Block, blocks_of
from tests.docs.page import Page

APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "revy.contrib.django",
]


def marked(pages: list[str], library: str, mark: str) -> list[Block]:
    return [block for page in pages for block in blocks_of(page) if {library, mark} <= set(block.marks)]


def write_app(folder: Path, models: list[Block]) -> None:
    package = folder / "blog"
    (package / "migrations").mkdir(parents=True)
    (package / "migrations" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "models.py").write_text("\n\n".join(block.code for block in models))
    sys.path.insert(0, str(folder))


def configure(library: str, blocks: list[Block]) -> None:
    """Set the settings of the pages; their apps and middleware have to be there, and are not what runs here."""
    values: dict[str, Any] = {}
    for block in blocks:
        exec(block.compiled(), values)
    apps, middleware = values.pop("INSTALLED_APPS", []), values.pop("MIDDLEWARE", [])
    settings.configure(
        DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"])},
        INSTALLED_APPS=[*APPS, *LIBRARIES[library].apps, "blog"],
        MIDDLEWARE=base.MIDDLEWARE,
        TEMPLATES=base.TEMPLATES,
        DEFAULT_AUTO_FIELD=base.DEFAULT_AUTO_FIELD,
        PASSWORD_HASHERS=base.PASSWORD_HASHERS,
        SECRET_KEY=base.SECRET_KEY,
        USE_TZ=base.USE_TZ,
        **{name: value for name, value in values.items() if name.isupper()},
    )
    django.setup()
    for path in middleware:
        import_string(path)
    for entry in apps:
        AppConfig.create(entry)


def run(library: str, pages: list[str]) -> None:
    from django.contrib.auth.models import User
    from django.test import RequestFactory

    from revy import Context
    from revy.contrib.django import get_object_delta_model
    from revy.contrib.django.history import History

    user = User.objects.create_user("alice", password="secret")
    request = RequestFactory().post("/")
    request.user = user
    names: dict[str, Any] = {"user": user, "request": request}
    for path in pages:
        page = Page(path, names, mark=library)
        page.run()
        names = page.names
    # What was imported, and repaired where the library had missed something, tells what the rows are.
    if get_object_delta_model().objects.exists():
        call_command("revy_verify", "blog.Post", "--strict")
    with Context.via_actor(user):
        both = names["Post"].objects.create(author=user, title="Recorded by both")
    (object_delta,) = History(both).newest()
    assert list(object_delta.revision.get_object_deltas()) == [object_delta], "Rows of the other library are recorded."


def main() -> None:
    library, *pages = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        write_app(Path(folder), marked(pages, library, "models"))
        configure(library, marked(pages, library, "settings"))
        from benchmarks import databases

        databases.create()
        try:
            call_command("check", fail_level="WARNING")
            call_command("makemigrations", "blog", verbosity=0)
            call_command("migrate", verbosity=0)
            run(library, pages)
        finally:
            databases.drop()


if __name__ == "__main__":
    main()
