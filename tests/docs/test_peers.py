"""What the documentation shows of other libraries runs beside them, in the environments of the benchmarks.

Where such an environment is missing, it is only made if REVY_REQUIRE_PEERS is set; and django-pghistory needs a
DATABASE_URL that leads to PostgreSQL. There, a database called like that one, with _docs_LIBRARY behind, is made.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

import dj_database_url
import pytest

from benchmarks.environments import CACHE, python_of
from benchmarks.libraries import LIBRARIES, PEERS
from tests.docs.blocks import ROOT

IMPORTING = "docs/old-history.md"
REQUIRED = os.environ.get("REVY_REQUIRE_PEERS") == "1"


def page_of(library: str) -> str:
    return f"docs/from-{library.replace('_', '-')}.md"


def database_of(library: str, folder: Path) -> str:
    """Return the address of a database that the library runs on; skip the test if there is none."""
    if "sqlite" in LIBRARIES[library].vendors:
        return f"sqlite:///{folder}/db.sqlite3"
    url = os.environ.get("DATABASE_URL") or ""
    if not url or "postgresql" not in str(dj_database_url.parse(url)["ENGINE"]):
        reason = f"{LIBRARIES[library].title} needs PostgreSQL: DATABASE_URL=postgres://…"
        pytest.fail(reason) if REQUIRED else pytest.skip(reason)
    return f"{url}_docs_{library}"


@pytest.mark.parametrize("library", PEERS)
def test_blocks_about_another_library_run_beside_it(library: str, tmp_path: Path) -> None:
    if not REQUIRED and not (CACHE / "environments" / library / "requirements").exists():
        pytest.skip(f"There is no environment of {LIBRARIES[library].title}: REVY_REQUIRE_PEERS=1 makes one.")
    environment = {
        **os.environ,
        "DATABASE_URL": database_of(library, tmp_path),
        "REVY_PACKAGES": sysconfig.get_paths()["purelib"],
    }
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    command = [python_of(library), "-m", "tests.docs.peer_project", library, page_of(library), IMPORTING]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_other_library_has_a_page() -> None:
    assert {page_of(library).removeprefix("docs/") for library in PEERS} == {
        page.name for page in (ROOT / "docs").glob("from-*.md")
    }
