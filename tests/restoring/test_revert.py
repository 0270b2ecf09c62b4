from __future__ import annotations

from typing import Any

import pytest

from revy import Context
from revy.contrib.django.restore import RestoreError, VersionConflict, plan_revert, restore, revert
from tests.orm.history import Revision, actions, deltas_of, recorded
from tests.restoring.app.models import Address, Coach, Fee, Hit, Match, Member, Remark, Tag, Team
from tests.restoring.dumps import apply_as_planned, dump, nothing_written

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Member:
    with Context():
        return Member.objects.create(name="ann", data={"a": 1})


def last_revision() -> Any:
    return Revision.objects.order_by("-pk").first()


def codes(plan: Any) -> list[tuple[str | None, str]]:
    return [(problem.field, problem.code) for problem in plan.problems]


def test_revert_of_changes_of_every_kind_gives_what_was_before(ann: Member) -> None:
    with Context():
        old = Team.objects.create(name="old", captain=ann)
        match = Match.objects.create(team=old, referee=ann)
        Hit.objects.create(match=match, scorer=ann)
        Coach.objects.create(name="coach", licence="A")
    before = dump()
    with Context():
        Coach.objects.update(licence="B", name="trainer")
        old.fans.add(ann)
        coach = Coach.objects.create(name="new", licence="C", sponsor=ann)
        coach.trainees.add(ann, Member.objects.create(name="pupil"))
        team = Team.objects.create(name="new", captain=coach, treasurer=ann)
        Hit.objects.create(match=Match.objects.create(team=team, scored=2), scorer=coach)
        Remark.objects.create(about=team, text="a")
        match.delete()
        ann.name, ann.data["b"] = "anna", 2
        ann.interests.add(Tag.objects.create(name="tea"))
        ann.save()
    with nothing_written():
        plan = plan_revert(last_revision())
    apply_as_planned(plan)
    assert dump() == before
    # And back again.
    revert(last_revision())
    assert Member.objects.get(pk=ann.pk).name == "anna"
    assert Team.objects.get(name="new").treasurer == ann


def test_revert_of_what_is_undone_already_does_nothing(ann: Member) -> None:
    with Context():
        Member.objects.update(name="anna")
    edit = last_revision()
    revert(edit)
    with recorded(0, 0, 0):
        assert revert(edit) is None
    assert plan_revert(edit).is_empty


def test_revert_keeps_what_others_changed_since_and_only_if_asked(ann: Member) -> None:
    with Context():
        ann.name, ann.data = "anna", {"a": 2}
        ann.save()
    edit = last_revision()
    with Context():
        ann.name = "annika"
        ann.save()
    with nothing_written():
        plan = plan_revert(edit)
    (of_ann,) = plan.objects
    assert [(change.name, change.now, change.then) for change in of_ann.conflicts] == [("name", "annika", "ann")]
    assert [(change.name, change.now, change.then) for change in of_ann.changes] == [("data", {"a": 2}, {"a": 1})]
    assert codes(plan) == [("name", "CHANGED_SINCE")]
    with pytest.raises(RestoreError, match="name: It was changed since, to 'annika'"):
        revert(edit)
    apply_as_planned(plan_revert(edit, skip_conflicts=True))
    ann.refresh_from_db()
    assert (ann.name, ann.data) == ("annika", {"a": 1})


def test_revert_of_creation_of_what_refers_to_itself_deletes_it(ann: Member) -> None:
    before = dump()
    with Context():
        self_made = Member.objects.create(name="self-made")
        self_made.sponsor = self_made.partner = self_made
        self_made.save()
        self_made.friends.add(self_made)
        Coach.objects.create(name="coach", licence="A", sponsor=self_made)
    creation = last_revision()
    apply_as_planned(plan_revert(creation))
    assert dump() == before
    apply_as_planned(plan_revert(last_revision()))
    assert Member.objects.get(name="self-made").partner == self_made


def test_revert_leaves_the_time_of_the_last_save_to_later_saves(ann: Member) -> None:
    with Context():
        team = Team.objects.create(name="a", captain=ann)
    creation = last_revision()
    before = dump()
    with Context():
        team.name = "b"
        team.save()
    edit = last_revision()
    apply_as_planned(plan_revert(edit))
    assert dump() == before
    revert(last_revision())
    with Context():
        team.motto = "Go!"
        team.save()
    saved_at = Team.objects.get().saved_at
    apply_as_planned(plan_revert(edit))
    team = Team.objects.get()
    assert (team.name, team.motto, team.saved_at) == ("a", "Go!", saved_at)
    with Context():
        team.motto = ""
        team.save()
    # Saved again and again, it is as it was created.
    apply_as_planned(plan_revert(creation))
    assert not Team.objects.exists()


def test_revert_of_creation_refuses_to_take_others_along(ann: Member) -> None:
    with Context():
        new = Member.objects.create(name="new", sponsor=ann)
        newer = Member.objects.create(name="newer", sponsor=new)
    creation = last_revision()
    with Context():
        for name, value in (("sponsor", newer), ("partner", newer)):
            setattr(ann, name, value)
            ann.save()
        team = Team.objects.create(name="a", captain=ann)
        team.fans.add(new)
        Fee.objects.create(member=new)
    plan = plan_revert(creation)
    messages = {each.content_id: [problem.message for problem in each.problems] for each in plan.objects}
    assert messages == {
        str(newer.pk): [f"Others refer to it by now: restoringapp.Member {ann.pk}."],
        str(new.pk): [
            f"Others refer to it by now: restoringapp.Fee {Fee.objects.get().pk}, "
            f"restoringapp.Team_fans {Team.fans.through.objects.get().pk}."
        ],
    }
    with Context():
        Fee.objects.all().delete()
        team.fans.clear()
        Member.objects.filter(pk=ann.pk).update(partner=None)
    assert [each.content_id for each in plan_revert(creation).objects if each.problems] == [str(newer.pk)]
    # What is left cannot be deleted, and so neither can what that refers to.
    with recorded(0, 0, 0):
        assert revert(creation, skip_conflicts=True) is None
    with Context():
        Member.objects.filter(pk=ann.pk).update(sponsor=None)
    apply_as_planned(plan_revert(creation))
    assert list(Member.objects.all()) == [ann]


def test_revert_of_creation_of_what_was_changed_or_deleted_since(ann: Member) -> None:
    creation = last_revision()
    Member.objects.update(name="anna")
    assert codes(plan_revert(creation)) == [("name", "CHANGED_SINCE")]
    assert revert(creation, skip_conflicts=True) is None
    Member.objects.all().delete()
    assert plan_revert(creation).is_empty


def test_revert_of_deletion_of_what_came_back_otherwise_is_a_conflict(ann: Member) -> None:
    pk = ann.pk
    with Context():
        ann.delete()
    deletion = last_revision()
    Member.objects.create(pk=pk, name="other")
    assert codes(plan_revert(deletion)) == [(None, "CHANGED_SINCE")]
    assert revert(deletion, skip_conflicts=True) is None
    Member.objects.filter(pk=pk).update(name="ann", data={"a": 1})
    assert plan_revert(deletion).is_empty


def test_revert_of_change_of_what_was_deleted_since_is_a_conflict(ann: Member) -> None:
    with Context():
        Member.objects.update(name="anna")
    edit = last_revision()
    with Context():
        ann.delete()
    assert codes(plan_revert(edit)) == [(None, "CHANGED_SINCE")]
    assert revert(edit, skip_conflicts=True) is None


def test_revert_gives_unique_values_back_in_the_order_in_which_they_get_free(ann: Member) -> None:
    with Context():
        bob = Member.objects.create(name="bob")
        for street, is_main in (("x", True), ("y", False)):
            Address.objects.create(member=ann, street=street, is_main=is_main)
    before = dump()
    with Context():
        ann.name, bob.name = "anna", "ann"
        ann.save()
        bob.save()
        Address.objects.filter(street="x").update(is_main=False)
        Address.objects.filter(street="y").update(is_main=True)
    apply_as_planned(plan_revert(last_revision()))
    assert dump() == before


def test_revert_of_values_that_were_exchanged_is_a_problem_not_a_crash(ann: Member) -> None:
    with Context():
        bob = Member.objects.create(name="bob")
    with Context():
        for pk, name in ((ann.pk, "?"), (bob.pk, "ann"), (ann.pk, "bob")):
            Member.objects.filter(pk=pk).update(name=name)
    plan = plan_revert(last_revision())
    assert {code for _field, code in codes(plan)} == {"UNIQUE"}
    with recorded(0, 0, 0), pytest.raises(RestoreError, match="exchange"):
        plan.apply()


def test_revert_of_child_that_was_given_to_a_parent_keeps_the_parent(ann: Member) -> None:
    with Context():
        coach = Coach(member_ptr=ann, licence="A")
        coach.__dict__.update({"name": "ann", "data": {"a": 1}})
        coach.save()
    apply_as_planned(plan_revert(last_revision()))
    assert list(Member.objects.all()) == [ann]
    assert not Coach.objects.exists()


def test_plan_that_is_out_of_date_is_refused(ann: Member) -> None:
    with Context():
        ann.name = "anna"
        ann.save()
    plan = plan_revert(last_revision())
    Member.objects.update(data={})
    plan.apply()
    stale = plan_revert(last_revision())
    Member.objects.update(name="annika")
    with recorded(0, 0, 0), pytest.raises(RestoreError, match="changed since"):
        stale.apply()
    Member.objects.update(name="anna")
    with recorded(0, 0, 0), pytest.raises(VersionConflict, match="meanwhile"):
        stale.apply()


def test_plan_asks_for_every_object_whether_it_may_be_written(ann: Member) -> None:
    with Context():
        coach = Coach.objects.create(name="coach", licence="A")
    with Context():
        Coach.objects.update(name="trainer")
        Team.objects.create(name="new", captain=ann)
        tag = Tag.objects.create(name="tea")
        tag.delete()
    with Context():
        Member.objects.filter(pk=ann.pk).delete()
    asked = []

    def authorize(model: type[Any], instance: Any, action: str) -> bool:
        asked.append((model._meta.model_name, getattr(instance, "name", None), action))
        return model is not Coach

    revision = deltas_of(Coach, coach.pk).last().revision
    plan = plan_revert(revision, skip_conflicts=True, authorize=authorize)
    # The child is changed with its parent, and is asked for as it is.
    assert sorted(asked) == [("coach", "trainer", "U"), ("member", "trainer", "U")]
    assert codes(plan) == [(None, "FORBIDDEN")]
    with recorded(0, 0, 0), pytest.raises(RestoreError, match="may not"):
        plan.apply()
    asked.clear()
    deletion = last_revision()
    restore(deltas_of(Member, ann.pk).last(), related=True, authorize=authorize)
    assert sorted(asked) == [("member", None, "C"), ("team", None, "C")]
    assert revert(deletion) is None
    assert actions(Tag, "tea") == "CD"
