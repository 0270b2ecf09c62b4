"""Writing a recorded state back, as a new version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, connections, models
from django.db.models import F
from django.db.models.query import QuerySet

from revy.contrib.django import conf, operation
from revy.contrib.django.errors import UnreadableValue
from revy.contrib.django.saving import exactly
from revy.contrib.django.snapshot import State, build_instance
from revy.contrib.django.tracking import Link, is_tracked, plan_for
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import is_same, key_from_text
from revy.contrib.django.versions import last_versions
from revy.errors import RevyError

if TYPE_CHECKING:
    from revy.contrib.django.abstract import AbstractObjectDelta


@dataclass(frozen=True)
class Problem:
    """What stands in the way of a restore: the field's name, or None if it is about the whole object."""

    field: str | None
    message: str
    code: str

    def __str__(self) -> str:
        return self.message if self.field is None else f"{self.field}: {self.message}"


class RestoreError(RevyError, ValueError):
    """A state that cannot be written back; nothing was written. `problems` lists all that stands in the way."""

    def __init__(self, what: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{what} cannot be restored. " + "; ".join(map(str, self.problems)))


class VersionConflict(RestoreError):
    """The object was changed since the version that the caller has seen."""


def restore(
    object_delta: AbstractObjectDelta, *, expected_version: int | None = None, using: str | None = None
) -> AbstractObjectDelta | None:
    """Write the state of an object at a version back, exactly, and return the new object delta.

    The object is updated, or created again under its old primary key if it is gone; receivers of its signals are called
    as for any save, but fields set nothing by themselves. Many-to-many relations are part of it. Attributes without a
    recorded value stay as they are, or get their default if the object is gone. Returns None if nothing has to change.

    `expected_version` is the version that the caller believes to be the last one. `using` is the object's database, by
    default the history's. Recorded under the running context's actor and description, or the system's outside of one.

    Raises RestoreError with every problem found, VersionConflict if the last version is another than expected.
    """
    history = object_delta._state.db or "default"
    model = _model_of(object_delta, history)
    with conf.context_class().as_enabled(), write_transaction(using or history, savepoint=True):
        return _Restore(object_delta, model, using or history, history).run(expected_version)


def _model_of(object_delta: AbstractObjectDelta, history: str) -> type[models.Model]:
    model: type[models.Model] | None = None
    try:
        model = ContentType.objects.db_manager(history).get_for_id(object_delta.content_type_id).model_class()
    except ContentType.DoesNotExist:
        pass
    if model is None:
        raise RestoreError(str(object_delta), [Problem(None, "Its model exists no more.", "UNKNOWN_MODEL")])
    if not is_tracked(model):
        problem = Problem(None, f"{model._meta.label} is not tracked (any more): see REVY_MODELS.", "UNTRACKED_MODEL")
        raise RestoreError(str(object_delta), [problem])
    return model


class _Restore:
    def __init__(self, object_delta: Any, model: type[models.Model], using: str, history: str) -> None:
        self.delta = object_delta
        self.model = model
        self.using = using
        self.what = f"{model._meta.label} {object_delta.content_id!r} version {object_delta.version}"
        self.versions = (
            type(object_delta)
            ._base_manager.using(history)
            .filter(content_type_id=object_delta.content_type_id, content_id=object_delta.content_id)
        )

    def run(self, expected_version: int | None) -> AbstractObjectDelta | None:
        live = self._lock()
        if live is None:
            self._lock_history()
            live = self._lock()
        last = self._last_version()  # read once the row is locked
        if expected_version is not None and expected_version != last:
            problem = Problem(
                None, f"Version {expected_version} was expected, but it is at version {last}.", "CONFLICT"
            )
            raise VersionConflict(self.what, [problem])
        state = self.delta.get_state()
        if state is None:
            problem = Problem(None, "The state that this version builds upon is gone.", "INCOMPLETE")
            raise RestoreError(self.what, [problem])
        instance, changed, problems = self._instance(live, state)
        lists, missing = self._lists(live, state)
        if not changed and not problems and not lists and not missing:
            return None
        problems += missing
        problems += self._find_problems(instance, changed, exclude={problem.field or "" for problem in problems})
        if problems:
            raise RestoreError(self.what, problems)
        try:
            with exactly(), operation.running(operation.Merged(takes_saves=True)):
                models.Model.save_base(instance, using=self.using, force_insert=live is None)
                for link, targets in lists.items():
                    getattr(instance, link.field.name).set(targets)
        except IntegrityError as error:
            problem = Problem(None, "It conflicts with other rows of the database.", "INTEGRITY")
            raise RestoreError(self.what, [problem]) from error
        written: AbstractObjectDelta | None = self.versions.filter(version=last + 1).first()
        return written

    def _lock(self) -> models.Model | None:
        """Return the object's row, locked; None if there is none."""
        pk = key_from_text(self.model, self.delta.content_id)
        no_key = connections[self.using].features.has_select_for_no_key_update
        rows: QuerySet[Any] = QuerySet(model=self.model, using=self.using)
        return rows.filter(pk=pk).select_for_update(no_key=no_key).first()

    def _lock_history(self) -> None:
        """Have others who bring the object back wait until this transaction ends: there is no row of it to lock.

        A row of its history stands in. It is written, not only locked, as transactions that read a snapshot get past
        a lock without noticing that it was waited for.
        """
        first = self.versions.order_by("version").values_list("pk", flat=True).first()
        self.versions.filter(pk=first).update(version=F("version"))

    def _last_version(self) -> int:
        key = self.delta.content_type_id, self.delta.content_id
        last = last_versions([key], connections[self.versions.db]).get(key)
        return 0 if last is None else last.version

    def _instance(self, live: models.Model | None, state: State) -> tuple[models.Model, set[str], list[Problem]]:
        """Return the instance to save, the names of the fields that change, and the values that do not fit."""
        plan = plan_for(self.model)
        fields = [field for field in plan.fields if field.attname in state and not field.generated]
        problems, fitting = [], {}
        for field in fields:
            codec = plan.codecs[field.attname]
            try:
                codec.decode(state[field.attname])
            except UnreadableValue as error:
                problems.append(Problem(field.name, str(error), "UNREADABLE"))
            else:
                fitting[field.attname] = state[field.attname]
        if live is None:
            instance = build_instance(self.model, fitting, self.using, is_deleted=True)
            return instance, {field.name for field in self.model._meta.concrete_fields}, problems
        changed = set()
        for field in fields:
            codec = plan.codecs[field.attname]
            if field.attname in fitting and not is_same(
                codec.encode(getattr(live, field.attname)), state[field.attname]
            ):
                setattr(live, field.attname, codec.decode(state[field.attname]))
                changed.add(field.name)
        return live, changed, problems

    def _lists(self, live: models.Model | None, state: State) -> tuple[dict[Link, list[Any]], list[Problem]]:
        """Return the keys that each relation is to have where it has others, and those that lead nowhere any more."""
        lists, problems = {}, []
        for link in plan_for(self.model).links:
            recorded = state.get(link.field.name)
            source = None if live is None else link.source_in(self.model, live.pk, vars(live))
            current = [] if source is None else link.read(self.using, [source]).get(source, [])
            if recorded is None or is_same(current, recorded):
                continue
            keys = [link.codec.decode(key) for key in recorded]
            target = link.field.remote_field.model
            rows: QuerySet[Any] = QuerySet(model=target, using=self.using)
            found = set(rows.filter(pk__in=keys).values_list("pk", flat=True))
            problems += [
                Problem(link.field.name, f"{target._meta.label} {key!r} exists no more.", "MISSING_TARGET")
                for key in keys
                if key not in found
            ]
            lists[link] = keys
        return lists, problems

    def _find_problems(self, instance: models.Model, changed: set[str], exclude: set[str]) -> list[Problem]:
        """Return every reason why the instance could not be saved or would not be valid."""
        problems = list(self._missing_targets(instance, changed))
        names = {field.name for field in self.model._meta.fields}
        skipped = (names - changed) | exclude | {problem.field or "" for problem in problems}
        for validate, options in (
            (instance.clean_fields, {"exclude": skipped}),
            (instance.clean, {}),
            (instance.validate_unique, {"exclude": exclude}),
            (instance.validate_constraints, {"exclude": exclude}),
        ):
            try:
                validate(**options)
            except ValidationError as error:
                problems += _problems_of(error)
        return list(dict.fromkeys(problems))

    def _missing_targets(self, instance: models.Model, changed: set[str]) -> Iterator[Problem]:
        for field in self.model._meta.concrete_fields:
            key: Any = field
            if not isinstance(field, models.ForeignKey) or field.name not in changed or not key.db_constraint:
                continue
            value = getattr(instance, field.attname)
            if value is None or field.remote_field.parent_link:
                continue
            target = field.remote_field.model
            rows: QuerySet[Any] = QuerySet(model=target, using=self.using)
            if not rows.filter(**{field.target_field.attname: value}).exists():
                yield Problem(field.name, f"{target._meta.label} {value!r} exists no more.", "MISSING_TARGET")


def _problems_of(error: ValidationError) -> Iterator[Problem]:
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for field, errors in by_field.items():
        for one in errors:
            code = "UNIQUE" if str(one.code).startswith("unique") else str(one.code or "invalid").upper()
            for message in one.messages:
                yield Problem(None if field == NON_FIELD_ERRORS else field, message, code)
