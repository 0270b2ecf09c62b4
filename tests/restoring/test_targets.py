"""What can be asked to be restored, and what that says of recorded values that fit no more."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db.models import F

from revy import Context
from revy.contrib.django.restore import plan_restore, plan_revert, restore
from tests.orm.history import ObjectDelta, Revision, deltas_of
from tests.restoring.app.models import Coach, Fee, Hit, Match, Member, Tag, Team
from tests.restoring.dumps import apply_as_planned, planned

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Member:
    with Context():
        ann = Member.objects.create(name="ann")
        ann.name = "anna"
        ann.save()
    return ann


def test_restore_takes_an_object_and_a_version(ann: Member) -> None:
    Member.objects.update(name="unrecorded")
    with Context():
        restore(ann)
    ann.refresh_from_db()
    assert ann.name == "anna"
    delta = restore(ann, version=1)
    assert delta is not None and delta.version == 4
    assert planned(plan_restore(deltas_of(Member, ann.pk).first(), version=2)) == {
        (delta.content_type_id, str(ann.pk), "U"): {"name": ("ann", "anna")}
    }


def test_restore_of_version_that_is_not_there_or_of_no_object_says_so(ann: Member) -> None:
    with pytest.raises(ObjectDelta.DoesNotExist, match="no version 9"):
        plan_restore(ann, version=9)
    with pytest.raises(ObjectDelta.DoesNotExist, match="no version"):
        plan_restore(Member.objects.create(name="unrecorded"))
    with pytest.raises(TypeError, match="object delta or an object"):
        restore("ann")  # type: ignore[arg-type]


def test_revert_of_what_is_no_revision_says_so(ann: Member) -> None:
    for wrong in (None, deltas_of(Member, ann.pk).first()):
        with pytest.raises(TypeError, match="Pass a revision"):
            plan_revert(wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not saved"):
        plan_revert(Revision())
    revision = Revision.objects.get()
    Revision.objects.all().delete()
    with pytest.raises(Revision.DoesNotExist, match="not in the history any more"):
        plan_revert(revision)
    assert plan_revert(Revision.objects.create()).is_empty


def test_plan_predicts_what_only_the_database_computes(ann: Member) -> None:
    with Context():
        team = Team.objects.create(name="a", captain=ann)
        match = Match.objects.create(team=team, scored=5)
        Match.objects.update(conceded=F("scored") + 1)
        hit = Hit.objects.create(match=match)
        fee = Fee.objects.create(member=ann, amount=Decimal("12345.67"))
        coach = Coach.objects.create(name="coach", licence="A")
        team_pk, *pks = team.pk, match.pk, hit.pk, fee.pk, coach.pk
    creation = Revision.objects.order_by("-pk").first()
    with Context():
        fee.delete()
        team.delete()
        coach.delete()
    for model, pk in zip((Team, Match, Hit, Fee, Coach), (team_pk, *pks), strict=True):
        apply_as_planned(plan_restore(deltas_of(model, pk).last()))
    assert Match.objects.get().difference == -1
    apply_as_planned(plan_revert(creation))
    assert not Match.objects.exists()


def test_recorded_list_that_is_none_today_is_a_problem_of_its_field(ann: Member) -> None:
    with Context():
        ann.interests.add(Tag.objects.create(name="tea"))
    delta = deltas_of(Member, ann.pk).last()
    # As if it had been a text, or a list of something else.
    for value in "tea", [{"name": "tea"}]:
        delta.attribute_deltas.update(new_value=value)
        ann.interests.clear()
        (problem,) = plan_restore(delta).problems
        assert (problem.field, problem.code) == ("interests", "UNREADABLE")


def test_object_whose_key_makes_no_sense_today_is_a_problem(ann: Member) -> None:
    ObjectDelta.objects.update(content_id="x")
    (problem,) = plan_restore(ObjectDelta.objects.first()).problems
    assert (problem.field, problem.code) == (None, "UNREADABLE")
    assert {each.code for each in plan_revert(Revision.objects.get()).problems} == {"UNREADABLE"}
