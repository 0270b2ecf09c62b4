from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction

from revy import Context
from revy.contrib.django.errors import UntrackedWriteError, UntrackedWriteWarning
from tests.app.models import Code
from tests.orm.history import recorded

pytestmark = pytest.mark.django_db


def _write(name: str, alice: User) -> Callable[[], object]:
    code = Code.objects.create(id="x", label="1")
    group = Group.objects.create(name="g")
    writes: dict[str, Callable[[], object]] = {
        "create": lambda: Code.objects.create(id="y"),
        "save": lambda: Code(id="x", label="2").save(),
        "update": lambda: Code.objects.update(label="2"),
        "bulk_create": lambda: Code.objects.bulk_create([Code(id="y")]),
        "delete": code.delete,
        "queryset delete": lambda: Code.objects.all().delete(),
        "many-to-many": lambda: alice.groups.add(group),
    }
    return writes[name]


WRITES = ["create", "save", "update", "bulk_create", "delete", "queryset delete", "many-to-many"]


@pytest.mark.parametrize("name", WRITES)
def test_untracked_write_is_refused_before_anything_is_written(name: str, alice: User, settings: Any) -> None:
    write = _write(name, alice)
    settings.REVY_UNTRACKED_WRITES = "refuse"
    before = list(Code.objects.values_list()), list(alice.groups.all())
    with recorded(0, 0, 0), pytest.raises(UntrackedWriteError, match="outside every context"), transaction.atomic():
        write()
    with Context.as_disabled():
        assert (list(Code.objects.values_list()), list(alice.groups.all())) == before
        write()
    assert (list(Code.objects.values_list()), list(alice.groups.all())) != before


@pytest.mark.parametrize("name", WRITES)
def test_untracked_write_is_warned_about(name: str, alice: User, settings: Any) -> None:
    write = _write(name, alice)
    settings.REVY_UNTRACKED_WRITES = "warn"
    with recorded(0, 0, 0), pytest.warns(UntrackedWriteWarning, match="app.Code|auth.User"):
        write()


def test_untracked_write_to_models_that_are_not_tracked_is_nobodys_business(settings: Any) -> None:
    settings.REVY_UNTRACKED_WRITES = "refuse"
    settings.REVY_EXCLUDED_MODELS = ["app"]
    Code.objects.create(id="x").delete()
