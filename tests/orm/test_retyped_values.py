"""Recorded values whose field has another type today: what still fits is read, what does not is never made to fit."""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from revy import Context
from revy.contrib.django.errors import UnreadableValue
from revy.contrib.django.history import History
from revy.contrib.django.models import ObjectSnapshot
from revy.contrib.django.values import Codec
from tests.app.models import Code, Everything, Post
from tests.orm.history import ObjectDelta, deltas_of

UTC = datetime.UTC
KEY = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"


def decode(field: Any, value: Any) -> Any:
    field.set_attributes_from_name("value")
    return Codec(field).decode(value)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (models.CharField(max_length=9), 5, "5"),
        (models.CharField(max_length=9, choices=[("a", "A")]), "z", "z"),
        (models.TextField(), 1.5, "1.5"),
        (models.TextField(), KEY, KEY),
        (models.IntegerField(), "12", 12),
        (models.IntegerField(), "-12", -12),
        (models.IntegerField(), 2.0, 2),
        (models.IntegerField(), True, 1),
        (models.BooleanField(), 0, False),
        (models.BooleanField(), "True", True),
        (models.FloatField(), 3, 3.0),
        (models.FloatField(), 10**30, 1e30),
        (models.FloatField(), "12.50", 12.5),
        (models.FloatField(), "-inf", -math.inf),
        (models.DecimalField(max_digits=6, decimal_places=2), 5, decimal.Decimal("5")),
        (models.DecimalField(max_digits=6, decimal_places=2), 0.1, decimal.Decimal("0.1")),
        (models.DecimalField(max_digits=6, decimal_places=2), "1.5000", decimal.Decimal("1.5")),
        (models.UUIDField(), KEY.replace("-", ""), uuid.UUID(KEY)),
        (models.GenericIPAddressField(), "2001:db8::1", "2001:db8::1"),
        (models.JSONField(), "text", "text"),
        (models.JSONField(), ["a", 1], ["a", 1]),
        (models.BinaryField(), "AP8=", b"\x00\xff"),
    ],
)
def test_value_that_fits_the_type_of_today_is_read(field: Any, value: Any, expected: Any) -> None:
    found = decode(field, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (models.CharField(max_length=9), True),
        (models.CharField(max_length=9), {"a": 1}),
        (models.TextField(), ["a"]),
        (models.TextField(), {"a": 1}),
        (models.FileField(), 5),
        (models.FilePathField(), {"a": 1}),
        (models.IntegerField(), 1.5),
        (models.IntegerField(), "1_000"),
        (models.IntegerField(), "007"),
        (models.IntegerField(), "7.00"),
        (models.IntegerField(), ""),
        (models.BooleanField(), 5),
        (models.BooleanField(null=True), ""),
        (models.BooleanField(null=True), []),
        (models.FloatField(), True),
        (models.FloatField(), 2**53 + 1),
        (models.FloatField(), "12345678901234567890.5"),
        (models.DecimalField(max_digits=6, decimal_places=2), "1.505"),
        (models.DecimalField(max_digits=6, decimal_places=2), 1.23456789),
        (models.DecimalField(max_digits=6, decimal_places=2), "12345.00"),
        (models.DecimalField(max_digits=6, decimal_places=2), True),
        (models.DateField(), "2020-01-02T12:00:00+00:00"),
        (models.DateField(), 5),
        (models.TimeField(), "2020-01-02T12:00:00+00:00"),
        (models.DurationField(), 5),
        (models.UUIDField(), 5),
        (models.UUIDField(), True),
        (models.GenericIPAddressField(), "localhost"),
        (models.GenericIPAddressField(), 5),
        (models.BinaryField(), "no Base64 at all"),
        (models.BinaryField(), [1]),
    ],
)
def test_value_that_the_type_of_today_cannot_hold_is_unreadable(field: Any, value: Any) -> None:
    with pytest.raises(UnreadableValue, match="does not fit"):
        decode(field, value)


def test_value_of_a_field_with_own_conversions_is_left_to_it() -> None:
    assert decode(ArrayField(models.IntegerField()), '["1", "2"]') == [1, 2]


@pytest.mark.parametrize(
    ("use_tz", "value", "expected"),
    [
        (True, "2020-07-02", datetime.datetime(2020, 7, 1, 22, tzinfo=UTC)),
        (True, "2020-07-01T12:00:00", datetime.datetime(2020, 7, 1, 10, tzinfo=UTC)),
        (False, "2020-07-01T10:00:00+00:00", datetime.datetime(2020, 7, 1, 12)),
        (False, "2020-07-01T12:00:00", datetime.datetime(2020, 7, 1, 12)),
    ],
)
def test_time_is_read_in_the_zone_of_today(settings: Any, use_tz: bool, value: str, expected: Any) -> None:
    settings.USE_TZ, settings.TIME_ZONE = use_tz, "Europe/Berlin"
    assert decode(models.DateTimeField(), value) == expected


@pytest.mark.django_db
def test_snapshot_of_a_value_that_does_not_fit_says_where_it_is_and_what_to_do(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a")
    delta = deltas_of(Post, post.pk).get()
    ObjectDelta.objects.filter(pk=delta.pk).update(state={**delta.state, "body": {"a": 1}})
    for read in (
        lambda: History(post).snapshot(1),
        lambda: deltas_of(Post, post.pk).annotate(snapshot=ObjectSnapshot(Post)).get(),
    ):
        with pytest.raises(UnreadableValue) as caught:
            read()
        message = str(caught.value)
        assert message.startswith(f"app.Post {post.pk}: The recorded value {{'a': 1}} does not fit TextField 'body'.")
        assert "get_state()" in message


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "name", "value"), [(Code, "label", "x" * 51), (Everything, "small", 2**15)])
def test_snapshot_of_what_the_column_has_no_room_for_is_unreadable_where_the_database_says_so(
    model: Any, name: str, value: Any
) -> None:
    with Context():
        row = model.objects.create(**({"id": "x"} if model is Code else {}))
    delta = deltas_of(model, row.pk).get()
    ObjectDelta.objects.filter(pk=delta.pk).update(state={**delta.state, name: value})
    if connection.vendor == "sqlite":
        row = History(row).snapshot(1)
        row.save()
        assert getattr(model.objects.get(), name) == value
    else:
        with pytest.raises(UnreadableValue, match=f"{name!r}"):
            History(row).snapshot(1)
