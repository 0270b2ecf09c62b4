"""Bringing past states back: a plan, which writes nothing and can be looked at, and applying it, as new versions."""

from revy.contrib.django.restore.plan import Change, ObjectPlan, Plan
from revy.contrib.django.restore.problems import Problem, RestoreError, VersionConflict
from revy.contrib.django.restore.verbs import plan_restore, plan_revert, restore, revert

__all__ = [
    "Change",
    "ObjectPlan",
    "Plan",
    "Problem",
    "RestoreError",
    "VersionConflict",
    "plan_restore",
    "plan_revert",
    "restore",
    "revert",
]
