"""The libraries that are compared, and what a process of each needs. Knows no Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COMMON: Final = ("Django>=5.2,<5.3", "dj-database-url>=3", "psycopg[binary]>=3.2")
UNTRACKED: Final = "untracked"
REVY: Final = "revy"


@dataclass(frozen=True)
class Library:
    """One subject: `benchmarks.subjects.NAME` says how it is used."""

    name: str
    title: str
    requirements: tuple[str, ...] = ()
    distribution: str | None = None
    apps: tuple[str, ...] = ()
    vendors: frozenset[str] = frozenset({"sqlite", "postgresql"})


LIBRARIES: Final = {
    library.name: library
    for library in (
        Library(
            UNTRACKED,
            "untracked Django",
            ("graphene>=3.4.3,<4", "graphene-django>=3.2.3,<4"),
            apps=("graphene_django",),
        ),
        Library(
            REVY,
            "revy",
            ("--editable", ".[graphql]"),
            "revy",
            ("graphene_django", "revy.contrib.django", "revy_graphql"),
        ),
        Library(
            "simple_history",
            "django-simple-history",
            ("django-simple-history==3.13",),
            "django-simple-history",
            ("simple_history",),
        ),
        Library("reversion", "django-reversion", ("django-reversion==6.4",), "django-reversion", ("reversion",)),
        Library("auditlog", "django-auditlog", ("django-auditlog==3.4.1",), "django-auditlog", ("auditlog",)),
        Library(
            "pghistory",
            "django-pghistory",
            ("django-pghistory==3.9.2",),
            "django-pghistory",
            ("pgtrigger", "pghistory"),
            frozenset({"postgresql"}),
        ),
    )
}
PEERS: Final = tuple(name for name in LIBRARIES if name not in (UNTRACKED, REVY))
