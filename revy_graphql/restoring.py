"""Restoring an object, and reverting a revision, on behalf of a viewer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple, Self

from django.db import models, router

from revy.contrib.django.restore import Plan, Problem, RestoreError, plan_restore, plan_revert
from revy_graphql.authority import Authority
from revy_graphql.delta import ObjectDeltaRecord
from revy_graphql.errors import Forbidden, InvalidArgument, NotFound, Retry
from revy_graphql.history import Subject, find_subject
from revy_graphql.plan import PlanRecord
from revy_graphql.revision import RevisionRecord, read_deltas
from revy_graphql.types import find_revision, key_of_revision
from revy_graphql.viewer import Viewer, all_object_deltas

# How often somebody else may be faster.
_ATTEMPTS: Final = 5
# What a payload tells as an error of the restore; all else is one of the field.
_REFUSALS: Final = (Forbidden, InvalidArgument, NotFound)


class Terms(NamedTuple):
    """On which terms a plan is carried out: not at all, or only if it is the one of that token."""

    is_dry_run: bool = False
    expected_plan: str | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> Self:
        """Return what the arguments `dryRun` and `expectedPlan` say."""
        return cls(bool(arguments.get("dry_run")), arguments.get("expected_plan"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a plan: what was written, or why nothing was; of a dry run neither."""

    errors: list[Problem]
    plan: PlanRecord | None = None
    written: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreRecord:
    """What became of a restore: the new version and the object, or why there is none."""

    errors: list[Problem]
    plan: PlanRecord | None = None
    object_delta: ObjectDeltaRecord | None = None
    object: models.Model | None = None

    @property
    def revision(self) -> RevisionRecord | None:
        return None if self.object_delta is None else self.object_delta.revision


@dataclass(frozen=True, slots=True)
class RevertRecord:
    """What became of a revert: the new revision, as far as the viewer may see it, or why there is none."""

    errors: list[Problem]
    plan: PlanRecord | None = None
    revision: RevisionRecord | None = None


def restore_object(
    viewer: Viewer,
    address: tuple[str, str],
    version: int | None,
    expected_version: int | None,
    related: bool,
    terms: Terms,
) -> RestoreRecord:
    """Restore the object of that content type and id to a version, by default the last one, if the viewer may."""
    try:
        subject = find_subject(viewer, *address)
        recorded = _find_version(viewer, subject, version)
        if not viewer.policy.can_restore(viewer.info, subject.model, subject.instance):
            raise Forbidden
        using = router.db_for_write(subject.model)
        outcome = _carry_out(
            viewer,
            partial(plan_restore, recorded, related=related, expected_version=expected_version, using=using),
            terms,
        )
    except _REFUSALS as error:
        return RestoreRecord([Problem(None, error.message, error.code)])
    if outcome.errors:
        return RestoreRecord(outcome.errors, outcome.plan)
    # The viewer has to be asked anew: what was restored may not be visible any more.
    found = viewer.visibility_of(subject.model).find([subject.content_id])
    if subject.content_id not in found:
        return RestoreRecord([], outcome.plan)
    key = subject.content_type_id, subject.content_id
    written = [each for each in outcome.written if (each.content_type_id, each.content_id) == key]
    delta = read_deltas(viewer, written[-1:]).records[0] if written else None
    return RestoreRecord([], outcome.plan, delta, viewer.as_node(found[subject.content_id]))


def revert_revision(viewer: Viewer, global_id: str, skip_conflicts: bool, terms: Terms) -> RevertRecord:
    """Undo what the revision of that ID did, if the viewer may see and change all of it."""
    try:
        record = find_revision(viewer.info, key_of_revision(global_id))
        if record is None:
            raise NotFound
        using = _find_database(viewer, record.row)
        make_plan = partial(plan_revert, record.row, skip_conflicts=skip_conflicts, using=using)
        outcome = _carry_out(viewer, make_plan, terms)
    except _REFUSALS as error:
        return RevertRecord([Problem(None, error.message, error.code)])
    if not outcome.written:
        return RevertRecord(outcome.errors, outcome.plan)
    return RevertRecord([], outcome.plan, find_revision(viewer.info, str(outcome.written[0].revision_id)))


def _carry_out(viewer: Viewer, make_plan: Callable[..., Plan], terms: Terms) -> Outcome:
    """Make a plan, and write it unless something is in the way; raises Forbidden for one that the viewer may not do.

    It is made again with every row locked. If it is another one then, the viewer has not seen it: it is looked at anew.
    """
    for _ in range(_ATTEMPTS):
        authority = Authority(viewer)
        plan = make_plan(authorize=authority.allows)
        seen = PlanRecord(viewer, plan, authority.check(plan))
        errors = [*seen.problems]
        if terms.expected_plan not in (None, seen.token):
            errors.append(Problem(None, "It would do something else by now than what you have seen.", "CONFLICT"))
        if errors or terms.is_dry_run:
            return Outcome(errors, seen)
        try:
            return Outcome([], seen, plan.apply())
        except RestoreError as error:
            final = [problem for problem in error.problems if problem.code == "INTEGRITY"]
            if final:
                return Outcome(final, seen)
    raise Retry


def _find_version(viewer: Viewer, subject: Subject, version: int | None) -> Any:
    deltas = subject.object_deltas(viewer).order_by("-version")
    recorded = deltas.first() if version is None else deltas.filter(version=version).first()
    if recorded is None:
        raise NotFound
    return recorded


def _find_database(viewer: Viewer, revision: Any) -> str:
    """Return the database of what a revision changed. Raises Forbidden unless the viewer may see all of it."""
    own = all_object_deltas(viewer.using).filter(revision_id=revision.pk)
    if own.count() != viewer.object_deltas().filter(revision_id=revision.pk).count():
        raise Forbidden("The revision has changes that you may not see.")
    types = own.order_by().values_list("content_type_id", flat=True).distinct()
    using = {router.db_for_write(viewer.visible_models[type_id]) for type_id in types}
    if len(using) > 1:
        raise InvalidArgument("The revision changed objects of several databases, which cannot be undone at once.")
    return using.pop()
