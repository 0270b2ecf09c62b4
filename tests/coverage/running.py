"""Running the paths: what each needs, and whether it is recorded exactly."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import django
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.test.utils import override_settings

from revy.contrib.django import get_revision_model
from tests.coverage import start
from tests.coverage.paths import PATHS, Path, Writing
from tests.machine.contexts import Blame, Levels, Scope
from tests.machine.expected import Expected
from tests.machine.history import SYSTEM
from tests.machine.oracle import Oracle
from tests.machine.world import actor_key
from tests.orm import history

# In the order of the document.
for _name in (
    "saves", "kinds", "lookups", "updates", "bulk", "referrers", "links", "deletions", "frontends", "transactions",
):  # fmt: skip
    importlib.import_module(f"tests.coverage.{_name}")

INTERVAL = 32  # of keyframes, as it is if nobody sets it
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
ANY_NUMBER = Expected(at_most=99, may_return=True)


@dataclass(frozen=True)
class Outcome:
    """`alone`, `recorded`: how many queries Django needs by itself, and with revy. `difference`: what is not exact."""

    alone: int
    recorded: int
    difference: str = ""

    @property
    def is_exact(self) -> bool:
        return not self.difference


def database_name() -> str:
    if connection.vendor == "mysql" and not connection.mysql_is_mariadb:
        return "MySQL"
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL", "mysql": "MariaDB"}[connection.vendor]


def counts_are_those_of_the_document() -> bool:
    """Tell whether queries are counted on what docs/coverage.md is about; elsewhere they may differ a little."""
    is_swapped = get_revision_model()._meta.app_label != "revy"
    return django.VERSION[:2] == (5, 2) and not is_swapped and database_name() != "MySQL"


def run_paths(paths: Iterable[Path] = PATHS) -> dict[Path, Outcome | None]:
    """Run each path three times: without revy, on objects with a history, and on objects that are older than theirs.

    None stands for what cannot be done on this database.
    """
    runs = [path for path in paths if database_name() not in path.impossible]
    with override_settings(REVY_KEYFRAME_INTERVAL=INTERVAL):
        with Stage(is_recorded=False) as stage:
            for path in set(paths) - set(runs):
                stage.check_impossible(path)
            alone = {path: stage.count(path) for path in runs}
            older = {path: stage.check(path) for path in runs}
        with Stage(is_recorded=True) as stage:
            younger = {path: stage.check(path) for path in runs}
    return {
        path: Outcome(alone[path], younger[path][0], older[path][1] or younger[path][1]) if path in alone else None
        for path in paths
    }


class Stage:
    """The objects that there are before each write. `is_recorded`: made in a context, so that they have a history."""

    def __init__(self, *, is_recorded: bool) -> None:
        self.is_recorded = is_recorded

    def __enter__(self) -> Stage:
        self._transaction = undone()
        self._transaction.__enter__()
        warm()
        self.actor = User.objects.create(username="actor")
        self.oracle = Oracle(connection.alias, INTERVAL)
        self.difference = ""
        try:
            self._prepare(start.build)
        except Exception as error:
            if not self.is_recorded:
                raise
            # Nothing that is written to what was recorded wrongly, or could not be, is exact.
            self.difference = f"Of the objects that there are before it: {type(error).__name__}: {error}"
        self.memory = self.oracle.memory
        return self

    def __exit__(self, *error: Any) -> None:
        self._transaction.__exit__(*error)

    def count(self, path: Path) -> int:
        """Return how many queries Django needs for a write outside every context."""
        with self._set():
            writing = path.write()
            next(writing)
            with history.statements() as statements:
                _finish(writing)
        return queries(statements)

    def check_impossible(self, path: Path) -> None:
        with self._set():
            writing = path.write()
            next(writing)
            try:
                with transaction.atomic():
                    _finish(writing)
            except (DatabaseError, ValueError):
                return
            raise AssertionError(f"{path} is said to be impossible, but it was done.")

    def check(self, path: Path) -> tuple[int, str]:
        """Return how many queries a write in a context needs, and what its history gets wrong."""
        number = 0
        if self.difference:
            return number, self.difference
        try:
            with self._set() as oracle:
                writing = path.write()
                expected = self._prepare(lambda: next(writing)) or Expected()
                levels = self._enter_contexts()
                blame = levels.blame()
                try:
                    with history.statements() as statements:
                        _finish(writing)
                finally:
                    levels.leave_all()
                number = queries(statements)
                oracle.check(expected, blame)
                if not self.is_recorded:
                    # Where only what was written has a history, so that few are to be rebuilt.
                    oracle.check_snapshots()
        except Exception as error:
            # Whatever goes wrong: Django alone can do it, and revy is there to record it.
            return number, f"{type(error).__name__}: {error}"
        return number, ""

    @contextmanager
    def _set(self) -> Iterator[Oracle]:
        with undone():
            self.oracle.memory = self.memory.copy()
            yield self.oracle

    def _prepare(self, prepare: Callable[[], Any]) -> Any:
        levels = Levels()
        if self.is_recorded:
            levels.push()
        try:
            with history.statements() as statements:
                result = prepare()
        finally:
            levels.leave_all()
        if statements.keys() <= {"SELECT", *CONTROL}:
            return result
        if self.is_recorded:
            self.oracle.check(ANY_NUMBER, Blame(SYSTEM, "", "", "", "", revision=Scope()))
        else:
            self.oracle.check_silence()
        return result

    def _enter_contexts(self) -> Levels:
        """Let somebody act for a reason. Of attributes it is given where it costs no comparison: see `count`."""
        levels = Levels()
        levels.push()
        levels.push("actor", self.actor, actor_key(self.actor))
        for kind in ("revision", "object_delta", "deletion"):
            levels.push(f"{kind}_description", f"why the {kind}", f"why the {kind}")
        if not self.is_recorded:
            levels.push("attribute_delta_description", "why the attribute", "why the attribute")
        return levels


@contextmanager
def undone() -> Iterator[None]:
    """Take back whatever the block writes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def queries(kinds: Counter[str]) -> int:
    """Return how many statements do more than control the transaction."""
    return sum(number for word, number in kinds.items() if word not in CONTROL)


def warm() -> None:
    """Look up all content types, which Django keeps from then on."""
    models = apps.get_models()
    ContentType.objects.get_for_models(*models)
    ContentType.objects.get_for_models(*models, for_concrete_models=False)


def _finish(writing: Writing) -> None:
    for _again in writing:
        raise AssertionError("A path yields once.")
