"""What can be asked for: a version of an object, with what fell with it, or the end of a revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import IntegrityError, connections, models

from revy.contrib.django import conf
from revy.contrib.django.abstract import AbstractObjectDelta, AbstractRevision
from revy.contrib.django.restore.fallen import fallen_with, find_deletion
from revy.contrib.django.restore.goals import Goal, Lost
from revy.contrib.django.restore.plan import Address, Plan
from revy.contrib.django.restore.planner import Authorize, Draft, Planner
from revy.contrib.django.restore.problems import CONFLICT, INTEGRITY, Problem, RestoreError, VersionConflict
from revy.contrib.django.restore.targets import address_of, find_delta, restored
from revy.contrib.django.restore.undoing import undone
from revy.contrib.django.restore.writing import deltas_since, last_delta, write
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.versions import last_versions

Target = AbstractObjectDelta | models.Model


def restore(
    target: Target,
    *,
    version: int | None = None,
    related: bool = False,
    expected_version: int | None = None,
    using: str | None = None,
    authorize: Authorize | None = None,
) -> AbstractObjectDelta | None:
    """Write the state of an object at a version back, exactly, and return the new object delta.

    `target` is an object delta, or the object; `version` is by default the delta's, or the object's last recorded one.
    The object is updated, or created again under its old primary key if it is gone; receivers of its signals are called
    as for any save, but fields set nothing by themselves. Many-to-many relations are part of it. Attributes without a
    recorded value stay as they are, or get their default if the object is gone. Returns None if nothing has to change.

    `related`: with a deleted object comes back what fell with it in the same revision, if it is still gone: what its
    deletion cascaded to, and the references to it that were set to something else, unless they were changed since.

    `expected_version` is the version that the caller believes to be the last one. `using` is the object's database, by
    default the history's. `authorize` is asked for each object: its model, the object as it is or None, and the action
    "C", "U" or "D". Recorded under the running context's actor and description, or the system's outside of one.

    Raises RestoreError with every problem found, VersionConflict if the last version is another than expected,
    ObjectDelta.DoesNotExist if there is no such version.
    """
    delta = find_delta(target, version)
    job = _restoring(delta, related, expected_version, using, authorize)
    address = address_of(delta)
    written = [each for each in job.carry_out(None) if (each.content_type_id, each.content_id) == address]
    return written[-1] if written else None


def plan_restore(
    target: Target,
    *,
    version: int | None = None,
    related: bool = False,
    expected_version: int | None = None,
    using: str | None = None,
    authorize: Authorize | None = None,
) -> Plan:
    """Return what `restore` would do, with everything that stands in the way; nothing is written, no signal sent."""
    return _restoring(find_delta(target, version), related, expected_version, using, authorize).plan()


def revert(
    revision: AbstractRevision,
    *,
    skip_conflicts: bool = False,
    using: str | None = None,
    authorize: Authorize | None = None,
) -> AbstractRevision | None:
    """Undo what one revision did, and return the new revision, or None if nothing has to change.

    What it created is deleted, what it deleted is created again, and what it changed is as it was before, attribute by
    attribute. Whatever was changed again since is a conflict, as is what others have come to refer to: nothing is done
    then, or with `skip_conflicts` all but that. An attribute that is as it was before already is no conflict.

    `using` and `authorize` are as for `restore`. Raises RestoreError with every problem found, Revision.DoesNotExist if
    it is not in the history any more, TypeError for what is no revision, ValueError for one that was not saved.
    """
    written = _reverting(revision, skip_conflicts, using, authorize).carry_out(None)
    return written[0].revision if written else None


def plan_revert(
    revision: AbstractRevision,
    *,
    skip_conflicts: bool = False,
    using: str | None = None,
    authorize: Authorize | None = None,
) -> Plan:
    """Return what `revert` would do, with everything that stands in the way; nothing is written, no signal sent."""
    return _reverting(revision, skip_conflicts, using, authorize).plan()


class _Job:
    """Something that is asked for, to be planned now and carried out then."""

    def __init__(
        self, what: str, wanted: Callable[[], Iterable[Goal | Lost]], history: str, using: str | None, **options: Any
    ) -> None:
        self.what = what
        self.wanted = wanted
        self.history = history
        self.using = using or history
        self.options = options
        # The object, and the version that it is believed to be at.
        self.expected: tuple[Address, int] | None = None

    def plan(self) -> Plan:
        return self._plan_of(self._draft(lock=False))

    def carry_out(self, token: str | None) -> tuple[AbstractObjectDelta, ...]:
        """Write it, if it is still what the token stands for, and return the object deltas."""
        try:
            with conf.context_class().as_enabled(), write_transaction(self.using, savepoint=True):
                return self._write(self._draft(lock=True), token)
        except IntegrityError as error:
            # Not only from a statement: foreign keys may be checked at the commit.
            problem = Problem(None, "It conflicts with other rows of the database.", INTEGRITY)
            raise RestoreError(self.what, [problem]) from error

    def _write(self, draft: Draft, token: str | None) -> tuple[AbstractObjectDelta, ...]:
        plan = self._plan_of(draft)
        if plan.problems:
            kind = VersionConflict if any(each.code == CONFLICT for each in plan.problems) else RestoreError
            raise kind(self.what, plan.problems, [each for each in plan.objects if each.problems])
        if token is not None and token != plan.token:
            message = "It would not do any more what it was said to do: objects were changed meanwhile."
            raise VersionConflict(self.what, [Problem(None, message, CONFLICT)])
        if plan.is_empty:
            return ()
        last = last_delta(self.history)
        write(draft.stages, self.using)
        return deltas_since(last, (each.address for each in plan.objects if each.action), self.history)

    def _draft(self, *, lock: bool) -> Draft:
        draft = Planner(self.using, self.history, lock=lock, **self.options).draft(self.wanted())
        if self.expected is None:
            return draft
        address, expected = self.expected
        # Read once the row is locked.
        last = last_versions([address], connections[self.history]).get(address)
        version = 0 if last is None else last.version
        if version == expected:
            return draft
        problem = Problem(None, f"Version {expected} was expected, but it is at version {version}.", CONFLICT)
        return draft.with_problem(address, problem)

    def _plan_of(self, draft: Draft) -> Plan:
        return Plan(self.what, draft.objects, self.carry_out)


def _restoring(
    delta: Any, related: bool, expected_version: int | None, using: str | None, authorize: Authorize | None
) -> _Job:
    def wanted() -> Iterable[Goal | Lost]:
        goal = restored(delta)
        yield goal
        deletion = find_deletion(delta) if related and isinstance(goal, Goal) else None
        if deletion is not None and isinstance(goal, Goal):
            yield from fallen_with(deletion, goal, is_at_deletion=deletion.pk == delta.pk)

    job = _Job(str(delta), wanted, delta._state.db or "default", using, authorize=authorize)
    if expected_version is not None:
        job.expected = address_of(delta), expected_version
    return job


def _reverting(revision: Any, skip_conflicts: bool, using: str | None, authorize: Authorize | None) -> _Job:
    if not isinstance(revision, AbstractRevision):
        raise TypeError(f"Pass a revision, not {revision!r}.")
    if revision.pk is None:
        raise ValueError("The revision was not saved: it has changed nothing that could be undone.")
    return _Job(
        str(revision),
        lambda: undone(revision),
        revision._state.db or "default",
        using,
        skip_conflicts=skip_conflicts,
        authorize=authorize,
    )
