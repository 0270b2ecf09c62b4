"""get_or_create and update_or_create."""

from __future__ import annotations

from typing import Any

from tests.coverage.paths import Writing, section
from tests.coverage.start import ENTRY_IDS
from tests.machine.app.models import Entry, Gauge
from tests.machine.world import awaited

path = section("`get_or_create()` and `update_or_create()`")


@path("`get_or_create()` that creates")
def get_creating() -> Writing:
    yield
    Gauge.objects.get_or_create(key="new", defaults={"value": 1})


@path("`aget_or_create()` that creates")
def get_creating_async() -> Writing:
    yield
    awaited(Gauge.objects.aget_or_create)(key="new", defaults={"value": 1})


@path("`get_or_create()` that finds")
def get_finding() -> Writing:
    yield
    Gauge.objects.get_or_create(key="a", defaults={"value": 10})


@path("`update_or_create()` that creates, with `create_defaults`")
def update_creating() -> Writing:
    yield
    _update_or_create(slug="new")


@path("`update_or_create()` that updates")
def update_updating() -> Writing:
    yield
    _update_or_create(slug="a")


@path("`aupdate_or_create()` that updates")
def update_updating_async() -> Writing:
    yield
    awaited(Gauge.objects.aupdate_or_create)(key="a", defaults={"value": 10})


@path("`update_or_create()` that changes nothing")
def update_unchanged() -> Writing:
    yield
    Gauge.objects.update_or_create(key="a", defaults={"value": 1})


def _update_or_create(**lookup: Any) -> None:
    Entry.objects.update_or_create(**lookup, defaults={"value": 10}, create_defaults={"id": ENTRY_IDS[2], "value": 20})
