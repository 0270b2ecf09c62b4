"""The operations whose cost is followed: each is run on objects with histories, timed, and checked."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from benchmarks import databases
from benchmarks.growth.schema import schema
from revy import Context
from revy.contrib.django.models import ObjectDelta, ObjectSnapshot

OF_OBJECT: Final = """query ($type: String, $id: ID) {
    revisions(contentType: $type, contentId: $id, first: 20) { ...Page } }"""
OF_ALL: Final = "{ revisions(first: 20) { ...Page } }"
PAGE: Final = """fragment Page on RevisionConnection { edges { node {
    description createdAt actors { display } objectDeltas(first: 5) { edges { node {
        action version attributeDeltas { fieldName oldValue newValue } } } } } } }"""
RESTORE: Final = """mutation ($type: String!, $id: ID!, $version: Int!) {
    restoreObject(contentType: $type, contentId: $id, version: $version) {
        objectDelta { version } errors { code message } } }"""


@dataclass(frozen=True)
class Histories:
    """Objects of one model, with as many versions each."""

    objects: Sequence[Any]
    versions: int
    user: User
    repeats: int

    @classmethod
    def make(cls, model: Any, versions: int, user: User, repeats: int) -> Histories:
        # What is run adds versions: that shows where there are few of them, and does not where there are many.
        objects = [model() for _ in range(repeats if versions <= 100 else 1)]
        with transaction.atomic():
            for instance in objects:
                for version in range(1, versions + 1):
                    with Context.via_actor(user), Context.via_revision_description(f"Version {version}"):
                        instance.field_1 = f"value {version}"
                        instance.save()
        databases.settle()
        return cls(objects, versions, user, repeats)

    def measure(self) -> dict[str, float]:
        """Return the microseconds of each operation, which is the lower quartile of several calls.

        Work of others only ever adds to what is seen: a curve of medians goes up and down with it.
        """
        return {title: self._measure(run) for title, run in OPERATIONS.items()}

    def _measure(self, run: Callable[[Histories, Any, int], None]) -> float:
        timings = []
        gc.collect()
        for number in range(self.repeats):
            instance = self.objects[number % len(self.objects)]
            begin = time.perf_counter()
            run(self, instance, number)
            timings.append(time.perf_counter() - begin)
        return statistics.quantiles(timings, n=4, method="inclusive")[0] * 1e6

    def save(self, instance: Any, number: int) -> None:
        instance.field_1 = f"saved {number}"
        with Context.via_actor(self.user), Context.via_revision_description("Saved"):
            instance.save()

    def page_of_object(self, instance: Any, number: int) -> None:
        found = self._ask(OF_OBJECT + PAGE, type=instance._meta.label_lower, id=str(instance.pk))
        assert len(found["revisions"]["edges"]) >= min(20, self.versions)

    def page_of_all(self, instance: Any, number: int) -> None:
        assert len(self._ask(OF_ALL + PAGE)["revisions"]["edges"]) == 20

    def snapshot(self, instance: Any, number: int) -> None:
        deltas = ObjectDelta.objects.annotate(snapshot=ObjectSnapshot(type(instance)))
        content_type = ContentType.objects.get_for_model(instance)
        delta: Any = deltas.get(content_type=content_type, content_id=instance.pk, version=self.versions)
        assert delta.snapshot.field_1 == f"value {self.versions}"

    def restore(self, instance: Any, number: int) -> None:
        # Another version each time: restoring what is there already would write nothing.
        version = max(1, self.versions // 2 - (number if len(self.objects) == 1 else 0))
        found = self._ask(RESTORE, type=instance._meta.label_lower, id=str(instance.pk), version=version)
        assert found["restoreObject"]["errors"] == []
        assert found["restoreObject"]["objectDelta"]["version"] > self.versions

    def _ask(self, document: str, **variables: Any) -> Any:
        request = SimpleNamespace(user=self.user, META={})
        result = schema.execute(document, variables=variables, context_value=request)
        assert result.errors is None, result.errors
        return result.data


OPERATIONS: Final[dict[str, Callable[[Histories, Any, int], None]]] = {
    "save": Histories.save,
    "revisions(first: 20) of an object": Histories.page_of_object,
    "revisions(first: 20) of everything": Histories.page_of_all,
    "snapshot": Histories.snapshot,
    "restoreObject": Histories.restore,
}
