"""Plans that are carried out at once, and plans that fail in the middle."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_save

from revy import Context
from revy.contrib.django.restore import RestoreError, plan_restore, plan_revert
from revy.contrib.django.verification import verify
from tests.orm.concurrency import start
from tests.orm.history import Revision, deltas_of
from tests.restoring.app.models import Hit, Match, Member, Team
from tests.restoring.dumps import apply_as_planned, dump, history, planned

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 6


@pytest.fixture
def deletion() -> Any:
    """The deletion of a member with whom a team and its matches have fallen."""
    with Context():
        ann = Member.objects.create(name="ann")
        bob = Member.objects.create(name="bob", sponsor=ann)
        team = Team.objects.create(name="a", captain=ann, treasurer=bob)
        team.fans.set([ann, bob])
        for _number in range(5):
            Hit.objects.create(match=Match.objects.create(team=team, referee=bob), scorer=ann)
    pk = ann.pk
    with Context():
        ann.delete()
    return deltas_of(Member, pk).last()


def apply_at_once(make_plan: Any) -> list[Any]:
    """Make and apply as many plans, all of them together; return what each has written, or why it has not."""
    barrier = threading.Barrier(WRITERS, timeout=60)
    found: list[Any] = []

    def run() -> None:
        plan = make_plan()
        barrier.wait()
        try:
            found.append(plan.apply())
        except RestoreError as error:
            found.append(error)

    threads = [start(run) for _number in range(WRITERS)]
    for thread in threads:
        thread.join()
    return found


def test_one_of_several_related_restores_at_once_brings_all_back(deletion: Any) -> None:
    expected = planned(plan_restore(deletion, related=True))
    found = apply_at_once(lambda: plan_restore(deletion, related=True))
    (written,) = [deltas for deltas in found if isinstance(deltas, tuple)]
    assert len(written) == len(expected)
    assert {problem.code for error in found if error is not written for problem in error.problems} == {"CONFLICT"}
    assert verify([Member, Team, Match, Hit]).is_clean
    assert (Member.objects.exclude(name="stranger").count(), Hit.objects.count()) == (2, 5)


def test_one_of_several_reverts_at_once_undoes_a_revision(deletion: Any) -> None:
    creation = Revision.objects.order_by("pk").first()
    apply_as_planned(plan_restore(deletion, related=True))
    found = apply_at_once(lambda: plan_revert(creation))
    assert len([deltas for deltas in found if isinstance(deltas, tuple)]) == 1
    assert not Member.objects.exclude(name="stranger").exists()
    assert verify([Member, Team, Match, Hit]).is_clean


def test_plan_that_fails_in_the_middle_leaves_nothing(deletion: Any) -> None:
    seen = []

    def fail(instance: Any, **_: Any) -> None:
        seen.append(instance)
        if len(seen) == 3:
            raise RuntimeError("in the middle")

    before = dump(), history()
    post_save.connect(fail, sender=Match)
    try:
        with Context(), pytest.raises(RuntimeError, match="in the middle"):
            plan_restore(deletion, related=True).apply()
    finally:
        post_save.disconnect(fail, sender=Match)
    assert (dump(), history()) == before
    # The context that it failed in writes on.
    with Context():
        apply_as_planned(plan_restore(deletion, related=True))


def test_plan_that_a_constraint_refuses_at_the_commit_is_a_problem(deletion: Any) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("Only PostgreSQL tells the target of a reference that others delete meanwhile at the commit")
    bob = Member.objects.create(name="carl")

    def take_away(**_: Any) -> None:
        thread = start(lambda: Member.objects.filter(pk=bob.pk)._raw_delete("default"))
        thread.join()

    Match.objects.filter(pk__gt=0).delete()
    with Context():
        team = Team.objects.create(name="b", captain=bob)
        pk = team.pk
        team.delete()
    plan = plan_restore(deltas_of(Team, pk).last())
    post_save.connect(take_away, sender=Team)
    before = history()
    try:
        with pytest.raises(RestoreError, match="conflicts") as caught:
            plan.apply()
    finally:
        post_save.disconnect(take_away, sender=Team)
    assert [problem.code for problem in caught.value.problems] == ["INTEGRITY"]
    assert history() == before
