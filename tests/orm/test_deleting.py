from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.migrations.serializer import serializer_factory
from django.db.models.deletion import ProtectedError
from django.db.models.signals import post_delete, pre_delete

from revy import Context
from revy.contrib.django.models import CASCADE, SET, SET_DEFAULT, SET_NULL, ObjectSnapshot
from tests.app.models import Code, Comment, Document, Organization, Pizzeria, Place, Post, Restaurant
from tests.machine.app import models as machine
from tests.orm.history import ObjectDelta, actions, changes, deltas_of, recorded, snapshots, values_of

pytestmark = pytest.mark.django_db


def test_delete_of_object_older_than_revy_records_every_row_that_fell(alice: User, bob: User) -> None:
    cascaded = Post.objects.create(author=alice, title="cascades")
    nullified = Post.objects.create(author=bob, editor=alice, title="set to null")
    comment = Comment.objects.create(post=cascaded, text="falls with its post")
    reply = Comment.objects.create(post=nullified, parent=comment, text="loses its parent")
    before = {type(row): values_of(type(row).objects.get(pk=row.pk)) for row in (alice, cascaded, comment)}
    alice_pk, cascaded_pk, comment_pk = alice.pk, cascaded.pk, comment.pk

    with (
        recorded(1, 5, 2),
        Context.via_actor(bob),
        Context.via_object_delta_description("The account has been closed at the owner's request."),
        Context.via_deletion_description("Deleted because the owner's account has been closed."),
    ):
        result = alice.delete()

    assert result == (3, {"app.Comment": 1, "app.Post": 1, "auth.User": 1})
    reason = "Deleted because the owner's account has been closed."
    asked = deltas_of(User, alice_pk).get()
    assert (asked.action, asked.actor, asked.description) == (
        "D",
        bob,
        "The account has been closed at the owner's request.",
    )
    for model, pk in ((Post, cascaded_pk), (Comment, comment_pk)):
        fallen = deltas_of(model, pk).get()
        assert (fallen.action, fallen.actor, fallen.description) == ("D", None, reason)
    for model, pk, name, old in (
        (Post, nullified.pk, "editor_id", alice_pk),
        (Comment, reply.pk, "parent_id", comment_pk),
    ):
        referrer = deltas_of(model, pk).get()
        assert (referrer.action, referrer.actor) == ("U", None)
        assert changes(referrer) == [(name, old, None, None, reason)]
    for model, pk in ((User, alice_pk), (Post, cascaded_pk), (Comment, comment_pk)):
        assert values_of(snapshots(model, pk)[-1]) == before[model]

    object_delta = (
        ObjectDelta.objects.filter(
            action=ObjectDelta.ACTION_DELETE,
            content_type=ContentType.objects.get_for_model(User),
            content_id=alice_pk,
        )
        .annotate(snapshot=ObjectSnapshot(User))
        .order_by("-pk")
        .first()
    )
    object_delta.snapshot.save()
    assert values_of(User.objects.get(pk=alice_pk)) == before[User]


def test_delete_outside_contexts_is_only_djangos(alice: User) -> None:
    Post.objects.create(author=alice, title="a")
    with recorded(0, 0, 0):
        assert alice.delete() == (2, {"app.Post": 1, "auth.User": 1})


def test_delete_of_queryset_gives_every_object_asked_for_the_actor(alice: User, bob: User) -> None:
    posts = [Post.objects.create(author=alice, title=title) for title in "abc"]
    comments = [Comment.objects.create(post=post, text="x") for post in posts]
    with Context.via_actor(bob), Context.via_object_delta_description("Cleaned up."), recorded(1, 6, 0):
        Post.objects.filter(pk__in=[post.pk for post in posts]).delete()
    for post in posts:
        assert (deltas_of(Post, post.pk).get().actor, deltas_of(Post, post.pk).get().description) == (
            bob,
            "Cleaned up.",
        )
    for comment in comments:
        assert (deltas_of(Comment, comment.pk).get().actor, deltas_of(Comment, comment.pk).get().description) == (
            None,
            "",
        )


def test_delete_in_one_statement_gives_every_object_the_actor(alice: User) -> None:
    Code.objects.create(id="x")
    with Context.via_actor(alice):
        Code.objects.all().delete()
    assert (deltas_of(Code, "x").get().actor, actions(Code, "x")) == (alice, "D")


def test_delete_of_tree_tells_the_root_from_what_fell_of_the_same_model(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    root = Comment.objects.create(post=post, text="root")
    child = Comment.objects.create(post=post, parent=root, text="child")
    root_pk = root.pk
    with Context.via_actor(alice):
        root.delete()
    assert deltas_of(Comment, root_pk).get().actor == alice
    assert deltas_of(Comment, child.pk).get().actor is None
    assert actions(Comment, child.pk) == "U"


def test_delete_sets_referrers_to_the_value_or_default_of_revys_handlers(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    organization = Organization.objects.create(name="closed")
    comment = Comment.objects.create(post=post, text="x", organization=organization, fallback=organization)
    old = organization.pk
    with Context.via_deletion_description("Closed."):
        organization.delete()
    sentinel = Organization.objects.get(name="sentinel")
    comment.refresh_from_db()
    assert (comment.organization, comment.fallback) == (sentinel, None)
    recorded_changes = {change for delta in deltas_of(Comment, comment.pk) for change in changes(delta)}
    assert recorded_changes == {
        ("organization_id", old, sentinel.pk, None, "Closed."),
        ("fallback_id", old, None, None, "Closed."),
    }
    assert actions(Organization, sentinel.pk) == "C"


def test_delete_state_is_the_databases_not_that_of_a_stale_instance() -> None:
    code = Code.objects.create(id="x", label="old")
    Code.objects.filter(pk="x").update(label="new")
    code.label = "dirty"
    with Context():
        code.delete()
    assert deltas_of(Code, "x").get().state == {"id": "x", "label": "new"}


def test_delete_of_multi_table_child_records_the_rows_of_its_parents() -> None:
    pizzeria = Pizzeria.objects.create(name="a", stars=1)
    pk = pizzeria.pk
    with recorded(1, 3, 0), Context():
        pizzeria.delete()
    assert actions(Pizzeria, pk) == actions(Restaurant, pk) == actions(Place, pk) == "D"
    assert deltas_of(Pizzeria, pk).get().state["name"] == "a"


def test_delete_of_what_a_multi_table_child_refers_to_twice_records_both_references() -> None:
    with Context():
        person = machine.Person.objects.create(name="a")
        restaurant = machine.Restaurant.objects.create(name="b", owner=person, cook=person)
        pk, person_pk = restaurant.pk, person.pk
        # The cook's restaurants fall, and lose their owner, which is a column of the parent's, before they do.
        person.delete()
    assert actions(machine.Restaurant, pk) == "CD"
    state = deltas_of(machine.Restaurant, pk).last().state
    assert (state["owner_id"], state["cook_id"]) == (person_pk, person_pk)


def test_delete_keeping_parents_records_the_child_only() -> None:
    restaurant = Restaurant.objects.create(name="a", stars=1)
    pk = restaurant.pk
    with recorded(1, 1, 0), Context():
        restaurant.delete(keep_parents=True)
    assert actions(Restaurant, pk) == "D"
    assert Place.objects.filter(pk=pk).exists()


def test_delete_that_is_protected_writes_nothing(alice: User) -> None:
    def protect(instance: Any, **_: Any) -> None:
        raise ProtectedError("Kept.", {instance})

    Post.objects.create(author=alice, title="a")
    pre_delete.connect(protect, sender=User)
    try:
        with recorded(0, 0, 0), Context(), pytest.raises(ProtectedError), transaction.atomic():
            alice.delete()
    finally:
        pre_delete.disconnect(protect, sender=User)
    assert User.objects.filter(pk=alice.pk).exists()


def test_delete_receivers_that_write_are_not_part_of_what_fell(alice: User) -> None:
    def write(instance: Any, **_: Any) -> None:
        Code.objects.create(id=f"log-{instance.title}")
        Document.objects.filter(slug="counter").update(slug="counted")

    document = Document.objects.create(slug="counter")
    post = Post.objects.create(author=alice, title="a")
    post_delete.connect(write, sender=Post)
    try:
        with Context.via_actor(alice), Context.via_deletion_description("Fell."):
            post.delete()
    finally:
        post_delete.disconnect(write, sender=Post)
    for model, pk in ((Code, "log-a"), (Document, document.pk)):
        delta = deltas_of(model, pk).get()
        assert (delta.actor, delta.description) == (alice, "")


def test_delete_is_not_done_by_a_receiver_that_acts_as_somebody_else(alice: User) -> None:
    def log(instance: Any, **_: Any) -> None:
        with Context.via_actor(None), Context.via_object_delta_description("Logged."):
            Code.objects.create(id=f"log-{instance.title}")

    post = Post.objects.create(author=alice, title="a")
    pk = post.pk
    post_delete.connect(log, sender=Post)
    try:
        with Context.via_actor(alice), Context.via_object_delta_description("Asked for."):
            post.delete()
    finally:
        post_delete.disconnect(log, sender=Post)
    deleted, logged = deltas_of(Post, pk).get(), deltas_of(Code, "log-a").get()
    assert (deleted.actor, deleted.description) == (alice, "Asked for.")
    assert (logged.actor, logged.description) == (None, "Logged.")


def test_delete_and_create_again_continues_the_same_history() -> None:
    with Context():
        Code.objects.create(id="x", label="1")
        Code.objects.get(id="x").delete()
        Code.objects.create(id="x", label="2")
    assert actions(Code, "x") == "CDC"
    assert [snapshot.label for snapshot in snapshots(Code, "x")] == ["1", "1", "2"]


def test_deltas_of_create_and_delete_are_complete_though_not_stored(alice: User) -> None:
    with Context.via_actor(alice):
        code = Code.objects.create(id="x", label="1")
        code.delete()
    created, deleted = deltas_of(Code, "x")
    assert [(c.field_name, c.old_value, c.new_value, c.action, c.actor) for c in created.get_attribute_deltas()] == [
        ("id", None, "x", "S", alice),
        ("label", None, "1", "S", alice),
    ]
    assert [(c.field_name, c.old_value, c.new_value, c.action) for c in deleted.get_attribute_deltas()] == [
        ("id", "x", None, "X"),
        ("label", "1", None, "X"),
    ]


@pytest.mark.parametrize(
    ("handler", "path"),
    [
        (CASCADE, "revy.contrib.django.models.CASCADE"),
        (SET_NULL, "revy.contrib.django.models.SET_NULL"),
        (SET_DEFAULT, "revy.contrib.django.models.SET_DEFAULT"),
        (SET(5), "revy.contrib.django.models.SET(5)"),
    ],
)
def test_handlers_in_migrations_go_by_revys_name(handler: Any, path: str) -> None:
    field = models.ForeignKey("auth.User", on_delete=handler)
    assert serializer_factory(field.deconstruct()[3]["on_delete"]).serialize()[0] == path
