from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F
from django.db.models.signals import post_save, pre_save
from django.test.utils import CaptureQueriesContext

from revy import Context
from revy.contrib.django.errors import UnsavedActor
from tests.app.models import Code, Document, Invoice, Organization, Pizzeria, Place, Post, Restaurant, SpecialPost
from tests.orm.history import (
    Revision,
    actions,
    changes,
    deltas_of,
    queries,
    recorded,
    snapshots,
    values_of,
)

pytestmark = pytest.mark.django_db


def test_save_of_new_object_writes_revision_and_object_delta_with_state(alice: User) -> None:
    with recorded(1, 1, 0), Context.via_actor(alice), Context.via_revision_description("First."):
        post = Post.objects.create(author=alice, title="a", price="1.5", data={"k": [1]})
    (delta,) = deltas_of(Post, post.pk)
    assert (delta.action, delta.version, delta.actor, delta.revision.description) == ("C", 1, alice, "First.")
    assert delta.state == {
        "id": post.pk,
        "author_id": alice.pk,
        "editor_id": None,
        "title": "a",
        "body": "",
        "price": "1.50",
        "is_published": False,
        "published_at": None,
        "data": {"k": [1]},
    }
    assert delta.content == post


def test_save_of_one_field_writes_one_attribute_delta(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a")
    with recorded(1, 1, 1), Context.via_actor(alice):
        post.title = "b"
        post.save()
    assert changes(deltas_of(Post, post.pk).last()) == [("title", "a", "b", alice, "")]
    assert deltas_of(Post, post.pk).last().state is None


def test_save_without_change_writes_nothing(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a", price="1.5")
    with recorded(0, 0, 0), Context():
        post.save()
        post.price = "1.5"
        post.save()
        Post.objects.get(pk=post.pk).save()


def test_save_outside_contexts_or_disabled_writes_nothing_with_not_one_query_more(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    post.title = "b"
    with recorded(0, 0, 0), queries(at_most=1):
        post.save()
    post.title = "c"
    with recorded(0, 0, 0), Context.as_disabled(), queries(at_most=1):
        post.save()


def test_save_old_values_are_those_of_the_row_not_of_memory(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a", data={"k": 1})
    stale = Post.objects.get(pk=post.pk)
    Post.objects.filter(pk=post.pk).update(title="changed elsewhere")
    with Context():
        stale.data["k"] = 2
        stale.title = "b"
        stale.save()
    assert [change[:3] for change in changes(deltas_of(Post, post.pk).last())] == [
        ("title", "changed elsewhere", "b"),
        ("data", {"k": 1}, {"k": 2}),
    ]


def test_save_with_update_fields_records_only_what_was_written(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a", body="a")
    with Context():
        post.title = post.body = "b"
        post.save(update_fields=["title"])
    (delta,) = deltas_of(Post, post.pk)
    assert [change[:3] for change in changes(delta)] == [("title", "a", "b")]
    assert (delta.state["title"], delta.state["body"]) == ("b", "a")


def test_save_of_deferred_instance_loads_no_field_it_does_not_save(alice: User) -> None:
    pk = Post.objects.create(author=alice, title="a", body="long").pk
    with Context():
        post = Post.objects.only("title").get(pk=pk)
        post.title = "b"
        post.save()
        assert post.get_deferred_fields() >= {"body", "data"}
        post.body = "assigned while deferred"
        post.save()
    assert actions(Post, pk) == "UU"
    assert Post.objects.get(pk=pk).body == "assigned while deferred"


def test_save_with_expression_records_what_the_database_made_of_it() -> None:
    invoice = Invoice.objects.create(amount=2)
    with Context():
        invoice.amount = F("amount") * 10
        invoice.save()
    assert [change[:3] for change in changes(deltas_of(Invoice, invoice.pk).last())] == [("amount", 2, 20)]


def test_save_of_object_older_than_its_history_starts_with_its_whole_state(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a", body="text")
    with Context():
        post.title = "b"
        post.save()
        post.title = "c"
        post.save()
    assert [values_of(snapshot)["title"] for snapshot in snapshots(Post, post.pk)] == ["b", "c"]
    assert [values_of(snapshot)["body"] for snapshot in snapshots(Post, post.pk)] == ["text", "text"]
    assert actions(Post, post.pk) == "UU"


def test_save_that_fails_in_the_database_leaves_memory_and_history_as_they_were() -> None:
    Document.objects.create(slug="taken")
    with Context():
        document = Document(slug="taken")
        before = dict(document.__dict__)
        with recorded(0, 0, 0), pytest.raises(IntegrityError), transaction.atomic():
            document.save()
        assert document.__dict__ == before
        assert document._state.adding
        document.slug = "free"
        document.save()
    assert actions(Document, document.pk) == "C"


@pytest.mark.django_db(transaction=True)
def test_save_that_fails_in_recording_writes_no_data_and_leaves_memory_as_it_was() -> None:
    unsaved = User(username="nobody")
    place = Place(name="a")
    with recorded(0, 0, 0), Context.via_actor(unsaved):
        with pytest.raises(UnsavedActor, match="nobody"):
            place.save()
        assert (place.pk, place._state.adding) == (None, True)
        restaurant = Restaurant(name="b")
        with pytest.raises(UnsavedActor):
            restaurant.save()
        assert restaurant.pk is None
    assert not Place.objects.exists()


def test_save_that_failed_keeps_the_journal_for_the_next_try(alice: User, bob: User) -> None:
    with Context.via_actor(alice):
        code = Code.objects.create(id="a", label="1")
        with Context.via_actor(bob):
            code.label = "2"
        with pytest.raises(DatabaseError), transaction.atomic():
            code.save(force_insert=True)
        code.save()
    assert changes(deltas_of(Code, "a").last()) == [("label", "1", "2", bob, "")]


def test_save_raw_is_recorded_like_any_write(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    fixture = serializers.serialize("json", [post]).replace('"a"', '"b"')
    with Context():
        for loaded in serializers.deserialize("json", fixture):
            loaded.save()
    assert [change[:3] for change in changes(deltas_of(Post, post.pk).last())] == [("title", "a", "b")]


def test_save_of_proxy_is_recorded_as_its_concrete_model(alice: User) -> None:
    with Context():
        post = SpecialPost.objects.create(author=alice, title="a")
        post.title = "b"
        post.save()
    assert actions(Post, post.pk) == "CU"
    assert deltas_of(Post, post.pk).first().content_type.model == "post"


def test_save_of_multi_table_child_is_one_object_delta_with_the_fields_of_its_parents() -> None:
    with recorded(1, 3, 0), Context():
        pizzeria = Pizzeria.objects.create(name="a", stars=1, ovens=2)
    with recorded(1, 3, 5), Context():
        pizzeria.name, pizzeria.stars = "b", 2
        pizzeria.save()
    delta = deltas_of(Pizzeria, pizzeria.pk).last()
    assert [change[:3] for change in changes(delta)] == [("name", "a", "b"), ("stars", 1, 2)]
    assert deltas_of(Pizzeria, pizzeria.pk).first().state["name"] == "a"


def test_save_of_multi_table_parent_is_seen_in_the_history_of_its_child() -> None:
    with Context():
        restaurant = Restaurant.objects.create(name="a", stars=3)
        place = Place.objects.get(pk=restaurant.pk)
        place.name = "b"
        place.save()
    assert (actions(Place, place.pk), actions(Restaurant, place.pk)) == ("CU", "CU")
    assert values_of(snapshots(Restaurant, place.pk)[-1]) == values_of(Restaurant.objects.get(pk=place.pk))


@pytest.mark.django_db(databases=["default", "other"])
def test_save_using_another_database_keeps_history_there() -> None:
    with Context.via_revision_description("There."), recorded(0, 0, 0):
        code = Code(id="x", label="1")
        code.save(using="other")
        code.label = "2"
        code.save()
    assert actions(Code, "x", using="other") == "CU"
    assert Revision.objects.using("other").get().description == "There."
    assert values_of(snapshots(Code, "x", using="other")[-1])["label"] == "2"


@pytest.mark.django_db(databases=["default", "other"])
def test_save_in_two_databases_within_one_context_makes_a_revision_in_each() -> None:
    with Context():
        Code(id="x").save(using="other")
        Code(id="x").save()
    assert (Revision.objects.count(), Revision.objects.using("other").count()) == (1, 1)


def test_save_of_uuid_and_text_keys_is_found_by_the_key_as_text() -> None:
    key = uuid.uuid4()
    with Context():
        Document.objects.create(id=key, slug="a")
        Code.objects.create(id="A b/ç").delete()
        Code.objects.create(id="a b/ç")
    assert (actions(Document, key), actions(Code, "A b/ç"), actions(Code, "a b/ç")) == ("C", "CD", "C")


def test_save_by_receivers_is_recorded_in_the_order_of_the_writes() -> None:
    def save_again(instance: Any, created: bool, **_: Any) -> None:
        if instance.label == "1":
            instance.label = "2"
            instance.save()

    def correct(instance: Any, **_: Any) -> None:
        instance.label = instance.label.strip()

    pre_save.connect(correct, sender=Code)
    post_save.connect(save_again, sender=Code)
    try:
        with Context():
            Code.objects.create(id="x", label=" 1 ")
    finally:
        pre_save.disconnect(correct, sender=Code)
        post_save.disconnect(save_again, sender=Code)
    assert [snapshot.label for snapshot in snapshots(Code, "x")] == ["1", "2"]


def test_save_costs_one_select_and_an_insert_a_table_of_history(alice: User) -> None:
    ContentType.objects.get_for_models(Post, User)
    with Context.via_actor(alice), queries(at_most=1 + 2):
        post = Post.objects.create(author=alice, title="a")
    post.title = "b"
    with Context.via_actor(alice), queries(at_most=1 + 1 + 3):
        post.save()
    with Context.via_actor(alice), queries(at_most=1 + 1):
        post.save()
    older = Post.objects.create(author=alice, title="old")
    older.title = "new"
    with Context.via_actor(alice), queries(at_most=1 + 1 + 3):
        older.save()
    older.title = "newer"
    with Context.via_actor(alice), queries(at_most=1 + 1 + 3):
        older.save(update_fields=["title"])
    bob = User.objects.create(username="bob")
    with Context.via_actor(alice):
        bob.first_name = "B"
        bob.save()
        bob.first_name = "Bob"
        with queries(at_most=1 + 1 + 2):  # its many-to-many relations are no reason to read more
            bob.save()


@pytest.mark.parametrize("update_fields", [None, ["title"]])
def test_save_stores_the_whole_state_when_it_is_due(alice: User, settings: Any, update_fields: Any) -> None:
    settings.REVY_KEYFRAME_INTERVAL = 3
    post = Post.objects.create(author=alice, title="old", body="x")
    for number in range(7):
        post.title = str(number)
        with Context():
            post.save(update_fields=update_fields)
    states = [delta.state for delta in deltas_of(Post, post.pk)]
    assert [number for number, state in enumerate(states, 1) if state is not None] == [1, 3, 6]
    assert states[0] == states[2] | {"title": "0"} and states[2]["body"] == "x"
    assert [snapshot.title for snapshot in snapshots(Post, post.pk)] == list("0123456")


@pytest.mark.parametrize("write", ["save", "update_fields", "update"])
def test_update_of_an_object_that_came_back_unrecorded_holds_its_whole_state(write: str) -> None:
    with Context():
        Invoice.objects.create(pk=1, amount=1, exchange_rate=2).delete()
    invoice = Invoice.objects.create(pk=1, amount=3, exchange_rate=4)
    invoice.amount = 5
    with Context():
        match write:
            case "save":
                invoice.save()
            case "update_fields":
                invoice.save(update_fields=["amount"])
            case "update":
                Invoice.objects.create(pk=2)
                Invoice.objects.update(amount=5)
    delta = deltas_of(Invoice, 1).get(version=3)
    assert (delta.action, delta.state) == ("U", {"id": 1, "amount": 5, "exchange_rate": 4, "local_amount": 0})


def test_save_of_actor_deleted_in_the_same_context_is_still_its_own(alice: User) -> None:
    alice_pk = alice.pk
    with Context.via_actor(alice):
        Code.objects.create(id="x")
        alice.delete()
        Code.objects.create(id="y")
    assert deltas_of(Code, "y").get().actor_id == str(alice_pk)
    assert deltas_of(Code, "y").get().actor is None


def test_save_with_excluded_field_never_records_it(alice: User, settings: Any) -> None:
    settings.REVY_EXCLUDED_FIELDS = ["auth.User.password"]
    with Context():
        alice.set_password("new")
        alice.save()
        alice.first_name = "Alice"
        alice.save()
    (delta,) = deltas_of(User, alice.pk)
    assert "password" not in delta.state
    assert [change[0] for change in changes(delta)] == ["first_name"]


@pytest.mark.parametrize(
    ("models_setting", "excluded", "expected"),
    [
        (["app.Code"], [], ("C", "")),
        (["app"], ["app.code"], ("", "C")),
        (["auth"], [], ("", "")),
        ("*", [], ("C", "C")),
    ],
)
def test_tracking_settings_decide_which_models_are_recorded(
    settings: Any, models_setting: Any, excluded: list[str], expected: tuple[str, str]
) -> None:
    settings.REVY_MODELS = models_setting
    settings.REVY_EXCLUDED_MODELS = excluded
    with Context():
        Code.objects.create(id="x")
        organization = Organization.objects.create(name="x")
    assert (actions(Code, "x"), actions(Organization, organization.pk)) == expected


def test_tracking_never_includes_history_itself(settings: Any) -> None:
    settings.REVY_EXCLUDED_MODELS = []
    with recorded(1, 1, 0), Context():
        Code.objects.create(id="x")


def test_save_reads_old_values_under_lock_where_rows_can_be_locked() -> None:
    code = Code.objects.create(id="x")
    with Context(), CaptureQueriesContext(connection) as captured:
        code.label = "new"
        code.save()
    locking = any(re.search("FOR (NO KEY )?UPDATE", query["sql"]) for query in captured)
    assert locking == connection.features.has_select_for_update
