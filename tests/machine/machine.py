"""A state machine that writes in every way Django knows, and compares the history with an independent one."""

from __future__ import annotations

import contextvars
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import Any, ClassVar

from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.core.management.color import no_style
from django.db import IntegrityError, connections, transaction
from django.db.models import ProtectedError, RestrictedError
from django.test.utils import override_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from revy import Context
from revy.contrib.django.errors import ForeignRevision, UnsupportedWrite
from tests.app.models import Organization
from tests.machine import beginning, deletions, documents, history, keys, querysets, receivers, relations, saves
from tests.machine.contexts import KINDS, MADE, Levels
from tests.machine.expected import Expected, Memory
from tests.machine.oracle import INTERVAL, Oracle, require
from tests.machine.world import Nothing, World

Write = Callable[[World], Expected]

DATABASES = ("default", "other")
# What the database or Django may refuse; the step must then leave nothing behind.
REFUSALS = (IntegrityError, ProtectedError, RestrictedError, UnsupportedWrite, ForeignRevision)
WRITES: list[Write] = [
    *saves.WRITES, *querysets.WRITES, *keys.WRITES, *relations.WRITES, *documents.WRITES, *deletions.WRITES,
    # What finds most is done most.
    saves.create, saves.save_held, relations.change_links, deletions.delete_referred, deletions.delete_referred,
]  # fmt: skip
RECORDED = ("recorded", "enabled", "durable", "rescued")
MODES = ["recorded"] * 16 + ["enabled", "durable", "rescued", "disabled", "switched off", "outside", "undone"]


class RollBack(Exception):
    """Raised to leave a block that is to be undone."""


class Machine(RuleBasedStateMachine):
    """Each example runs in a transaction that is rolled back, each write behind a savepoint."""

    in_transaction: ClassVar[bool] = True

    steps: ClassVar[int] = 0
    # How many steps there were at the end of each example.
    examples: ClassVar[list[int]] = []
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
        self.savepoints: list[tuple[Any, dict[str, Memory]]] = []
        self.levels = Levels()
        self.oracles: dict[str, Oracle] = {}

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Make some objects that are older than their history, then enter the outermost context."""
        for using in DATABASES:
            beginning.fill(using)
        self.oracles = {using: Oracle(using) for using in DATABASES}
        self.given = beginning.revisions()
        for oracle in self.oracles.values():
            oracle.memory.revisions = oracle.history.read_revisions()
        self.world = World(self.oracles, self.levels, beginning.actors())
        self.world.held += beginning.instances()
        self.levels.push()

    def teardown(self) -> None:
        Machine.examples.append(Machine.steps)
        Machine.versions += sum(len(oracle.memory.deltas) for oracle in self.oracles.values())
        self.levels.leave_all()
        for savepoint, _memories in reversed(self.savepoints):
            savepoint.__exit__(RollBack, RollBack(), None)
        self._example.close()
        self._settings.disable()

    def write(self, write: Write, data: st.DataObject) -> None:
        world = self.world
        world.draw = lambda strategy, label=None: data.draw(strategy, label)
        mode = data.draw(st.sampled_from(MODES), "mode")
        world.begin(data.draw(st.sampled_from(["default"] * 5 + ["other"]), "database"))
        # Outside of contexts, a receiver that enters one would be recorded.
        kinds = receivers.KINDS if mode != "outside" else [None]
        kind = data.draw(st.sampled_from(kinds), "receivers")
        is_atomic = self.in_transaction or bool(self.savepoints) or mode in ("undone", "rescued")
        held, blame = world.held, self.levels.blame()
        with receivers.receiving(kind, blame) as reaction:
            try:
                with _everywhere() if is_atomic else nullcontext():
                    expected = _both(self._perform(write, mode, is_atomic, reaction), reaction)
            except (*REFUSALS, RollBack, Nothing) as error:
                self._count(write, type(error).__name__)
                # What was written is gone, and what was touched does not know.
                world.held = [each for each in held if any(each is other for other in world.held)]
                if isinstance(error, ForeignRevision):
                    require(blame.given is not None and "other" in world.written, "a revision of this database", error)
                if is_atomic:
                    if not isinstance(error, Nothing):
                        self._check_nothing()
                    return
                if isinstance(error, ForeignRevision) and blame.given == MADE:
                    self.oracles["default"].note_made()
                # What took several transactions may have been done in part.
                expected = Expected(roots=set(), at_most=receivers.MANY, may_return=True, aside=reaction.aside)
        self._count(write, mode)
        # The value that referrers are set to is looked up in the default database.
        for using in {*world.written, "default"}:
            if mode in RECORDED:
                self.oracles[using].check(expected, blame)
            else:
                self.oracles[using].check_silence()

    def _perform(self, write: Write, mode: str, is_atomic: bool, reaction: Expected) -> Expected:
        world = self.world
        match mode:
            case "disabled":
                with Context.as_disabled():
                    return write(world)
            case "switched off":
                Context.disable()
                try:
                    return write(world)
                finally:
                    Context.enable()
            case "enabled":
                with Context.as_disabled(), Context.as_enabled():
                    return write(world)
            case "outside":
                return contextvars.Context().run(write, world)
            case "durable" if not is_atomic:
                with transaction.atomic(using=world.using, durable=True):
                    return write(world)
            case "undone":
                self._fail_after(write, world.one_of(WRITES, "second"))
            case "rescued":
                held, using = world.held, world.using
                with suppress(RollBack, Nothing, *REFUSALS), _everywhere():
                    self._fail_after(world.one_of(WRITES, "first"), world.one_of(WRITES, "second"))
                world.held = [each for each in held if any(each is other for other in world.held)]
                world.begin(using)
                # What receivers wrote to objects is undone as well.
                reaction.aside = {key: value for key, value in reaction.aside.items() if isinstance(key, type)}
        return write(world)

    def _fail_after(self, *writes: Write) -> None:
        """Write several times, then raise: nothing of it is to be left."""
        for write in writes:
            # After the first, there may be less than the world believes.
            with suppress(Nothing, ObjectDoesNotExist):
                write(self.world)
        raise RollBack

    def _check_nothing(self) -> None:
        for oracle in self.oracles.values():
            oracle.check_nothing()

    def _count(self, write: Write, outcome: str) -> None:
        Machine.steps += outcome != Nothing.__name__
        Machine.outcomes.setdefault(write.__name__, Counter())[outcome] += 1

    def _draw_saying(self, data: st.DataObject) -> tuple[str, Any, Any]:
        # What shadows something is said more often.
        kind = data.draw(st.sampled_from([*KINDS, *self.levels.said(1)]), "kind")
        if kind == "actor":
            name = data.draw(st.sampled_from(list(self.world.actors)), "actor")
            return kind, *self.world.actors[name]
        if kind == "revision":
            return kind, *data.draw(st.sampled_from(self.given), "revision")
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
            for oracle in self.oracles.values():
                oracle.describe(self.levels.blame())

    @rule(data=st.data(), wholly=st.booleans())
    def take_back(self, data: st.DataObject, wholly: bool) -> None:
        kind = data.draw(st.sampled_from(self.levels.said(2) or KINDS), "kind")
        self.levels.reset(kind) if wholly else self.levels.unset(kind)

    @precondition(lambda self: len(self.savepoints) < 3)
    @rule()
    def open_savepoint(self) -> None:
        savepoint = _everywhere()
        savepoint.__enter__()
        self.savepoints.append((savepoint, {using: oracle.memory.copy() for using, oracle in self.oracles.items()}))

    @precondition(lambda self: self.savepoints)
    @rule()
    def release_savepoint(self) -> None:
        savepoint, _memories = self.savepoints.pop()
        savepoint.__exit__(None, None, None)
        self._check_nothing()

    @precondition(lambda self: self.savepoints)
    @rule()
    def roll_back_savepoint(self) -> None:
        savepoint, memories = self.savepoints.pop()
        savepoint.__exit__(RollBack, RollBack(), None)
        for using, memory in memories.items():
            self.oracles[using].memory = memory
        self._check_nothing()

    @rule()
    def look_at_snapshots(self) -> None:
        for oracle in self.oracles.values():
            oracle.check_nothing()
            oracle.check_snapshots()


class CommittingMachine(Machine):
    """Nothing but what a write needs is in a transaction, and what it writes is committed."""

    in_transaction = False


@contextmanager
def _everywhere() -> Iterator[None]:
    """One transaction on each database; all of them end in the same way."""
    with ExitStack() as transactions:
        for using in DATABASES:
            transactions.enter_context(transaction.atomic(using=using))
        yield


@contextmanager
def _undone() -> Iterator[None]:
    with suppress(RollBack), _everywhere():
        yield
        raise RollBack


def _both(expected: Expected, more: Expected) -> Expected:
    expected.aside = more.aside
    # What a deletion has done so far is recorded before what its receivers write.
    is_split = expected.is_deletion and more.receives
    expected.at_most = max(expected.at_most, receivers.MANY if is_split else more.at_most)
    expected.may_return |= more.may_return
    return expected


def _empty_tables() -> None:
    tables = [model._meta.db_table for model in apps.get_app_config("machineapp").get_models(include_auto_created=True)]
    tables += [model._meta.db_table for model in (User, Organization, *history.models())]
    for using in DATABASES:
        operations = connections[using].ops
        operations.execute_sql_flush(operations.sql_flush(no_style(), sorted(set(tables)), allow_cascade=True))


def _rule_for(write: Write) -> Any:
    def method(self: Machine, data: st.DataObject) -> None:
        self.write(write, data)

    method.__name__ = write.__name__
    return rule(data=st.data())(method)


for _name in ("enter_context", "say", "take_back"):
    setattr(Machine, f"{_name}_again", getattr(Machine, _name))
for _number, _write in enumerate(WRITES):
    setattr(Machine, f"{_write.__name__}_{_number}", _rule_for(_write))
