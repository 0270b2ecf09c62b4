"""Random edits of a club, by every kind of write that leaves a trace on others."""

from __future__ import annotations

from random import Random
from typing import Any

from django.core.management import call_command
from django.db import transaction
from django.db.models import F, ProtectedError

from revy import Context
from tests.restoring.app.models import Address, Coach, Fee, Hit, Match, Member, Remark, Tag, Team

# How the deltas of deletions that were asked for are told from what fell, and from all else.
ASKED = "asked"
EDITED = "edited"
NAMES = [f"name {number}" for number in range(30)]


def edit(chance: Random) -> None:
    """Do something that is possible, as the system."""
    act = chance.choice(EDITS)
    if act is delete:
        with Context.via_object_delta_description(ASKED):
            act(chance)
    else:
        with Context.via_object_delta_description(EDITED):
            act(chance)


def verify() -> None:
    """See that the last state of every object is what its row says."""
    call_command("revy_verify", "restoringapp", verbosity=0)


def _some(chance: Random, model: Any) -> Any:
    """Return an object of the model, or None."""
    pks = list(model.objects.order_by("pk").values_list("pk", flat=True))
    return model.objects.get(pk=chance.choice(pks)) if pks else None


def _several(chance: Random, model: Any) -> list[Any]:
    pks = list(model.objects.order_by("pk").values_list("pk", flat=True))
    return chance.sample(pks, chance.randint(0, min(3, len(pks))))


def _free_name(chance: Random) -> str:
    taken = set(Member.objects.values_list("name", flat=True))
    return chance.choice([name for name in NAMES if name not in taken] or [f"name {len(taken)}…"])


def create(chance: Random) -> None:
    member = _some(chance, Member)
    kind = chance.choice([Member, Coach, Team, Match, Hit, Address, Remark, Tag, Fee])
    if kind is Member:
        Member.objects.create(name=_free_name(chance), data={"n": chance.randint(0, 3)}, sponsor=member)
    elif kind is Coach:
        Coach.objects.create(name=_free_name(chance), licence=chance.choice("ABC"), sponsor=member)
    elif kind is Tag:
        Tag.objects.get_or_create(name=chance.choice("uvwxyz"))
    elif kind is Match and (team := _some(chance, Team)):
        Match.objects.create(team=team, referee=_some(chance, Member), scored=chance.randint(0, 5))
    elif kind is Hit and (match := _some(chance, Match)):
        Hit.objects.create(match=match, scorer=member, minute=chance.randint(0, 90))
    elif member is None:
        return
    elif kind is Team:
        Team.objects.create(name="t", captain=member, treasurer=_some(chance, Member))
    elif kind is Address:
        is_main = not member.addresses.filter(is_main=True).exists()
        Address.objects.get_or_create(member=member, street=chance.choice("abc"), defaults={"is_main": is_main})
    elif kind is Remark:
        Remark.objects.create(about=member, text="r")
    elif kind is Fee and chance.random() < 0.3:
        Fee.objects.create(member=member, amount=chance.randint(1, 9))


def change(chance: Random) -> None:
    member, other = _some(chance, Member), _some(chance, Member)
    kind = chance.choice([Member, Coach, Team, Match, Hit, Fee])
    instance = _some(chance, kind)
    if instance is None or member is None:
        return
    if isinstance(instance, Coach):
        instance.licence, instance.name = chance.choice("ABC"), _free_name(chance)
    elif isinstance(instance, Member):
        instance.name, instance.sponsor = _free_name(chance), member
        taken = Member.objects.filter(partner=other).exclude(pk=instance.pk).exists()
        instance.partner = instance.partner if taken else other
    elif isinstance(instance, Team):
        instance.captain, instance.treasurer, instance.motto = member, other, chance.choice(["", "Go!"])
    elif isinstance(instance, Match):
        instance.referee, instance.conceded = other, F("conceded") + 1
    elif isinstance(instance, Hit):
        instance.scorer, instance.minute = member, chance.randint(0, 90)
    else:
        instance.amount += 1
    instance.save()


def relate(chance: Random) -> None:
    member, team, coach = (_some(chance, model) for model in (Member, Team, Coach))
    if member is not None:
        member.friends.set(_several(chance, Member))
        member.interests.set(_several(chance, Tag))
        member.fan_of.set(_several(chance, Team))
    if team is not None:
        team.fans.set(_several(chance, Member))
    if coach is not None:
        coach.trainees.set(_several(chance, Member))


def move_main_address(chance: Random) -> None:
    address = _some(chance, Address)
    if address is not None:
        Address.objects.filter(member=address.member_id).update(is_main=False)
        Address.objects.filter(pk=address.pk).update(is_main=True)


def pass_name_on(chance: Random) -> None:
    """Give a name to somebody else as soon as it is free."""
    one, other = _some(chance, Member), _some(chance, Member)
    if one is not None and one != other:
        name = one.name
        Member.objects.filter(pk=one.pk).update(name=_free_name(chance))
        Member.objects.filter(pk=other.pk).update(name=name)


def delete(chance: Random) -> None:
    instance = _some(chance, chance.choice([Member, Member, Coach, Team, Match, Hit, Address, Tag, Fee, Remark]))
    if instance is not None:
        try:
            with transaction.atomic():
                instance.delete()
        except ProtectedError:
            return


EDITS = [create, create, create, change, change, relate, move_main_address, pass_name_on, delete]
