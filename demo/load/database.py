"""A database of its own for a run, with a history to begin with."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import psycopg
from django.contrib.auth.models import User
from django.db import connections
from psycopg import sql

from demo.database import create_database
from demo.wiki.models import Page
from revy import Context

_PAGES: Final = 200
_ROUNDS: Final = 50
_PAGES_A_ROUND: Final = 40


@contextmanager
def fresh_database(url: str) -> Iterator[None]:
    """Create the database of the URL, which must not exist, and drop it when the block ends."""
    parts = urlsplit(url)
    name = sql.Identifier(parts.path.removeprefix("/"))
    server = parts._replace(scheme="postgresql", path="/postgres").geturl()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield
        finally:
            connections.close_all()
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def fill(usernames: Sequence[str], password: str) -> list[str]:
    """Create the tables, the users and pages with some versions each; return the paths of the pages."""
    create_database(usernames, password)
    choice = random.Random(0)
    users = list(User.objects.filter(username__in=usernames))
    pages = [Page(path=f"shared/page-{number:03}.md", body=f"# Page {number}\n") for number in range(_PAGES)]
    with Context.via_actor(users[0]), Context.via_revision_description("Begin."):
        for page in pages:
            page.save()
    for number in range(_ROUNDS):
        with Context.via_actor(choice.choice(users)), Context.via_revision_description(f"Round {number}"):
            for page in choice.sample(pages, _PAGES_A_ROUND):
                page.body += f"Round {number} says something about this page.\n"
                page.save()
    return [page.path for page in pages]
