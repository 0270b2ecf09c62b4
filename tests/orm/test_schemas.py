"""What unusual schemas, and values given as another type than that of their column, lead to."""

from __future__ import annotations

import decimal
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.postgres import fields as postgres
from django.db import connection, models
from django.db.models import F, Value

from revy import Context
from revy.contrib.django.values import Codec
from revy.contrib.django.verification import verify
from tests.app.models import Invoice
from tests.odd.models import Amount, Base, Flag, Gate, Heir, Label, Passport, Station, Terminal
from tests.orm.history import actions, changes, deltas_of, snapshots, values_of

pytestmark = pytest.mark.django_db


def assert_recorded(*tracked: type[models.Model]) -> None:
    found: list[Any] = []
    verify(tracked, strict=True, report=found.append)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("given", ["0.0000005", "1.0000015", "2.5000005", "123456789.1234565", 0.1, 3])
def test_decimal_with_more_places_than_its_column_is_recorded_as_the_database_rounds_it(given: Any) -> None:
    value = decimal.Decimal(given) if isinstance(given, str) else given
    with Context():
        created = Amount.objects.create(exact=value)
        saved = Amount.objects.create()
        saved.exact = value
        saved.save()
        updated = Amount.objects.create()
        Amount.objects.filter(pk=updated.pk).update(exact=value)
    for amount in Amount.objects.all():
        assert values_of(snapshots(Amount, amount.pk)[-1]) == values_of(amount)
    assert len({amount.exact for amount in Amount.objects.filter(pk__in=[created.pk, saved.pk, updated.pk])}) == 1
    assert_recorded(Amount)


@pytest.mark.parametrize(
    "field",
    [
        postgres.ArrayField(models.DecimalField(max_digits=5, decimal_places=2)),
        postgres.IntegerRangeField(),
        postgres.HStoreField(),
    ],
)
def test_fields_that_postgresql_rewrites_are_read_back(field: Any) -> None:
    # [1, 5] becomes [1, 6), 1.5 in an array becomes 1.50.
    field.set_attributes_from_name("value")
    assert Codec(field).converts


def test_delete_of_child_of_uuid_parent_keeps_the_lists_of_the_parent() -> None:
    with Context():
        label = Label.objects.create(name="a")
        heir = Heir.objects.create()
        heir.labels.add(label)
        heir.own_labels.add(label)
        pk = heir.pk
        heir.delete()
    state = deltas_of(Heir, pk).last().state
    assert (state["labels"], state["own_labels"]) == ([label.pk], [label.pk])
    assert deltas_of(Base, pk).last().state["labels"] == [label.pk]
    assert_recorded(Base, Heir)


def test_child_whose_key_is_not_its_parents_has_the_lists_of_its_parent() -> None:
    with Context():
        label = Label.objects.create(name="a")
        gate = Gate.objects.create(name="x")
        Station.objects.get(pk=gate.station_id).labels.add(label)
        Gate.objects.update(number=1, name="y")
        assert_recorded(Station, Terminal, Gate)
        pk = gate.pk
        gate.delete()
    assert deltas_of(Gate, pk).last().state["labels"] == [label.pk]
    assert actions(Gate, pk) == "CUUD"


def test_keys_given_as_text_belong_to_the_history_of_their_row(alice: User, bob: User) -> None:
    key = uuid.uuid4()
    with Context.via_actor(alice):
        label = Label.objects.create(name="a")
        heir = Heir(id=str(key), size=1)
        heir.save()
        with Context.via_actor(bob):
            heir.size = 2
        heir.save()
        heir.labels.add(label)
        Base.labels.through.objects.filter(base_id=key).delete()
        Base.labels.through.objects.create(base_id=str(key), label_id=str(label.pk))
    assert actions(Heir, key) == "CUUUU"
    assert changes(deltas_of(Heir, key)[1]) == [("size", 1, 2, bob, "")]
    assert changes(deltas_of(Heir, key).last())[0][:3] == ("labels", [], [label.pk])
    assert_recorded(Base, Heir)


def test_delete_of_instance_whose_key_is_text_has_the_actor(alice: User) -> None:
    with Context.via_actor(alice):
        pk = Invoice.objects.create().pk
        Invoice(pk=str(pk)).delete()
    assert deltas_of(Invoice, pk).last().actor == alice


def test_update_of_key_that_is_a_reference_takes_an_instance() -> None:
    with Context():
        one, two = (Label.objects.create(name=name) for name in "ab")
        Passport.objects.create(label=one, stamps=3)
        assert Passport.objects.update(label=two) == 1
    assert (actions(Passport, one.pk), actions(Passport, two.pk)) == ("CD", "C")
    assert_recorded(Passport)


def test_upsert_by_expression_updates_the_row_that_it_hits() -> None:
    unique = {"unique_fields": ["name"]} if connection.features.supports_update_conflicts_with_target else {}
    with Context():
        label = Label.objects.create(name="a")
        Label.objects.bulk_create(
            [Label(name=Value("a")), Label(name=Value("b"))], update_conflicts=True, update_fields=["name"], **unique
        )
    assert actions(Label, label.pk) == "C"
    assert_recorded(Label)


def test_boolean_key_is_found_again_by_its_text() -> None:
    with Context():
        Flag.objects.create(id=False)
        Flag.objects.create(id=1)
        for flag in Flag.objects.all():
            flag.size = 5
            flag.save()
        Flag.objects.update(size=F("size") + 1)
    assert actions(Flag, True) == actions(Flag, False) == "CUU"
    assert_recorded(Flag)
