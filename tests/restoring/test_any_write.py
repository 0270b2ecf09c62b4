"""Whatever the machine of all kinds of writes has done, on its own schema, is undone just as it is planned."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from django.db import transaction

from revy import Context
from revy.contrib.django.restore import Plan, plan_restore, plan_revert
from revy.frame import current
from tests.machine.machine import Machine
from tests.machine.run import run
from tests.orm.history import ObjectDelta, Revision
from tests.restoring.dumps import apply_as_planned

WRITES = int(os.environ.get("REVY_RESTORING_WRITES", "200"))


class Undoing(Machine):
    outcomes: Counter[str] = Counter()

    def teardown(self) -> None:
        token = current.set(None)
        try:
            for using in "default", "other":
                self._undo(using)
        finally:
            current.reset(token)
            super().teardown()

    def _undo(self, using: str) -> None:
        for revision in Revision.objects.using(using).order_by("-pk")[:12]:
            plan = plan_revert(revision)
            self._apply(plan_revert(revision, skip_conflicts=True) if plan.problems else plan, using, "reverted")
        for delta in ObjectDelta.objects.using(using).order_by("-pk")[:24:2]:
            self._apply(plan_restore(delta, related=delta.pk % 4 > 1), using, "restored")

    def _apply(self, plan: Plan, using: str, outcome: str) -> None:
        if plan.problems:
            self.outcomes.update(problem.code for problem in plan.problems)
            return
        with transaction.atomic(using=using), Context():
            self.outcomes[outcome if apply_as_planned(plan) else "nothing to do"] += 1


@pytest.mark.django_db(databases=["default", "other"])
def test_any_write_is_undone_as_planned(capsys: pytest.CaptureFixture[str]) -> None:
    Undoing.outcomes = Counter()
    with capsys.disabled():
        run(Undoing, WRITES, int(os.environ.get("REVY_RESTORING_SEED", "1")), shrinks=False)
    assert {"reverted", "restored", "nothing to do"} <= Undoing.outcomes.keys()
