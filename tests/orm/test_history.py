"""`History` gives what the ORM gives of the same rows, with fewer queries."""

from __future__ import annotations

from typing import Any

import django
import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from revy import Context
from revy.contrib.django.history import History
from revy.contrib.django.values import key_to_text
from tests.app.models import Code, Document, Pizzeria, Post, SpecialPost
from tests.machine.app.models import Seat
from tests.orm.history import AttributeDelta, ObjectDelta, deltas_of, queries, snapshots, values_of

pytestmark = pytest.mark.django_db

EDITS = st.lists(st.dictionaries(st.sampled_from(["title", "body", "data"]), st.text("ab", max_size=2)), max_size=12)


def edit(instance: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(instance, name, value)
    instance.save()


def columns(row: Any) -> list[Any]:
    return [getattr(row, field.attname) for field in row._meta.concrete_fields]


def contents(delta: Any) -> list[Any]:
    """Return all that a delta leads to, whichever way it was read."""
    changes = sorted(delta.attribute_deltas.all(), key=lambda change: change.pk)
    return [
        columns(delta),
        columns(delta.revision),
        delta.actor,
        [(columns(change), change.actor, columns(change.object_delta)) for change in changes],
        [(change.field_name, change.old_value, change.new_value) for change in delta.get_attribute_deltas()],
        delta.get_actors(),
    ]


class TestEveryPage(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(EDITS, st.integers(1, 15), st.none() | st.integers(1, 15), st.booleans())
    def test_page_is_what_the_orm_reads(
        self, edits: list[dict[str, str]], limit: int, before: int | None, is_deleted: bool
    ) -> None:
        actors = [User.objects.create_user("one"), Code.objects.create(id="bot"), None]
        with Context():
            post = Post.objects.create(author=actors[0], title="")
            Post.objects.create(author=actors[0], title="another")
        pk = post.pk
        for number, values in enumerate(edits):
            with Context.via_actor(actors[number % 3]):
                post.data = values
                with Context.via_actor(actors[number % 2]), Context.via_revision_description(str(number)):
                    edit(post, **values)
        if is_deleted:
            with Context.via_actor(actors[1]):
                post.delete()
        expected = deltas_of(Post, pk).order_by("-version")
        if before is not None:
            expected = expected.filter(version__lt=before)
        found = History(Post, pk).newest(limit, before=before)
        assert [type(delta) for delta in found] == [ObjectDelta] * len(found)
        assert [contents(delta) for delta in found] == [contents(delta) for delta in expected[:limit]]


class TestEverySnapshot(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(EDITS, st.sampled_from([1, 2, 3, 32]))
    def test_snapshot_is_the_annotated_one(self, edits: list[dict[str, str]], interval: int) -> None:
        author = User.objects.create_user("author")
        with self.settings(REVY_KEYFRAME_INTERVAL=interval), Context():
            post = Post.objects.create(author=author, title="")
            pk = post.pk
            for values in edits:
                edit(post, **values)
            post.delete()
        annotated = snapshots(Post, pk)
        with queries(at_most=len(annotated)):
            found: list[Any] = [History(Post, pk).snapshot(version + 1) for version in range(len(annotated))]
        assert [(type(each), values_of(each)) for each in found] == [
            (type(each), values_of(each)) for each in annotated
        ]


def test_page_costs_one_query_and_one_for_each_model_of_actors(alice: User) -> None:
    with Context.via_actor(alice):
        post = Post.objects.create(author=alice, title="1")
        edit(post, title="2", body="2")
        with Context.via_actor(Code.objects.create(id="bot")):
            edit(post, title="3")
    ContentType.objects.get_for_models(Post, User, Code)
    with queries(at_most=3):
        deltas = History(post).newest()
    with queries(at_most=0):
        assert [delta.version for delta in deltas] == [3, 2, 1]
        assert [delta.revision.pk for delta in deltas] == [delta.revision_id for delta in deltas]
        for delta in deltas:
            contents(delta)
            assert delta.attribute_deltas.count() == len(delta.attribute_deltas.all())
            assert {change.actor for change in delta.get_attribute_deltas()} == {delta.actor}


def test_page_of_unknown_object_is_empty_and_its_actors_cost_nothing() -> None:
    ContentType.objects.get_for_model(Post)
    with queries(at_most=1):
        assert History(Post, 1).newest() == []
    with queries(at_most=0):
        assert History(Post, 1).newest(0) == []


def test_attribute_deltas_of_a_page_can_be_queried_and_written(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="1")
        edit(post, title="2", body="2")
    delta = History(post).newest(1)[0]
    assert delta.attribute_deltas.get(field_name="body").new_value == "2"
    assert delta.attribute_deltas.order_by("-field_name").first().field_name == "title"
    delta.attribute_deltas.create(field_name="more")
    assert {change.field_name for change in delta.attribute_deltas.all()} == {"title", "body", "more"}
    assert AttributeDelta.objects.filter(field_name="more").get().object_delta == delta


def test_actor_of_a_page_follows_the_columns_that_name_it(alice: User, bob: User) -> None:
    with Context.via_actor(alice):
        Code.objects.create(id="x")
    (delta,) = History(Code, "x").newest()
    delta.actor_id = str(bob.pk)
    assert delta.actor == bob
    delta.refresh_from_db()
    assert delta.actor == alice
    delta.actor = bob
    assert (delta.actor, delta.actor_id) == (bob, bob.pk)


def test_actors_that_lead_nowhere_are_none_one_by_one_prefetched_and_in_a_page(alice: User) -> None:
    stale = ContentType.objects.create(app_label="app", model="gone")
    with Context.via_actor(alice):
        code = Code.objects.create(id="x")
        for number in range(6):
            edit(code, label=str(number))
    user, document = (ContentType.objects.get_for_model(model).pk for model in (User, Document))
    gone, missing = stale.pk, max(ContentType.objects.values_list("pk", flat=True)) + 1
    odd = [(gone, "1"), (user, "no number"), (user, "9" * 30), (document, "no uuid"), (missing, "1"), (user, "0")]
    for version, (actor_type, actor_id) in enumerate(odd, 2):
        deltas_of(Code, "x").filter(version=version).update(actor_type=actor_type, actor_id=actor_id)
    expected = [None] * len(odd) + [alice]
    assert [delta.actor for delta in deltas_of(Code, "x").order_by("-version")] == expected
    assert [delta.actor for delta in deltas_of(Code, "x").order_by("-version").prefetch_related("actor")] == expected
    assert [delta.actor for delta in History(Code, "x").newest()] == expected
    stale.delete()


def test_actors_with_keys_of_any_kind_are_found(alice: User) -> None:
    actors = [
        Document.objects.create(slug="a"),
        Seat.objects.create(row="a", place=1),
        Pizzeria.objects.create(name="a"),
        SpecialPost.objects.create(author=alice, title="a"),
    ]
    with Context():
        code = Code.objects.create(id="x")
        for number in range(1, len(actors)):
            edit(code, label=str(number))
    for version, actor in enumerate(actors, 1):
        key = {"actor_type": ContentType.objects.get_for_model(actor), "actor_id": key_to_text(type(actor), actor.pk)}
        deltas_of(Code, "x").filter(version=version).update(**key)
    expected = [(type(actor)._meta.concrete_model, actor.pk) for actor in actors]
    for deltas in (
        list(deltas_of(Code, "x")),
        list(deltas_of(Code, "x").prefetch_related("actor")),
        History(Code, "x").newest()[::-1],
    ):
        assert [(type(delta.actor), delta.actor.pk) for delta in deltas] == expected


def test_prefetched_actors_are_not_looked_up_again(alice: User) -> None:
    with Context.via_actor(alice):
        Code.objects.create(id="x")
        Code.objects.create(id="y")
    ContentType.objects.get_for_model(User)
    with queries(at_most=2):
        assert [delta.actor for delta in ObjectDelta.objects.prefetch_related("actor")] == [alice, alice]


@pytest.mark.skipif(django.VERSION < (6, 1), reason="Django 6.1 has fetch modes")
def test_actors_are_fetched_as_the_fetch_mode_says(alice: User) -> None:
    from django.core.exceptions import FieldFetchBlocked

    with Context.via_actor(alice):
        Code.objects.create(id="x")
        Code.objects.create(id="y")
    ContentType.objects.get_for_model(User)
    with queries(at_most=2):
        deltas = list(ObjectDelta.objects.fetch_mode(models.FETCH_PEERS))
        assert [delta.actor for delta in deltas] == [alice, alice]
    assert {delta.actor._state.fetch_mode for delta in deltas} == {models.FETCH_PEERS}
    with pytest.raises(FieldFetchBlocked):
        ObjectDelta.objects.fetch_mode(models.FETCH_RAISE).first().actor  # noqa: B018


def test_history_of_object_with_composite_key_or_proxy_or_parents(alice: User) -> None:
    with Context():
        seat = Seat.objects.create(row="a", place=1)
        special = SpecialPost.objects.create(author=alice, title="a")
        pizzeria = Pizzeria.objects.create(name="a")
    for instance in seat, special, pizzeria:
        for history in History(instance), History(type(instance), instance.pk):
            assert [delta.action for delta in history.newest()] == ["C"]
            snapshot = history.snapshot(1)
            assert (type(snapshot), snapshot) == (type(instance), instance)


def test_snapshot_whose_whole_state_was_pruned_is_none_and_of_no_version_is_refused() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        edit(code, label="2")
    deltas_of(Code, "x").first().delete()
    assert History(code).snapshot(2) is None
    for version in 1, 3:
        with pytest.raises(ObjectDelta.DoesNotExist, match=f"Code x has no version {version}"):
            History(code).snapshot(version)


def test_history_of_object_without_key_is_refused(alice: User) -> None:
    with Context():
        code = Code.objects.create(id="x")
        post = Post.objects.create(author=alice, title="a")
        pk = post.pk
        post.delete()
    with pytest.raises(ValueError, match=r"app\.Post without primary key"):
        History(post)
    with pytest.raises(ValueError, match=r"machineapp\.Seat without primary key"):
        History(Seat(row="a"))
    with pytest.raises(ValidationError):
        History(Post, "no number")
    assert [delta.action for delta in History(post, pk).newest()] == ["D", "C"]
    assert History(code).content_id == "x"


@pytest.mark.django_db(databases=["default", "other"])
def test_history_is_that_of_the_objects_database() -> None:
    with Context():
        here = Code.objects.create(id="x", label="here")
        there = Code.objects.using("other").create(id="x", label="there")
    for history, label in (
        (History(here), "here"),
        (History(there), "there"),
        (History(Code, "x"), "here"),
        (History(Code, "x", using="other"), "there"),
    ):
        (delta,) = history.newest()
        assert {delta._state.db, delta.revision._state.db, history.using} == {history.using}
        assert delta.state["label"] == label
        snapshot: Any = history.snapshot(1)
        assert (snapshot._state.db, snapshot.label) == (history.using, label)


def test_actor_with_a_key_of_two_columns_acts() -> None:
    seat = Seat.objects.create(row="a", place=1)
    with Context.via_actor(seat):
        code = Code.objects.create(id="x")
    (delta,) = History(code).newest()
    assert delta.get_actor() == seat
