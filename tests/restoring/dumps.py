"""Databases as they are, to be compared row by row; and plans, to be compared with what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connections

from revy.contrib.django.restore import Plan
from tests.orm.history import AttributeDelta, ObjectDelta, Revision

Rows = dict[str, list[tuple[Any, ...]]]


def dump(using: str = "default") -> Rows:
    """Return every row of every table of the app, through automatic tables included, without their own keys."""
    found = {}
    for model in apps.get_app_config("restoringapp").get_models(include_auto_created=True):
        names = [
            field.attname
            for field in model._meta.local_concrete_fields
            if not (model._meta.auto_created and field.primary_key)
        ]
        found[model._meta.label] = sorted(model._base_manager.using(using).values_list(*names), key=repr)
    return found


def history() -> Rows:
    return {
        model._meta.label: sorted(model._base_manager.values_list(), key=repr)
        for model in (Revision, ObjectDelta, AttributeDelta)
    }


@contextmanager
def nothing_written(using: str = "default") -> Iterator[None]:
    """Assert that the block only reads."""
    before = dump(using), history()
    writes: list[str] = []

    def note(execute: Any, sql: str, *args: Any) -> Any:
        # Django checks the conditions of constraints behind a savepoint of its own.
        if not sql.lstrip("( ").startswith(("SELECT", "SAVEPOINT", "RELEASE SAVEPOINT")):
            writes.append(sql)
        return execute(sql, *args)

    with connections[using].execute_wrapper(note):
        yield
    assert not writes, writes
    assert (dump(using), history()) == before


def planned(plan: Plan) -> dict[tuple[Any, ...], dict[str, tuple[Any, Any]]]:
    """Return what a plan says will be recorded: old and new values by object and action."""
    return {
        (each.content_type_id, each.content_id, each.action): {
            change.name: (change.now, change.then) for change in each.changes
        }
        for each in plan.objects
        if each.action
    }


def written(deltas: Iterable[Any]) -> dict[tuple[Any, ...], dict[str, tuple[Any, Any]]]:
    """Return what was recorded, in the same form."""
    return {
        (delta.content_type_id, delta.content_id, delta.action): {
            change.field_name: (change.old_value, change.new_value) for change in delta.get_attribute_deltas()
        }
        for delta in deltas
    }


def apply_as_planned(plan: Plan) -> tuple[Any, ...]:
    """Apply a plan, and see that it did what it said, as one revision."""
    deltas = plan.apply()
    assert written(deltas) == planned(plan)
    assert len({delta.revision_id for delta in deltas}) == bool(deltas)
    return deltas
