"""A state machine that writes in every way Django knows, and compares the history with an independent one."""

from __future__ import annotations

import contextvars
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import Any, ClassVar

from django.apps import apps
from django.contrib.auth.models import AnonymousUser, User
from django.core.management.color import no_style
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError, RestrictedError
from django.test.utils import override_settings
from django.utils.functional import SimpleLazyObject
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from revy import Context
from revy.contrib.django.errors import UnsupportedWrite
from tests.app.models import Organization
from tests.machine import deletions, history, querysets, relations, saves
from tests.machine.app import models as app
from tests.machine.contexts import KINDS, Levels
from tests.machine.history import SYSTEM
from tests.machine.oracle import INTERVAL, Expected, Memory, Oracle
from tests.machine.world import Nothing, World, actor_key

Write = Callable[[World], Expected]

# What the database or Django may refuse; the step must then leave nothing behind.
REFUSALS = (IntegrityError, ProtectedError, RestrictedError, UnsupportedWrite)
WRITES: list[Write] = [*saves.WRITES, *querysets.WRITES, *relations.WRITES, *deletions.WRITES]
MODES = ["recorded"] * 14 + ["disabled", "outside", "undone"]


class RollBack(Exception):
    """Raised to leave a block that is to be undone."""


class Machine(RuleBasedStateMachine):
    """Each example runs in a transaction that is rolled back, each write behind a savepoint."""

    in_transaction: ClassVar[bool] = True

    steps: ClassVar[int] = 0
    versions: ClassVar[int] = 0
    # By the name of the write, how often it was checked, refused, and had nothing to write to.
    outcomes: ClassVar[dict[str, Counter[str]]] = {}

    def __init__(self) -> None:
        super().__init__()
        self._settings = override_settings(REVY_KEYFRAME_INTERVAL=INTERVAL)
        self._settings.enable()
        self._example = ExitStack()
        if self.in_transaction:
            self._example.enter_context(_undone())
        else:
            self._example.callback(_empty_tables)
        self.savepoints: list[tuple[transaction.Atomic, Memory]] = []
        self.levels = Levels()

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Make some objects that are older than their history, then enter the outermost context."""
        app.Shelf.objects.create(pk=app.FALLBACK, name="fallback")
        shelves = [app.Shelf.objects.create(name=name) for name in "ab"]
        app.Tag.objects.create(name="a", color="b")
        thing = app.Thing.objects.create(name="old", cascade=shelves[0], set_null=shelves[1])
        thing.tags.add("a")
        people = [app.Person.objects.create(name=name) for name in "ab"]
        people[0].friends.add(people[1])
        app.Pizzeria.objects.create(name="old", owner=people[0]).tags.add("a")
        app.Club.objects.create(name="old").members.add(*people)
        app.Note.objects.create(content=thing, text="old")
        for title in "ab":
            app.Chapter.objects.create(shelf=shelves[0], title=title)
        alice, bob = User.objects.create(username="alice"), User.objects.create(username="bob")
        organization = Organization.objects.create(name="organization")
        actors = {
            "nobody": (None, SYSTEM),
            "alice": (alice, actor_key(alice)),
            "organization": (organization, actor_key(organization)),
            "lazy": (SimpleLazyObject(lambda: bob), actor_key(bob)),
            "anonymous": (AnonymousUser(), SYSTEM),
        }
        self.oracle = Oracle()
        self.world = World(self.oracle, self.levels, actors)
        self.levels.push()

    def teardown(self) -> None:
        Machine.versions += len(self.oracle.memory.deltas) if hasattr(self, "oracle") else 0
        self.levels.leave_all()
        for savepoint, _memory in reversed(self.savepoints):
            savepoint.__exit__(RollBack, RollBack(), None)
        self._example.close()
        self._settings.disable()

    def write(self, write: Write, data: st.DataObject) -> None:
        self.world.draw = lambda strategy, label=None: data.draw(strategy, label)
        mode = data.draw(st.sampled_from(MODES), "mode")
        is_atomic = self.in_transaction or bool(self.savepoints) or mode == "undone"
        try:
            with transaction.atomic() if is_atomic else nullcontext():
                if mode == "disabled":
                    with Context.as_disabled():
                        write(self.world)
                elif mode == "outside":
                    contextvars.Context().run(write, self.world)
                else:
                    expected = write(self.world)
                if mode == "undone":
                    raise RollBack
        except (*REFUSALS, RollBack, Nothing) as error:
            self._count(write, type(error).__name__)
            self.world.held.clear()
            if is_atomic:
                self.oracle.check_nothing()
                return
            # What took several transactions may have been done in part.
            expected = Expected(at_most=2)
        self._count(write, mode)
        if mode == "recorded":
            self.oracle.check(expected, self.levels.blame(), self.levels.scope)
        else:
            self.oracle.check_silence()

    def _count(self, write: Write, outcome: str) -> None:
        Machine.steps += outcome != Nothing.__name__
        Machine.outcomes.setdefault(write.__name__, Counter())[outcome] += 1

    def _draw_saying(self, data: st.DataObject) -> tuple[str, Any, Any]:
        kind = data.draw(st.sampled_from(KINDS), "kind")
        if kind == "actor":
            name = data.draw(st.sampled_from(list(self.world.actors)), "actor")
            return kind, *self.world.actors[name]
        text = data.draw(st.sampled_from(["", "one", "two", "drei €"]), "description")
        return kind, text, text

    @precondition(lambda self: self.levels.depth < 5)
    @rule(data=st.data())
    def enter_context(self, data: st.DataObject) -> None:
        self.levels.push(*self._draw_saying(data))

    @precondition(lambda self: self.levels.depth > 1)
    @rule()
    def leave_context(self) -> None:
        self.levels.pop()

    @rule(data=st.data())
    def say(self, data: st.DataObject) -> None:
        kind, value, meaning = self._draw_saying(data)
        self.levels.set(kind, value, meaning)
        if kind == "revision_description":
            self.oracle.describe(self.levels.scope, meaning)

    @precondition(lambda self: len(self.savepoints) < 3)
    @rule()
    def open_savepoint(self) -> None:
        savepoint = transaction.atomic()
        savepoint.__enter__()
        self.savepoints.append((savepoint, self.oracle.memory.copy()))

    @precondition(lambda self: self.savepoints)
    @rule()
    def release_savepoint(self) -> None:
        savepoint, _memory = self.savepoints.pop()
        savepoint.__exit__(None, None, None)
        self.oracle.check_nothing()

    @precondition(lambda self: self.savepoints)
    @rule()
    def roll_back_savepoint(self) -> None:
        savepoint, memory = self.savepoints.pop()
        savepoint.__exit__(RollBack, RollBack(), None)
        self.oracle.memory = memory
        self.oracle.check_nothing()

    @rule()
    def look_at_snapshots(self) -> None:
        self.oracle.check_snapshots()


class CommittingMachine(Machine):
    """Nothing but what a write needs is in a transaction, and what it writes is committed."""

    in_transaction = False


@contextmanager
def _undone() -> Iterator[None]:
    with suppress(RollBack), transaction.atomic():
        yield
        raise RollBack


def _empty_tables() -> None:
    tables = [model._meta.db_table for model in apps.get_app_config("machineapp").get_models(include_auto_created=True)]
    tables += [model._meta.db_table for model in (User, Organization, *history.models())]
    sql = connection.ops.sql_flush(no_style(), sorted(set(tables)), allow_cascade=True)
    connection.ops.execute_sql_flush(sql)


def _rule_for(write: Write) -> Any:
    def method(self: Machine, data: st.DataObject) -> None:
        self.write(write, data)

    method.__name__ = write.__name__
    return rule(data=st.data())(method)


for _write in WRITES:
    setattr(Machine, _write.__name__, _rule_for(_write))
