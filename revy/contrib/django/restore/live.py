"""The objects as they are: whole rows with their lists, many at a time, locked if something is to be written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections, models
from django.db.models import F, Min
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.batches import in_batches
from revy.contrib.django.restore.goals import Goal
from revy.contrib.django.restore.plan import Address
from revy.contrib.django.rows import keys_a_statement
from revy.contrib.django.snapshot import State
from revy.contrib.django.tracking import key_of_instance, plan_for


@dataclass(frozen=True, slots=True)
class LiveRow:
    """An object that is there, and all that is recorded of it, encoded."""

    instance: models.Model
    state: State


class Live:
    """Reads the objects of database `using`; `lock`: for writing them, in the running transaction."""

    def __init__(self, using: str, history: str, *, lock: bool) -> None:
        self.using = using
        self.history = history
        self.lock = lock

    def read(self, goals: Sequence[Goal]) -> dict[Address, LiveRow]:
        """Return the objects of the goals that are there.

        Locking waits for whoever brings a missing one back: there is no row of it to lock, so that of its first version
        stands in.
        """
        found = self._read(goals)
        missing = [goal for goal in goals if goal.address not in found]
        if self.lock and missing:
            self._lock_histories(goal.address for goal in missing)
            found |= self._read(missing)
        return found

    def _read(self, goals: Sequence[Goal]) -> dict[Address, LiveRow]:
        by_model: dict[type[models.Model], dict[Any, Address]] = defaultdict(dict)
        for goal in goals:
            by_model[goal.model][goal.pk] = goal.address
        found = {}
        # Whoever locks the objects of several models locks them in the same order.
        for model in sorted(by_model, key=lambda model: model._meta.label):
            found.update(self._rows_of(model, by_model[model]))
        return found

    def _rows_of(self, model: type[models.Model], addresses: dict[Any, Address]) -> dict[Address, LiveRow]:
        plan = plan_for(model)
        objects: QuerySet[Any] = QuerySet(model=model, using=self.using)
        if self.lock:
            no_key = connections[self.using].features.has_select_for_no_key_update
            objects = objects.select_for_update(no_key=no_key).order_by("pk")
        found: dict[Any, LiveRow] = {}
        for keys in in_batches(list(addresses), keys_a_statement(plan, self.using)):
            instances = {key_of_instance(each, model): each for each in objects.filter(pk__in=keys)}
            for pk, instance in instances.items():
                state = {
                    field.attname: plan.codecs[field.attname].encode(vars(instance)[field.attname])
                    for field in plan.fields
                }
                found[pk] = LiveRow(instance, state)
            for link in plan.links:
                sources = {pk: link.source_in(model, pk, vars(each)) for pk, each in instances.items()}
                lists = link.read(self.using, list(sources.values()))
                for pk, source in sources.items():
                    found[pk].state[link.field.name] = lists.get(source, [])
        return {addresses[pk]: row for pk, row in found.items()}

    def _lock_histories(self, addresses: Iterable[Address]) -> None:
        """Have others who bring these objects back wait until this transaction ends.

        The rows are written, not only locked, as transactions that read a snapshot get past a lock without noticing
        that it was waited for.
        """
        deltas = conf.get_object_delta_model()._base_manager.using(self.history).order_by()
        by_type = defaultdict(list)
        for type_id, content_id in addresses:
            by_type[type_id].append(content_id)
        firsts: list[Any] = []
        for type_id, keys in by_type.items():
            for some in in_batches(keys):
                rows = deltas.filter(content_type_id=type_id, content_id__in=some).values("content_id")
                firsts += rows.annotate(first=Min("pk")).values_list("first", flat=True)
        for some in in_batches(sorted(firsts)):
            locked = list(deltas.filter(pk__in=some).order_by("pk").select_for_update().values_list("pk", flat=True))
            deltas.filter(pk__in=locked).update(version=F("version"))
