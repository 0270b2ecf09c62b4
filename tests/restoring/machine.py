"""Random edits of a club, then restores, reverts and dry runs: each does what its plan says, and gives what was."""

from __future__ import annotations

import random
from collections.abc import Callable

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from revy import Context
from revy.contrib.django.models import ObjectState
from revy.contrib.django.restore import Plan, RestoreError, plan_restore, plan_revert
from tests.orm.history import ObjectDelta, Revision
from tests.restoring import edits
from tests.restoring.dumps import Rows, apply_as_planned, dump, history, nothing_written

SEEDS = st.integers(0, 2**32)


class Machine(RuleBasedStateMachine):
    """`outcomes` counts what the machine has come across, over all examples."""

    outcomes: dict[str, int] = {}

    @initialize()
    def begin(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        # The database before each revision that is still the last one of all.
        self.before: list[tuple[int, Rows]] = []

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    @rule(seed=SEEDS, size=st.integers(1, 5))
    def edit(self, seed: int, size: int) -> None:
        """Change this and that in one revision."""
        chance = random.Random(seed)
        self._in_one_revision(lambda: [edits.edit(chance) for _number in range(size)])

    @precondition(lambda self: self.before)
    @rule()
    def revert_last(self) -> None:
        """What was done last can always be undone, and is undone wholly."""
        pk, before = self.before[-1]
        plan = self._plan(lambda: plan_revert(Revision.objects.get(pk=pk)))
        assert not any(each.conflicts for each in plan.objects)
        if self._is_impossible(plan):
            return
        assert plan.problems == (), [(str(each), each.problems) for each in plan.objects if each.problems]
        self._in_one_revision(lambda: apply_as_planned(plan))
        assert dump() == before
        self._count("last revision reverted")

    @precondition(lambda self: Revision.objects.exists())
    @rule(seed=SEEDS, skips=st.booleans())
    def revert_any(self, seed: int, skips: bool) -> None:
        revision = random.Random(seed).choice(list(Revision.objects.order_by("pk")))
        plan = self._plan(lambda: plan_revert(revision, skip_conflicts=skips))
        conflicts = [conflict for each in plan.objects for conflict in each.conflicts]
        told = [problem for problem in plan.problems if problem.code == "CHANGED_SINCE"]
        assert not (skips and told) and (skips or len(told) >= len(conflicts))
        self._apply_if_possible(plan, "older revision reverted")

    @precondition(lambda self: ObjectDelta.objects.exists())
    @rule(seed=SEEDS, related=st.booleans())
    def restore_any(self, seed: int, related: bool) -> None:
        pk = random.Random(seed).choice(list(ObjectDelta.objects.order_by("pk").values_list("pk", flat=True)))
        delta = ObjectDelta.objects.get(pk=pk)
        plan = self._plan(lambda: plan_restore(delta, related=related))
        if self._apply_if_possible(plan, "with all that fell" if related else "version restored"):
            versions = ObjectDelta.objects.filter(content_type_id=delta.content_type_id, content_id=delta.content_id)
            states = versions.annotate(recorded_state=ObjectState()).in_bulk()
            last = max(states.values(), key=lambda each: each.version)
            assert last.get_state() == states[pk].get_state()
            assert last.action != "D"

    @precondition(lambda self: self.before)
    @rule()
    def restore_last_deletions(self) -> None:
        """What one deletion took, restoring with all that fell brings back."""
        deltas = list(ObjectDelta.objects.filter(revision_id=self.before[-1][0]).order_by("pk"))
        asked = [delta for delta in deltas if delta.action == "D" and delta.description == edits.ASKED]
        if len(asked) != 1 or any(delta.description == edits.EDITED for delta in deltas):
            return
        plan = self._plan(lambda: plan_restore(asked[0], related=True))
        assert plan.problems == (), [(str(each), each.problems) for each in plan.objects if each.problems]
        before = self.before[-1][1]
        self._in_one_revision(lambda: apply_as_planned(plan))
        assert dump() == before
        self._count("deletion restored wholly")

    @invariant()
    def what_is_recorded_is_what_there_is(self) -> None:
        edits.verify()

    def _plan(self, make: Callable[[], Plan]) -> Plan:
        with nothing_written():
            return make()

    def _apply_if_possible(self, plan: Plan, outcome: str) -> bool:
        if plan.problems:
            before = dump(), history()
            try:
                plan.apply()
            except RestoreError as error:
                assert set(error.problems) == set(plan.problems)
            else:
                raise AssertionError("A plan with problems was carried out.")
            assert (dump(), history()) == before
            for problem in plan.problems:
                self._count(f"refused: {problem.code}")
            return False
        is_empty = plan.is_empty
        self._in_one_revision(lambda: apply_as_planned(plan))
        self._count("nothing to do" if is_empty else outcome)
        return True

    def _in_one_revision(self, act: Callable[[], object]) -> None:
        before = dump()
        with Context():
            act()
        last = Revision.objects.order_by("-pk").values_list("pk", flat=True).first()
        if last is not None and (not self.before or last != self.before[-1][0]) and dump() != before:
            self.before.append((last, before))

    def _is_impossible(self, plan: Plan) -> bool:
        """Tell whether no writes of Django's could give what was before.

        Values would have to be exchanged that only one row may have, or a remark would be left about nothing: it came
        back, or was written, without what it is about, and would fall with it now.
        """
        problems = [problem.message for problem in plan.problems]
        reasons = [message for message in problems if "exchange" in message or "restoringapp.Remark" in message]
        if reasons:
            self._count("impossible")
        return bool(reasons) and len(reasons) == len(problems)

    def _count(self, outcome: str) -> None:
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
