"""A club: everything that a deletion can take along, and everything that can stand in the way of bringing it back."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q

from revy.contrib.django.models import CASCADE, SET, SET_NULL


def get_stranger() -> int:
    return Member.objects.get_or_create(name="stranger")[0].pk


class Tag(models.Model):
    name = models.CharField(max_length=20, primary_key=True)


class Remark(models.Model):
    """About anything."""

    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
    object_id = models.BigIntegerField()
    about = GenericForeignKey()
    text = models.CharField(max_length=50)


class Member(models.Model):
    name = models.CharField(max_length=50, unique=True)
    data = models.JSONField(default=dict, blank=True)
    sponsor = models.ForeignKey("self", CASCADE, null=True, blank=True, related_name="protegees")
    partner = models.OneToOneField("self", SET_NULL, null=True, blank=True, related_name="other_partner")
    friends = models.ManyToManyField("self", blank=True)
    interests = models.ManyToManyField(Tag, blank=True, related_name="members")
    remarks = GenericRelation(Remark)


class Coach(Member):
    licence = models.CharField(max_length=10)
    trainees = models.ManyToManyField(Member, blank=True, related_name="coaches")


class Team(models.Model):
    name = models.CharField(max_length=50)
    captain = models.ForeignKey(Member, CASCADE, related_name="teams")
    treasurer = models.ForeignKey(Member, models.SET_NULL, null=True, blank=True, related_name="treasuries")
    fans = models.ManyToManyField(Member, blank=True, related_name="fan_of")
    motto = models.TextField(default="")
    saved_at = models.DateTimeField(auto_now=True)


class Match(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="matches")
    referee = models.ForeignKey(Member, SET(get_stranger), null=True, blank=True, related_name="refereed")
    scored = models.IntegerField(default=0)
    conceded = models.IntegerField(default=0)
    difference = models.GeneratedField(
        expression=F("scored") - F("conceded"), output_field=models.IntegerField(), db_persist=True
    )


class Hit(models.Model):
    match = models.ForeignKey(Match, models.CASCADE, related_name="hits")
    scorer = models.ForeignKey(Member, models.SET_DEFAULT, null=True, blank=True, default=None, related_name="hits")
    minute = models.IntegerField(default=0)
    rank = models.IntegerField(db_default=7)


class Fee(models.Model):
    """Keeps a member from being deleted."""

    member = models.ForeignKey(Member, models.PROTECT, related_name="fees")
    amount = models.DecimalField(max_digits=8, decimal_places=2, default=0)


class Address(models.Model):
    """One of a member's addresses is the main one."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="addresses")
    street = models.CharField(max_length=50)
    is_main = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["member"], condition=Q(is_main=True), name="restoring_main_address"),
            models.UniqueConstraint(fields=["member", "street"], name="restoring_street"),
        )


class Left(models.Model):
    """Half of a circle in which nobody can come first."""

    right = models.ForeignKey("Right", models.CASCADE, related_name="lefts")


class Right(models.Model):
    left = models.ForeignKey(Left, models.CASCADE, related_name="rights")
