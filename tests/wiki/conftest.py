from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from demo.server import running_server
from tests.wiki.visitor import Visitor


@dataclass(frozen=True)
class Wiki:
    """A running demo with a history: its address, the keys of its pages by what they are for, everybody's password."""

    address: str
    pages: dict[str, int]
    password: str

    def log_in(self, username: str) -> Visitor:
        visitor = Visitor(self.address)
        visitor.log_in(username, self.password)
        return visitor


@pytest.fixture(scope="session")
def wiki(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wiki]:
    folder = tmp_path_factory.mktemp("wiki")
    password = secrets.token_urlsafe()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DJANGO_SETTINGS_MODULE", "tests.wiki.settings")
        environment.setenv("REVY_DEMO_DATABASE", str(folder / "wiki.sqlite3"))
        environment.delenv("DATABASE_URL", raising=False)
        command = [sys.executable, "-m", "tests.wiki.fill", password]
        filled = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)
        assert filled.returncode == 0, filled.stderr
        with running_server(0, folder / "server.log") as address:
            yield Wiki(address, json.loads(filled.stdout), password)


@pytest.fixture
def ada(wiki: Wiki) -> Visitor:
    """May read and write."""
    return wiki.log_in("ada")


@pytest.fixture
def reader(wiki: Wiki) -> Visitor:
    """May only read, and the policy hides the text of pages from them."""
    return wiki.log_in("reader")


@pytest.fixture
def anonymous(wiki: Wiki) -> Visitor:
    return Visitor(wiki.address)
