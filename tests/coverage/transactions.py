"""Transactions: what is taken back is not told, and what comes after it is."""

from __future__ import annotations

import contextlib

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction

from tests.coverage.paths import Writing, section
from tests.machine.app.models import Code, Entry, Gauge

path = section("Transactions and errors")


class RollBack(Exception):
    """Raised to take a block back."""


@path("a nested `atomic()` that rolls back, with a write before and after it")
def rolled_back() -> Writing:
    yield
    Code.objects.filter(pk="a").update(label="new")
    with contextlib.suppress(RollBack), transaction.atomic():
        Code.objects.filter(pk="b").update(label="never")
        raise RollBack
    Code.objects.filter(pk="c").update(label="new")


@path("a nested `atomic()` that rolls back the first write of its scope")
def first_rolled_back() -> Writing:
    yield
    with contextlib.suppress(RollBack), transaction.atomic():
        Code.objects.create(pk="never")
        raise RollBack
    Code.objects.create(pk="new")


@path("`savepoint()` and `savepoint_rollback()`")
def savepoint() -> Writing:
    yield
    # Django 6.1 has another name for it.
    create = getattr(transaction, "savepoint_create", None) or transaction.savepoint
    sid = create(using=DEFAULT_DB_ALIAS)
    Code.objects.all().delete()
    transaction.savepoint_rollback(sid, using=DEFAULT_DB_ALIAS)
    Gauge.objects.filter(key="a").delete()


@path("`save()` that the database refuses")
def refused_save() -> Writing:
    entry = Entry.objects.get(slug="a")
    yield
    entry.slug = "b"
    with contextlib.suppress(IntegrityError), transaction.atomic():
        entry.save()


@path("`QuerySet.update()` that the database refuses")
def refused_update() -> Writing:
    yield
    with contextlib.suppress(IntegrityError), transaction.atomic():
        Gauge.objects.update(key="same")


@path("`bulk_create()` that the database refuses")
def refused_bulk_create() -> Writing:
    yield
    with contextlib.suppress(IntegrityError), transaction.atomic():
        Gauge.objects.bulk_create([Gauge(key="new"), Gauge(key="a")])
