"""What unusual schemas, and values given as another type than that of their column, lead to."""

from __future__ import annotations

import decimal
from typing import Any

import pytest
from django.contrib.postgres import fields as postgres
from django.db import models

from revy import Context
from revy.contrib.django.values import Codec
from revy.contrib.django.verification import verify
from tests.odd.models import Amount
from tests.orm.history import snapshots, values_of

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
