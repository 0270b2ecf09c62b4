"""Writes of many rows at once: how much memory and how many statements they take, with and without a context."""

from __future__ import annotations

import json
import random
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

from django.db import connection
from django.db.models import Case, F, IntegerField, OuterRef, Q, Subquery, Value, When

from revy import Context
from tests.stress import database
from tests.stress.app.models import Box, Slip
from tests.stress.processes import Worker

CHUNK = 5000


def create(rows: int) -> object:
    return Slip.objects.bulk_create(Slip(pk=number + rows, label="new") for number in range(rows))


def update_constant(rows: int) -> object:
    return Slip.objects.update(label="new")


def update_expression(rows: int) -> object:
    return Box.objects.update(count=F("count") + 1)


def update_subquery(rows: int) -> object:
    return Box.objects.update(label=Subquery(Slip.objects.filter(pk=OuterRef("pk")).values("label")[:1]))


def update_case(rows: int) -> object:
    count = Case(When(Q(count__gt=5), then=Value(0)), default=Value(1), output_field=IntegerField())
    return Box.objects.update(count=count)


def bulk_update(rows: int) -> object:
    slips = [Slip(pk=number, label="new") for number in range(rows)]
    return Slip.objects.bulk_update(slips, ["label"], batch_size=500)


def delete(rows: int) -> object:
    return Slip.objects.all().delete()


ACTS: dict[str, Callable[[int], object]] = {
    act.__name__: act
    for act in (create, update_constant, update_expression, update_subquery, update_case, bulk_update, delete)
}


def measure(act: str, rows: int, in_context: bool) -> dict[str, Any]:
    """Do it in this process, and return the megabytes that it took, its statements, and its seconds."""
    statements = 0

    def count(execute: Any, *arguments: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(*arguments)

    # What the first statement of all loads is not counted.
    with Context():
        Slip.objects.create(pk=-1, label="first").delete()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.monotonic()
    with connection.execute_wrapper(count), Context() if in_context else nullcontext():
        ACTS[act](rows)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"megabytes": (after - before) // 1024, "statements": statements, "seconds": time.monotonic() - begin}


def furnish(rows: int) -> None:
    database.empty()
    for model in (Slip, Box):
        for start in range(0, rows, CHUNK):
            stop = min(start + CHUNK, rows)
            model.objects.bulk_create(model(pk=number, label=model.__name__) for number in range(start, stop))


def run_bulk(acts: list[str], rows: int, seed: int) -> Iterator[tuple[str, bool, dict[str, Any]]]:
    """Yield what each act takes, without a context and in one, on tables of that many rows."""
    random.Random(seed).shuffle(acts)
    for act in acts:
        for in_context in (False, True):
            furnish(rows)
            worker = Worker({"job": "bulk", "act": act, "rows": rows, "in_context": in_context})
            worker.wait_until_ready()
            worker.begin()
            status = worker.join()
            yield act, in_context, {"failed": status} if status else json.loads(worker.lines[-1])
