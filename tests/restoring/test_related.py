from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from revy import Context
from revy.contrib.django.restore import RestoreError, plan_restore, restore
from tests.orm.history import actions, deltas_of
from tests.restoring.app.models import Address, Coach, Hit, Left, Match, Member, Remark, Right, Tag, Team
from tests.restoring.dumps import apply_as_planned, dump, nothing_written, planned

pytestmark = pytest.mark.django_db


@pytest.fixture
def club() -> dict[str, Any]:
    """A member on whom others depend in every way, two levels deep and more, and in circles."""
    with Context():
        bystander = Member.objects.create(name="bystander")
        ann = Member.objects.create(name="ann", data={"since": 1999})
        bob = Member.objects.create(name="bob", sponsor=ann)
        # A circle of cascades, and one of references that are set to null.
        ann.sponsor = bob
        ann.save()
        cid = Member.objects.create(name="cid", sponsor=bob, partner=ann)
        ann.partner = cid
        ann.save()
        ann.friends.set([bob, bystander])
        ann.interests.set([Tag.objects.create(name=name) for name in ("chess", "tea")])
        Remark.objects.create(about=ann, text="a")
        Remark.objects.create(about=bystander, text="b")
        coach = Coach.objects.create(name="coach", licence="A", sponsor=cid)
        coach.trainees.set([ann, bystander])
        own = Team.objects.create(name="own", captain=ann, treasurer=bystander)
        own.fans.set([ann, bob, bystander])
        other = Team.objects.create(name="other", captain=bystander, treasurer=ann)
        other.fans.set([ann, bystander])
        for team in own, other:
            for referee in ann, bystander, None:
                match = Match.objects.create(team=team, referee=referee, scored=3, conceded=1)
                Hit.objects.create(match=match, scorer=ann, minute=4)
                Hit.objects.create(match=match, scorer=bystander, rank=9)
        Address.objects.create(member=ann, street="x", is_main=True)
        Address.objects.create(member=ann, street="y")
    return {"ann": ann, "bystander": bystander, "own": own, "other": other, "coach": coach}


def deletion_of(instance: Any, pk: Any) -> Any:
    return deltas_of(type(instance), pk).last()


def test_related_restore_brings_back_every_row_as_it_was(club: dict[str, Any]) -> None:
    ann, pk = club["ann"], club["ann"].pk
    before = dump()
    with Context():
        fallen, _counts = ann.delete()
    # Members ann, bob, cid and coach, a row in Coach, team, matches, hits, addresses, a remark, and rows of relations.
    assert fallen > 20
    Member.objects.get(name="stranger")
    with nothing_written():
        plan = plan_restore(deletion_of(ann, pk), related=True)
    assert plan.problems == ()
    apply_as_planned(plan)
    Member.objects.filter(name="stranger").delete()
    assert dump() == before
    assert actions(Coach, club["coach"].pk).endswith("DC")
    with nothing_written():
        assert plan_restore(deletion_of(ann, pk), related=True).is_empty


def test_related_restore_of_child_brings_its_parents_rows_back(club: dict[str, Any]) -> None:
    coach, pk = club["coach"], club["coach"].pk
    before = dump()
    with Context():
        coach.delete()
    plan = plan_restore(deletion_of(coach, pk), related=True)
    apply_as_planned(plan)
    assert dump() == before


def test_related_restore_leaves_what_was_changed_since(club: dict[str, Any]) -> None:
    ann, other, bystander = club["ann"], club["other"], club["bystander"]
    pk = ann.pk
    with Context():
        ann.delete()
    with Context():
        other.refresh_from_db()
        other.treasurer = bystander
        other.save()
        newcomer = Member.objects.create(name="newcomer")
        other.fans.add(newcomer)
    plan = plan_restore(deletion_of(ann, pk), related=True)
    (of_team,) = [each for each in plan.objects if each.model is Team and each.content_id == str(other.pk)]
    assert [(change.name, change.now, change.then) for change in of_team.conflicts] == [
        ("treasurer_id", bystander.pk, pk)
    ]
    apply_as_planned(plan)
    other.refresh_from_db()
    assert other.treasurer == bystander
    # What a list has gained meanwhile stays.
    assert set(other.fans.all()) == {bystander, newcomer, Member.objects.get(pk=pk)}


def test_related_restore_leaves_alone_what_came_back_already(club: dict[str, Any]) -> None:
    ann, own = club["ann"], club["own"]
    pk, team_pk = ann.pk, own.pk
    with Context():
        ann.delete()
    with Context():
        restore(deltas_of(Member, pk).last(), related=True)
        Team.objects.filter(pk=team_pk).update(name="renamed")
        Hit.objects.all().delete()
    plan = plan_restore(deltas_of(Member, pk).get(action="D"), related=True)
    deltas = apply_as_planned(plan)
    # Those of the other team had but lost their scorer, and were changed since.
    assert [delta.content_type.model for delta in deltas] == ["hit"] * 6
    assert Team.objects.get(pk=team_pk).name == "renamed"


def test_related_restore_with_one_problem_writes_nothing(club: dict[str, Any]) -> None:
    ann, pk = club["ann"], club["ann"].pk
    with Context():
        ann.delete()
        Member.objects.create(name="bob")
    with nothing_written():
        plan = plan_restore(deletion_of(ann, pk), related=True)
    (problem,) = plan.problems
    assert (problem.field, problem.code) == ("name", "UNIQUE")
    before = dump()
    with pytest.raises(RestoreError, match=r"restoringapp.Member '\d+': name: ") as caught:
        plan.apply()
    assert [each.model for each in caught.value.objects] == [Member]
    assert dump() == before


def test_related_restore_of_object_deleted_beside_another_leaves_the_other_deleted(club: dict[str, Any]) -> None:
    with Context():
        solo, duo = Member.objects.create(name="solo"), Member.objects.create(name="duo")
        for member in solo, duo:
            Team.objects.create(name=member.name, captain=member)
        pk = solo.pk
        Member.objects.filter(name__in=["solo", "duo"]).delete()
        restore(deletion_of(solo, pk), related=True)
    assert sorted(Member.objects.filter(name__in=["solo", "duo"]).values_list("name", flat=True)) == ["solo"]
    assert Team.objects.filter(name__in=["solo", "duo"]).get().name == "solo"


def test_restore_without_related_brings_back_the_object_alone(club: dict[str, Any]) -> None:
    own, pk = club["own"], club["own"].pk
    with Context():
        own.delete()
    apply_as_planned(plan_restore(deletion_of(own, pk)))
    assert Team.objects.get(pk=pk).matches.count() == 0


def test_related_restore_of_circle_that_no_row_can_begin() -> None:
    with transaction.atomic(), Context():
        if connection.features.can_defer_constraint_checks:
            _make_circle()
        else:
            with connection.constraint_checks_disabled():
                _make_circle()
    before = dump()
    with Context():
        if connection.features.can_defer_constraint_checks:
            Left.objects.get().delete()
        else:
            with connection.constraint_checks_disabled():
                Left.objects.get().delete()
    assert not Right.objects.exists()
    plan = plan_restore(deltas_of(Left, 1).last(), related=True)
    assert (
        sorted(planned(plan).values(), key=repr)
        == [
            {"id": (None, 1), "right_id": (None, 1)},
            {"id": (None, 1), "left_id": (None, 1)},
        ]
        or len(planned(plan)) == 2
    )
    apply_as_planned(plan)
    assert dump() == before


def test_related_restore_takes_no_change_before_a_deletion_for_a_loss() -> None:
    with Context():
        ann, bob, cid = (Member.objects.create(name=name) for name in ("ann", "bob", "cid"))
        dan = Member.objects.create(name="dan", sponsor=ann, partner=ann)
    pk = cid.pk
    with Context():
        # Nobody took these away: they were given something else, and were not asked back.
        dan.sponsor, dan.partner = cid, bob
        dan.save()
        ann.delete()
        cid.delete()
    plan = plan_restore(deletion_of(cid, pk), related=True)
    apply_as_planned(plan)
    restored = Member.objects.get(name="dan")
    assert (restored.sponsor_id, restored.partner) == (pk, bob)


def _make_circle() -> None:
    Left.objects.create(pk=1, right_id=1)
    Right.objects.create(pk=1, left_id=1)


def test_related_restore_of_more_than_a_batch_gives_every_row_back(club: dict[str, Any]) -> None:
    ann, own, pk = club["ann"], club["own"], club["ann"].pk
    with Context():
        matches = Match.objects.bulk_create([Match(team=own, referee=ann) for _number in range(1200)])
        Hit.objects.bulk_create([Hit(match=match, scorer=ann) for match in matches])
    before = dump()
    with Context():
        ann.delete()
    # Deletions are recorded in batches: these lost their referee in one, and fell in the next.
    assert actions(Match, matches[0].pk) == "CUD"
    plan = plan_restore(deletion_of(ann, pk), related=True)
    with CaptureQueriesContext(connection) as queries:
        plan_restore(deletion_of(ann, pk), related=True)
    assert len(queries) < 60
    apply_as_planned(plan)
    Member.objects.filter(name="stranger").delete()
    assert dump() == before
