"""`diff` tells what the states of two versions differ in."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from revy import Context
from revy.contrib.django.errors import IncompleteHistory
from revy.contrib.django.history import AttributeDiff, ObjectDiff, diff
from revy.contrib.django.models import ObjectState
from revy.contrib.django.values import is_same
from tests.app.models import Code, Invoice, Pizzeria, Post
from tests.odd.models import Heir, Label
from tests.orm.history import ObjectDelta, deltas_of, queries

pytestmark = pytest.mark.django_db

EDITS = st.lists(
    st.dictionaries(st.sampled_from(["title", "body", "price", "data"]), st.integers(0, 3), max_size=3), max_size=8
)


def edit(instance: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(instance, name, value)
    instance.save()


def pairs(found: ObjectDiff) -> dict[str, tuple[Any, Any]]:
    return {change.name: (change.old, change.new) for change in found.changes}


class TestEveryPair(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(EDITS, st.sampled_from([1, 3, 32]), st.booleans())
    def test_diff_is_what_the_states_do_not_have_in_common(
        self, edits: list[dict[str, int]], interval: int, is_annotated: bool
    ) -> None:
        author = User.objects.create_user("author")
        with self.settings(REVY_KEYFRAME_INTERVAL=interval), Context():
            post = Post.objects.create(author=author, title="")
            pk = post.pk
            for values in edits:
                edit(post, **{name: {"a": value} if name == "data" else value for name, value in values.items()})
            post.delete()
        deltas = deltas_of(Post, pk).annotate(**{"recorded_state": ObjectState()} if is_annotated else {})
        for one, other in product(deltas, repeat=2):
            with queries(at_most=1):
                found = diff(one, other)
            old, new = ({} if delta.action == "D" else delta.get_state() for delta in (one, other))
            names = [field.attname for field in Post._meta.concrete_fields]
            assert (found.from_version, found.to_version) == (one.version, other.version)
            assert found.changes == tuple(
                AttributeDiff(name, old.get(name), new.get(name))
                for name in names
                if not is_same(old.get(name), new.get(name))
            )


def test_diff_of_versions_of_different_objects_is_refused() -> None:
    with Context():
        one, other, third = Code.objects.create(id="1"), Code.objects.create(id="2"), Invoice.objects.create(pk=1)
    deltas = [deltas_of(type(each), each.pk).get() for each in (one, other, third)]
    for wrong in deltas[1:]:
        with pytest.raises(ValueError, match="are changes of different objects"):
            diff(deltas[0], wrong)


def test_diff_is_frozen_and_lists_attributes_in_the_order_of_the_fields() -> None:
    with Context():
        label = Label.objects.create(name="a")
        heir = Heir.objects.create()
        edit(heir, size=1)
        heir.own_labels.set([label])
        heir.labels.set([label])
        pizzeria = Pizzeria.objects.create(name="a")
        edit(pizzeria, ovens=2, stars=3, name="b")
    first, *_, last = deltas_of(Heir, heir.pk)
    found = diff(first, last)
    assert pairs(found) == {"size": (0, 1), "labels": ([], [label.pk]), "own_labels": ([], [label.pk])}
    assert [change.name for change in found.changes] == ["size", "labels", "own_labels"]
    assert [change.name for change in diff(*deltas_of(Pizzeria, pizzeria.pk)).changes] == ["name", "stars", "ovens"]
    with pytest.raises(FrozenInstanceError):
        found.from_version = 1  # type: ignore[misc]


def test_diff_compares_by_the_meaning_of_the_fields() -> None:
    author = User.objects.create_user("author")
    with Context():
        post = Post.objects.create(author=author, title="a", price="1.50", data={"a": 1})
        edit(post, title="b")
    first, last = deltas_of(Post, post.pk)
    state = {**first.state, "price": "1.5", "gone": 1, "another": 2}
    ObjectDelta.objects.filter(pk=first.pk).update(state=state)
    ObjectDelta.objects.filter(pk=last.pk).update(
        state={**state, "price": 1.5, "title": "b", "gone": 1.0, "another": 2}
    )
    found = diff(*deltas_of(Post, post.pk))
    assert found.changes == (AttributeDiff("title", "a", "b"), AttributeDiff("gone", 1, 1.0))


def test_diff_is_readable_although_the_model_is_gone() -> None:
    gone = ContentType.objects.create(app_label="app", model="gone")
    with Context():
        code = Code.objects.create(id="x", label="1")
        edit(code, label="2")
    for content_type in gone.pk, 12345:
        ObjectDelta.objects.update(content_type=content_type)
        first, last = ObjectDelta.objects.order_by("version")
        ContentType.objects.clear_cache()
        with queries(at_most=2):
            assert diff(first, last) == ObjectDiff(1, 2, (AttributeDiff("label", "1", "2"),))
    gone.delete()


def test_diff_with_a_state_that_was_pruned_names_the_delta() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        for label in "23":
            edit(code, label=label)
        code.delete()
    deltas_of(Code, "x").filter(version=1).delete()
    second, third, last = deltas_of(Code, "x")
    with pytest.raises(IncompleteHistory, match=r"Update .*:x v2 cannot be rebuilt"):
        diff(second, last)
    assert diff(last, last).changes == ()
