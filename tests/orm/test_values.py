from __future__ import annotations

import datetime
import decimal
import json
import math
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from revy import Context
from revy.contrib.django.errors import UnreadableValue
from revy.contrib.django.models import ObjectSnapshot
from revy.contrib.django.values import Codec, is_same, key_from_text, key_to_text
from tests.app.models import Code, Document, Everything, Post
from tests.orm.history import deltas_of, values_of
from tests.orm.strategies import VALUES, json_values

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class TestEveryType(TestCase):
    @MANY
    @given(st.fixed_dictionaries({}, optional=VALUES), st.fixed_dictionaries({}, optional=VALUES))
    def test_every_value_of_every_type_is_rebuilt_as_the_database_returns_it(
        self, first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        with Context():
            row = Everything.objects.create(**first)
            created = values_of(Everything.objects.get(pk=row.pk))
            for name, value in second.items():
                setattr(row, name, value)
            row.save()
        updated = values_of(Everything.objects.get(pk=row.pk))
        deltas = deltas_of(Everything, row.pk).annotate(snapshot=ObjectSnapshot(Everything))
        rebuilt = [values_of(delta.snapshot) for delta in deltas]
        assert rebuilt == ([created, updated] if len(rebuilt) == 2 else [created])
        for before, after in zip((created, updated), rebuilt, strict=False):
            assert {name: type(value) for name, value in before.items()} == {
                name: type(value) for name, value in after.items()
            }
        json.dumps([delta.state for delta in deltas], allow_nan=False)

    @MANY
    @given(st.fixed_dictionaries({}, optional=VALUES))
    def test_saving_what_was_loaded_is_no_change(self, values: dict[str, Any]) -> None:
        with Context():
            pk = Everything.objects.create(**values).pk
            Everything.objects.get(pk=pk).save()
        assert deltas_of(Everything, pk).count() == 1


CODECS: list[tuple[Any, Any]] = [
    (models.FloatField(), math.inf),
    (models.FloatField(), -math.inf),
    (models.FloatField(), 0.1),
    (models.DecimalField(max_digits=9, decimal_places=3), decimal.Decimal("1.500")),
    (models.DecimalField(), decimal.Decimal("1.5000")),
    (models.DurationField(), -datetime.timedelta(days=1, microseconds=1)),
    (models.DateTimeField(), datetime.datetime(1, 1, 1, 1, 1, 1, 1, tzinfo=datetime.UTC)),
    (models.TimeField(), datetime.time(23, 59, 59, 999999)),
    (models.BinaryField(), b"\x00\xff"),
    (models.JSONField(encoder=DjangoJSONEncoder), {"when": "2020-01-01"}),
    (models.GenericIPAddressField(), "2001:db8::1"),
    (models.FilePathField(), "/a"),
    (models.FileField(), "a.txt"),
    (models.BooleanField(), True),
    (models.PositiveSmallIntegerField(), 3),
    (models.CharField(max_length=5), ""),
]


@pytest.mark.parametrize(("field", "value"), CODECS)
def test_codec_decodes_what_it_encoded(field: Any, value: Any) -> None:
    field.set_attributes_from_name("value")
    codec = Codec(field)
    encoded = json.loads(json.dumps(codec.encode(value), allow_nan=False))
    assert codec.decode(encoded) == value
    assert type(codec.decode(encoded)) is type(value)
    assert codec.decode(codec.encode(None)) is None


def test_codec_keeps_nan() -> None:
    field = models.FloatField()
    field.set_attributes_from_name("value")
    assert math.isnan(Codec(field).decode(Codec(field).encode(math.nan)))


@pytest.mark.parametrize(
    ("name", "value", "encoded"),
    [
        ("title", mark_safe("x"), "x"),
        ("title", models.TextChoices("Kind", "A").A, "A"),
        ("title", lazystr("x"), "x"),
        ("title", 5, "5"),
        ("price", "1", "1.00"),
        ("price", 2, "2.00"),
        ("price", decimal.Decimal("3.999").quantize(decimal.Decimal("0.01")), "4.00"),
        ("is_published", 1, True),
        ("author_id", "7", 7),
        ("published_at", datetime.datetime(2020, 1, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))), None),
    ],
)
def test_codec_encodes_what_the_column_will_hold(name: str, value: Any, encoded: Any) -> None:
    field: Any = next(field for field in Post._meta.concrete_fields if field.attname == name)
    expected = "2020-01-01T00:00:00+00:00" if name == "published_at" else encoded
    assert is_same(Codec(field).encode(value), expected)


def test_codec_refuses_what_the_field_of_today_cannot_hold() -> None:
    with pytest.raises(UnreadableValue, match="price"):
        Codec(Post._meta.get_field("price")).decode("a lot")


@given(json_values, json_values)
def test_is_same_tells_json_values_apart_that_python_takes_for_equal(one: Any, other: Any) -> None:
    assert is_same(one, other) == (json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True))


def test_is_same_true_is_not_one() -> None:
    assert not is_same([True], [1])
    assert not is_same(1, 1.0)


def test_keys_of_any_type_are_found_again_by_their_text() -> None:
    document = Document()
    for model, pk in ((Document, document.pk), (Code, "ä/1 "), (Post, 5)):
        assert key_from_text(model, key_to_text(model, pk)) == pk
    for model, text in ((Document, "nonsense"), (Post, "x")):
        with pytest.raises(ValueError, match=text):
            key_from_text(model, text)


@pytest.mark.django_db
def test_json_changed_in_place_from_one_to_true_is_a_change(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a", data={"k": 1})
        post.data["k"] = True
        post.save()
    change = deltas_of(Post, post.pk).last().attribute_deltas.get()
    assert (change.old_value, change.new_value["k"]) == ({"k": 1}, True)
    assert connection.vendor
