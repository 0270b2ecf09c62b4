"""Saving an instance."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.functions import Concat
from django.db.models.signals import post_save, pre_save

from revy import Context
from tests.coverage.paths import Writing, section
from tests.coverage.start import ENTRY_IDS
from tests.machine.app.models import Code, Entry, Gauge, Thing
from tests.machine.expected import Expected
from tests.machine.world import awaited

path = section("Saving an instance")


@path("`save()` of a new object, its key made by the database")
def new() -> Writing:
    yield
    Gauge(key="new", value=1).save()


@path("`save()` of a new object with a key of its own")
def new_with_key() -> Writing:
    yield
    Entry(id=ENTRY_IDS[2], slug="new").save()


@path("`save(force_insert=True)`")
def force_insert() -> Writing:
    yield
    Code(id="new").save(force_insert=True)


@path("`create()`")
def create() -> Writing:
    yield
    Gauge.objects.create(key="new")


@path("`acreate()`")
def acreate() -> Writing:
    yield
    awaited(Gauge.objects.acreate)(key="new")


@path("`save()` of a new object with a `db_default` and a generated column")
def new_with_computed_columns() -> Writing:
    yield
    Thing(name="new", count=2).save()


@path("`save()` of a changed object")
def changed() -> Writing:
    gauge = Gauge.objects.get(key="a")
    yield
    gauge.value = 10
    gauge.save()


@path("`asave()` of a changed object")
def changed_async() -> Writing:
    gauge = Gauge.objects.get(key="a")
    yield
    gauge.value = 10
    awaited(gauge.asave)()


@path("`save()` without a change")
def unchanged() -> Writing:
    thing = Thing.objects.get(name="a")
    yield
    thing.save()


@path("`save()` of what was assigned before the context was entered")
def assigned_before() -> Writing:
    gauge = Gauge.objects.get(key="a")
    with Context.as_disabled():
        gauge.value = 10
    yield
    gauge.save()


@path("`save(update_fields=…)` with other attributes changed too")
def update_fields() -> Writing:
    thing = Thing.objects.get(name="a")
    yield
    thing.name, thing.rank = "new", 1
    thing.save(update_fields=["name"])


@path("`save(force_update=True)`")
def force_update() -> Writing:
    code = Code(id="a", label="new")
    yield
    code.save(force_update=True)


@path("`save()` of a model with `select_on_save`")
def select_on_save() -> Writing:
    code = Code.objects.get(pk="a")
    yield
    code.label = "new"
    Code._meta.select_on_save = True
    try:
        code.save()
    finally:
        Code._meta.select_on_save = False


@path("`save()` of an instance loaded with `only()`")
def only() -> Writing:
    thing = Thing.objects.only("name").get(name="a")
    yield
    thing.name = "new"
    thing.save()


@path("`save()` of a deferred attribute that was assigned")
def deferred() -> Writing:
    thing = Thing.objects.defer("price", "data").get(name="a")
    yield
    thing.price = 2
    thing.save()


@path("`save()` of `F()`")
def expression() -> Writing:
    gauge = Gauge.objects.get(key="a")
    yield
    gauge.value = F("value") + 1
    gauge.save()


@path("`save()` of `Case()` and a function")
def expressions() -> Writing:
    thing = Thing.objects.get(name="a")
    yield
    thing.rank = Case(When(count__gt=0, then=F("count") + 1), default=Value(0))
    thing.name = Concat(F("name"), Value("+"))
    thing.save()


@path("`save()` that changes a generated column")
def generated() -> Writing:
    thing = Thing.objects.get(name="a")
    yield
    thing.count = 20
    thing.save()


@path("`save()` of JSON changed in place")
def in_place() -> Writing:
    thing = Thing.objects.get(name="a")
    yield
    thing.data["more"] = [1, 1.5, None]
    thing.save()


@path("`save()` of a stale instance, which writes old values back")
def stale() -> Writing:
    gauge = Gauge.objects.get(key="a")
    Gauge.objects.filter(key="a").update(value=7)
    yield
    gauge.price = 3
    gauge.save()


@path("`save()` after `refresh_from_db()`")
def refreshed() -> Writing:
    gauge = Gauge.objects.get(key="a")
    yield
    gauge.value = 7
    gauge.refresh_from_db()
    gauge.price = 3
    gauge.save()


@path("`save()` of an object deleted meanwhile")
def deleted_meanwhile() -> Writing:
    code = Code.objects.get(pk="a")
    Code.objects.filter(pk="a").delete()
    yield
    code.label = "back"
    code.save()


@path("`save()` of a pickled and unpickled instance")
def pickled() -> Writing:
    gauge = pickle.loads(pickle.dumps(Gauge.objects.get(key="a")))
    yield
    gauge.value = 10
    gauge.save()


@path("`save()` as another object: `pk = None`")
def as_another() -> Writing:
    thing = Thing.objects.get(name="a")
    yield
    thing.pk = None
    thing._state.adding = True
    thing.save()


@path("`save()` with `_state.adding` set by hand, the object existing")
def adding_by_hand() -> Writing:
    yield
    code = Code(id="a", label="new")
    code._state.adding = False
    code.save()


@path("`save()` under another primary key")
def another_key() -> Writing:
    code = Code.objects.get(pk="a")
    yield
    code.pk = "new"
    code.save()


@path("`save()` with a `pre_save` receiver that changes the instance and saves another")
def pre_save_receiver() -> Writing:
    code = Code.objects.get(pk="a")

    def receive(instance: Code, **_: Any) -> None:
        instance.label = instance.label.strip()
        Gauge(key=f"of {instance.pk}").save()

    yield
    code.label = " new "
    with _connected(pre_save, receive):
        code.save()


@path("`save()` with a `post_save` receiver that saves the instance again")
def post_save_receiver() -> Writing:
    code = Code.objects.get(pk="a")

    def receive(instance: Code, **_: Any) -> None:
        if instance.label == "new":
            instance.label = "newer"
            instance.save()

    yield Expected(at_most=2)
    code.label = "new"
    with _connected(post_save, receive):
        code.save()


@contextmanager
def _connected(signal: Any, receiver: Callable[..., None]) -> Iterator[None]:
    signal.connect(receiver, sender=Code)
    try:
        yield
    finally:
        signal.disconnect(receiver, sender=Code)
