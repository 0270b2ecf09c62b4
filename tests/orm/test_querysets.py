from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, connection, transaction
from django.db.models import Case, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Replace, Upper

from revy import Context
from revy.contrib.django.batches import BATCH, READ_AHEAD
from tests.app.models import Code, Comment, Document, Invoice, Organization, Place, Post, Restaurant, SpecialPost
from tests.machine.app.models import Seat
from tests.orm.history import (
    ObjectDelta,
    actions,
    changes,
    deltas_of,
    queries,
    recorded,
    snapshots,
    statements,
    values_of,
)

pytestmark = pytest.mark.django_db


def last(instance: Any) -> list[tuple[Any, ...]]:
    return [change[:3] for change in changes(deltas_of(type(instance), instance.pk).last())]


def codes(count: int) -> list[Code]:
    return [Code(id=f"{number:06}", label=str(number % 7)) for number in range(count)]


# --- update


def test_update_records_each_row_that_changed_and_no_other(alice: User) -> None:
    Code.objects.bulk_create(codes(5))
    with Context.via_actor(alice), Context.via_attribute_delta_description("All."), recorded(1, 4, 4):
        assert Code.objects.update(label="3") == 5
    assert actions(Code, "000003") == ""
    assert changes(deltas_of(Code, "000001").get()) == [("label", "1", "3", alice, "All.")]


def test_update_by_expressions_records_what_the_database_made_of_them(alice: User) -> None:
    first, second = (Invoice.objects.create(amount=amount) for amount in (1, 20))
    with Context():
        Invoice.objects.update(amount=F("amount") * 2, local_amount=Case(When(amount__gt=5, then=Value(1)), default=0))
    assert last(first) == [("amount", 1, 2)]
    assert last(second) == [("amount", 20, 40), ("local_amount", 0, 1)]


def test_update_through_relations_subqueries_and_orders(alice: User, bob: User) -> None:
    posts = [Post.objects.create(author=author, title=title) for author, title in ((alice, "a"), (bob, "b"))]
    Comment.objects.create(post=posts[0], text="x")
    Comment.objects.create(post=posts[0], text="y")
    with Context():
        Post.objects.filter(comments__text__in="xy").order_by("-title").update(body="commented")
        Post.objects.update(title=Subquery(User.objects.filter(pk=OuterRef("author_id")).values("username")))
        alice.posts.update(title=Upper("title"))  # type: ignore[attr-defined]
    assert [snapshot.title + snapshot.body for snapshot in snapshots(Post, posts[0].pk)] == [
        "acommented",
        "alicecommented",
        "ALICEcommented",
    ]
    assert actions(Post, posts[1].pk) == "U"


def test_update_of_proxy_and_of_inherited_columns_is_one_delta_an_object(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    restaurant = Restaurant.objects.create(name="a", stars=1)
    with Context():
        SpecialPost.objects.update(title="b")
        with recorded(0, 2, 3):
            Restaurant.objects.update(name="b", stars=2)
        with recorded(0, 2, 2):
            Place.objects.update(name="c")
    assert last(post) == [("title", "a", "b")]
    assert last(restaurant) == [("name", "b", "c")]
    assert values_of(snapshots(Restaurant, restaurant.pk)[-1]) == values_of(Restaurant.objects.get())


def test_update_of_a_primary_key_ends_one_object_and_begins_another() -> None:
    Code.objects.create(id="a", label="x")
    with Context():
        Code.objects.create(id="n1")
        Code.objects.filter(id="a").update(id="b", label="y")
        organization = Organization.objects.create(name="o")
        Organization.objects.update(id=F("id") + 100)
    assert (actions(Code, "a"), actions(Code, "b")) == ("D", "C")
    assert snapshots(Code, "b")[0].label == "y"
    assert (actions(Organization, organization.pk), actions(Organization, organization.pk + 100)) == ("CD", "C")


def test_update_of_many_rows_costs_queries_by_batches_and_not_by_rows() -> None:
    count = 4 * BATCH + 10
    Code.objects.bulk_create(codes(count))
    ContentType.objects.get_for_model(Code)
    with Context(), statements() as kinds:
        assert Code.objects.update(label="new") == count
    assert kinds["SELECT"] <= 5 * 2 and kinds["INSERT"] <= 5 * 3 and kinds["UPDATE"] <= 5
    assert ObjectDelta.objects.count() == count
    assert [snapshots(Code, f"{number:06}")[0].label for number in (0, BATCH, count - 1)] == ["new"] * 3


def test_update_of_many_rows_by_a_subquery_records_what_each_got() -> None:
    count = READ_AHEAD + BATCH + 10
    Code.objects.bulk_create(codes(count))
    other = Code.objects.filter(pk=OuterRef("pk"))
    with Context():
        # Of 7 labels one is what it was.
        Code.objects.update(label=Subquery(other.values(new=Replace("label", Value("3"), Value("x")))[:1]))
    changed = [number for number in range(count) if number % 7 == 3]
    assert ObjectDelta.objects.count() == len(changed)
    assert last(Code(pk=f"{changed[-1]:06}")) == [("label", "3", "x")]


def test_writes_of_many_rows_with_keys_of_several_columns_are_recorded() -> None:
    seats = [Seat(row="abc"[number % 3], place=number) for number in range(1500)]
    with Context():
        Seat.objects.bulk_create(seats)
        assert Seat.objects.update(label="x") == len(seats)
        assert Seat.objects.all().delete()[0] == len(seats)
    assert ObjectDelta.objects.filter(action="U", state__isnull=True).count() == len(seats)
    assert actions(Seat, '["a", 1497]') == "CUD"


def test_update_of_inherited_rows_finds_the_heirs_by_batches() -> None:
    for name in "abcd":
        Restaurant.objects.create(name=name)
    with Context(), queries(at_most=2 + 4 + 2 * 3 + 2):
        Place.objects.update(name="x")
    assert ObjectDelta.objects.count() == 8


def test_update_within_a_batch_costs_two_selects_and_three_inserts() -> None:
    Code.objects.bulk_create(codes(100))
    with Context():
        Code.objects.create(id="warm")
        with queries(at_most=2 + 1 + 2):
            Code.objects.filter(id__lt="9").update(label="new")


def test_bulk_update_records_each_object_once() -> None:
    objects = [Invoice.objects.create(amount=number) for number in range(3)]
    for invoice in objects:
        invoice.amount += 10
        invoice.local_amount = F("exchange_rate") + 1  # type: ignore[assignment]
    with Context(), recorded(1, 3, 6):
        Invoice.objects.bulk_update(objects, ["amount", "local_amount"])
    assert last(objects[2]) == [("amount", 2, 12), ("local_amount", 0, 2)]


# --- insert


def test_bulk_create_records_every_object_with_its_state() -> None:
    with Context(), recorded(1, 4, 0):
        created = Organization.objects.bulk_create([Organization(name=name) for name in "abc"])
        Code.objects.bulk_create([Code(id="x", label="1")])
    assert [deltas_of(Organization, o.pk).get().state["name"] for o in created] == ["a", "b", "c"]


def test_bulk_create_of_many_rows_costs_queries_by_batches() -> None:
    with Context(), queries(at_most=3 * 3 + 3 + 8):
        Code.objects.bulk_create(codes(2 * BATCH))
    assert ObjectDelta.objects.count() == 2 * BATCH


def test_bulk_create_ignoring_conflicts_records_only_what_was_inserted() -> None:
    Code.objects.create(id="a", label="old")
    with Context(), recorded(1, 1, 0):
        Code.objects.bulk_create([Code(id="a", label="new"), Code(id="b", label="new")], ignore_conflicts=True)
    assert (actions(Code, "a"), actions(Code, "b")) == ("", "C")
    with Context(), recorded(0, 0, 0):
        Code.objects.bulk_create([Code(id="a")], ignore_conflicts=True)


def upsert(objects: list[Any], fields: list[str], unique: list[str]) -> list[Any]:
    targets = {"unique_fields": unique} if connection.features.supports_update_conflicts_with_target else {}
    return type(objects[0]).objects.bulk_create(objects, update_conflicts=True, update_fields=fields, **targets)  # type: ignore[no-any-return]


def test_bulk_create_updating_conflicts_tells_creates_updates_and_no_changes_apart(alice: User) -> None:
    kept, changed = (Document.objects.create(slug=slug) for slug in ("kept", "changed"))
    with Context(), recorded(1, 2, 1):
        upsert(
            [
                Document(slug="kept", owner=None),
                Document(slug="changed", owner=alice),
                Document(slug="new", owner=alice),
            ],
            ["owner"],
            ["slug"],
        )
    assert actions(Document, kept.pk) == ""
    assert last(changed) == [("owner_id", None, alice.pk)]
    assert actions(Document, Document.objects.get(slug="new").pk) == "C"


def test_bulk_create_updating_conflicts_by_key_returns_what_django_returns() -> None:
    Code.objects.create(id="a", label="old")
    with Context():
        written = upsert([Code(id="a", label="new"), Code(id="b", label="new")], ["label"], ["id"])
    assert [code.pk for code in written] == ["a", "b"]
    assert (actions(Code, "a"), actions(Code, "b")) == ("U", "C")
    assert snapshots(Code, "a")[0].label == "new"


def test_get_or_create_and_update_or_create_are_recorded(alice: User) -> None:
    with Context.via_actor(alice):
        code, created = Code.objects.get_or_create(id="a", defaults={"label": "1"})
        assert created
        Code.objects.get_or_create(id="a")
        Code.objects.update_or_create(id="a", defaults={"label": "2"})
        Code.objects.update_or_create(id="b", create_defaults={"label": "3"})
    assert (actions(Code, "a"), actions(Code, "b")) == ("CU", "C")


# --- delete


def test_delete_of_many_rows_costs_queries_by_batches_and_not_by_rows(alice: User) -> None:
    Code.objects.bulk_create(codes(2 * BATCH + 10))
    with Context(), queries(at_most=1 + 3 * 3 + 4):
        assert Code.objects.all().delete()[0] == 2 * BATCH + 10
    assert ObjectDelta.objects.filter(action="D").count() == 2 * BATCH + 10
    assert snapshots(Code, "000001")[0].label == "1"


def test_delete_that_cascades_to_many_rows_costs_one_insert_a_batch(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    Comment.objects.bulk_create([Comment(post=post, text=str(number)) for number in range(300)])
    with Context(), recorded(1, 301, 0):
        post.delete()


def test_raw_delete_of_a_queryset_is_recorded() -> None:
    Code.objects.bulk_create(codes(3))
    with Context():
        Code.objects.filter(id__gt="000000")._raw_delete("default")
    assert "".join(actions(Code, f"{number:06}") for number in range(3)) == "DD"


def test_delete_of_many_objects_with_what_falls_costs_queries_by_batches(alice: User) -> None:
    posts = Post.objects.bulk_create([Post(author=alice, title="a") for _ in range(BATCH)])
    Comment.objects.bulk_create([Comment(post=post, text="x") for post in posts])
    with Context(), statements() as kinds:
        assert Post.objects.all().delete()[0] == 2 * BATCH
    assert kinds["DELETE"] <= 2 and kinds["INSERT"] <= 2 * 3
    assert ObjectDelta.objects.filter(action="D").count() == 2 * BATCH


# --- reverse foreign keys


def test_reverse_foreign_key_managers_are_recorded(alice: User, bob: User) -> None:
    posts = [Post.objects.create(author=alice, editor=None, title=title) for title in "abc"]
    editor: Any = bob
    with Context.via_actor(alice):
        editor.edited_posts.add(*posts[:2])
        editor.edited_posts.add(posts[2], bulk=False)
        editor.edited_posts.remove(posts[0])
        editor.edited_posts.set([posts[0]])
        editor.edited_posts.clear(bulk=False)
        editor.edited_posts.create(author=alice, title="d")
    assert [actions(Post, post.pk) for post in posts] == ["UUUU", "UU", "UU"]
    assert [snapshot.editor_id for snapshot in snapshots(Post, posts[0].pk)] == [bob.pk, None, bob.pk, None]
    assert {delta.actor for delta in deltas_of(Post, posts[0].pk)} == {alice}


def test_failed_queryset_writes_leave_neither_data_nor_history() -> None:
    Document.objects.create(slug="a")
    Document.objects.create(slug="b")
    with Context(), recorded(0, 0, 0):
        for write in (
            lambda: Document.objects.update(slug="same"),
            lambda: Document.objects.bulk_create([Document(slug="c"), Document(slug="a")]),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                write()
    assert set(Document.objects.values_list("slug", flat=True)) == {"a", "b"}
