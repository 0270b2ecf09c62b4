"""The holes that were found by running other history libraries, each as a test that revy passes.

The numbers are those of the list that they were collected in. Number 11, Django's own tests with a context active, is a
runner of its own: `python tests/django_suite/run.py --context`.
"""

from __future__ import annotations

import asyncio
import datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.models import F
from django.utils import timezone

from revy import Context
from revy.contrib.django.restore import restore
from tests.app.models import Code, Document, Invoice, Post, SpecialPost
from tests.orm.history import (
    AttributeDelta,
    ObjectDelta,
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


def last(instance: Any) -> list[tuple[Any, ...]]:
    """Return the changes of the object's last version as (field, old, new)."""
    return [change[:3] for change in changes(deltas_of(type(instance), instance.pk).last())]


def is_current(instance: Any) -> bool:
    """Tell whether the last version of the object is what its row holds."""
    model = instance._meta.concrete_model
    row = model._base_manager.get(pk=instance.pk)
    return values_of(snapshots(model, instance.pk)[-1]) == values_of(row)


@pytest.mark.parametrize("deletes_querysets", [False, True])
def test_hole_01_referrers_of_a_deleted_owner_lose_it_in_their_history_too(
    alice: User, bob: User, deletes_querysets: bool
) -> None:
    with Context():
        post = Post.objects.create(author=bob, editor=alice, title="revy's SET_NULL")
        document = Document.objects.create(slug="djangos-set-null", owner=alice)
    old = alice.pk
    with Context.via_actor(bob):
        if deletes_querysets:
            User.objects.filter(pk=old).delete()
        else:
            alice.delete()
    assert last(post) == [("editor_id", old, None)]
    assert last(document) == [("owner_id", old, None)]
    assert is_current(post)
    assert is_current(document)


def test_hole_02_reverse_foreign_key_managers_record_every_row_they_move(alice: User, bob: User) -> None:
    moved, kept = (Post.objects.create(author=alice, title=title) for title in ("moved", "kept"))
    editor: Any = bob
    with Context():
        for write in (
            lambda: editor.edited_posts.set([moved]),
            lambda: editor.edited_posts.remove(moved),
            lambda: editor.edited_posts.add(moved),
            lambda: editor.edited_posts.add(moved, bulk=False),
            editor.edited_posts.clear,
        ):
            write()
    steps = [change[:3] for delta in deltas_of(Post, moved.pk) for change in changes(delta)]
    assert steps == [("editor_id", None, bob.pk), ("editor_id", bob.pk, None)] * 2
    assert actions(Post, kept.pk) == ""


def test_hole_02_upserts_record_what_each_row_became() -> None:
    found = Code.objects.create(id="found", label="old")
    objects = [Code(id="found", label="new"), Code(id="made", label="new")]
    target = {"unique_fields": ["id"]} if connection.features.supports_update_conflicts_with_target else {}
    with Context():
        Code.objects.bulk_create(objects, update_conflicts=True, update_fields=["label"], **target)  # type: ignore[arg-type]
        Code.objects.bulk_create([Code(id="made"), Code(id="other")], ignore_conflicts=True)
        Code.objects.update_or_create(id="made", defaults={"label": "newest"})
    assert last(found) == [("label", "old", "new")]
    assert [actions(Code, pk) for pk in ("found", "made", "other")] == ["U", "CU", "C"]


def test_hole_02_saves_of_proxies_belong_to_the_object_they_are(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    with Context():
        proxy = SpecialPost.objects.get()
        proxy.title = "b"
        proxy.save()
        SpecialPost.objects.update(title="c")
        proxy.delete()
    assert actions(Post, post.pk) == "UUD"
    assert {delta.content_type.model for delta in ObjectDelta.objects.all()} == {"post"}


def test_hole_02_rows_of_an_automatic_through_table_are_the_relation(alice: User) -> None:
    group = Group.objects.create(name="g")
    through: Any = User.groups.through
    with Context():
        through.objects.bulk_create([through(user=alice, group=group)])
        assert last(alice) == [("groups", [], [group.pk])]
        through.objects.all().delete()
    assert last(alice) == [("groups", [group.pk], [])]


def test_hole_03_equal_timestamps_neither_double_nor_skip_a_version(alice: User) -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        for label in "234":
            code.label = label
            code.save()
    moment = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    ObjectDelta.objects.update(created_at=moment)
    Revision.objects.update(created_at=moment)
    assert actions(Code, "x") == "CUUU"
    assert [snapshot.label for snapshot in snapshots(Code, "x")] == ["1", "2", "3", "4"]
    with Context():
        restore(deltas_of(Code, "x")[1])
    assert (deltas_of(Code, "x").count(), Code.objects.get().label) == (5, "2")


def test_hole_03_a_clock_that_goes_back_changes_no_order() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        ObjectDelta.objects.update(created_at=timezone.now() + datetime.timedelta(days=1))
        code.label = "2"
        code.save()
    assert [snapshot.label for snapshot in snapshots(Code, "x")] == ["1", "2"]


def test_hole_04_save_of_a_deferred_instance_loads_nothing_more(alice: User) -> None:
    with Context.via_actor(alice):
        pk = Post.objects.create(author=alice, title="a", body="long").pk
        post = Post.objects.only("title").get(pk=pk)
        post.title = "b"
        # Django's UPDATE; the old values and the version; the revision is there, the two deltas are not.
        with queries(at_most=1 + 2 + 2):
            post.save()
    assert post.get_deferred_fields() == {field.attname for field in Post._meta.concrete_fields} - {"id", "title"}
    assert last(post) == [("title", "a", "b")]


def test_hole_04_field_unknown_to_an_old_version_keeps_its_live_value(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a", body="known today")
        delta = deltas_of(Post, post.pk).get()
        del delta.state["body"]  # as it was before the field came
        delta.save()
        post.title = "b"
        post.save()
        restore(deltas_of(Post, post.pk).first())
    post.refresh_from_db()
    assert (post.title, post.body) == ("a", "known today")
    assert last(post) == [("title", "b", "a")]


def test_hole_05_expressions_are_recorded_as_values_that_can_be_restored() -> None:
    with Context():
        invoice = Invoice.objects.create(amount=2)
        invoice.amount = F("amount") * 10
        invoice.save()
        invoice.refresh_from_db()
        invoice.amount = F("amount") + 1
        invoice.save(update_fields=["amount"])
        created = Code(id="x")
        created.label = F("id")  # type: ignore[assignment]
        with pytest.raises((ValueError, DatabaseError)), transaction.atomic():
            created.save(force_insert=True)  # as Django: an INSERT cannot refer to columns
        restore(deltas_of(Invoice, invoice.pk)[1])
    assert [snapshot.amount for snapshot in snapshots(Invoice, invoice.pk)] == [2, 20, 21, 20]
    assert Invoice.objects.get().amount == 20
    assert actions(Code, "x") == ""


def test_hole_06_update_fields_records_nothing_that_was_not_written(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a", body="a")
        post.title = post.body = "b"
        post.save(update_fields=["title"])
    assert last(post) == [("title", "a", "b")]
    assert is_current(post)


def test_hole_06_saves_that_change_nothing_add_no_row(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    with Context.via_actor(alice), Context.via_revision_description("Nothing."), recorded(0, 0, 0):
        post.save()
        Post.objects.get(pk=post.pk).save()
        post.save(update_fields=["title"])
        Post.objects.update(title="a")
        Post.objects.bulk_update([post], ["title"])
        Post.objects.update_or_create(pk=post.pk, defaults={"title": "a"})


def test_hole_07_relations_written_from_the_other_side_belong_to_the_declaring_model(alice: User, bob: User) -> None:
    group: Any = Group.objects.create(name="g")
    with Context.via_actor(bob):
        group.user_set.add(alice, bob)
        group.user_set.remove(bob)
    assert [actions(User, user.pk) for user in (alice, bob)] == ["U", "UU"]
    assert actions(Group, group.pk) == ""
    assert last(alice) == [("groups", [], [group.pk])]


def test_hole_07_clear_changes_the_objects_that_were_related_and_no_other(alice: User, bob: User) -> None:
    groups: list[Any] = [Group.objects.create(name=name) for name in "ab"]
    alice.groups.set(groups)
    bob.groups.set(groups[1:])
    with Context(), recorded(1, 1, 1):
        groups[0].user_set.clear()
    assert last(alice) == [("groups", [group.pk for group in groups], [groups[1].pk])]
    assert actions(User, bob.pk) == ""


def test_hole_07_state_of_a_deleted_object_tells_its_relations(alice: User) -> None:
    groups = [Group.objects.create(name=name) for name in "ab"]
    alice.groups.set(groups)
    pk = alice.pk
    with Context():
        alice.delete()
    assert deltas_of(User, pk).get().state["groups"] == [group.pk for group in groups]


def test_hole_07_restored_object_has_its_relations_again(alice: User) -> None:
    groups = [Group.objects.create(name=name) for name in "ab"]
    alice.groups.set(groups)
    pk = alice.pk
    with Context():
        alice.delete()
        restore(deltas_of(User, pk).get())
    assert list(User.objects.get(pk=pk).groups.order_by("pk")) == groups


@pytest.mark.django_db(transaction=True)
def test_hole_08_gathered_tasks_lose_neither_versions_nor_actors(alice: User, bob: User) -> None:
    keys = [f"{number:02}" for number in range(20)]

    async def write(key: str, actor: User) -> None:
        with Context.via_actor(actor):
            code = await Code.objects.acreate(id=key)
            await asyncio.sleep(0)
            code.label = actor.username
            await code.asave()

    async def main() -> None:
        try:
            with Context.via_revision_description("Gathered."):
                await asyncio.gather(*(write(key, (alice, bob)[int(key) % 2]) for key in keys))
        finally:
            await sync_to_async(connections.close_all)()

    asyncio.run(main())
    for key in keys:
        actor = (alice, bob)[int(key) % 2]
        assert actions(Code, key) == "CU"
        assert {delta.actor for delta in deltas_of(Code, key)} == {actor}
        assert last(Code(id=key)) == [("label", "", actor.username)]
    assert Revision.objects.get().description == "Gathered."


def test_hole_08_outer_actor_acts_again_after_a_nested_block(alice: User, bob: User) -> None:
    with Context.via_actor(alice):
        Code.objects.create(id="before")
        with Context.via_actor(bob):
            Code.objects.create(id="within")
            with pytest.raises(ValueError, match="leaves"), Context.via_actor(None):
                raise ValueError("leaves both blocks as they were")
            Code.objects.create(id="still within")
        Code.objects.create(id="after")
    found = [deltas_of(Code, key).get().actor for key in ("before", "within", "still within", "after")]
    assert found == [alice, bob, bob, alice]


def test_hole_09_save_that_fails_leaves_no_row_of_history() -> None:
    Document.objects.create(slug="taken")
    document = Document.objects.create(slug="free")
    with Context(), recorded(0, 0, 0):
        document.slug = "taken"
        for write in (
            document.save,
            lambda: Document.objects.create(slug="taken"),
            lambda: Document.objects.update(slug="taken"),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                write()
    assert not AttributeDelta.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_hole_09_save_that_fails_in_autocommit_leaves_no_row_of_history() -> None:
    Document.objects.create(slug="taken")
    with Context(), recorded(0, 0, 0), pytest.raises(IntegrityError):
        Document.objects.create(slug="taken")
    assert Document.objects.count() == 1


@pytest.mark.django_db(databases=["default", "other"])
def test_hole_09_save_using_another_database_is_recorded_there_and_does_not_raise() -> None:
    with Context():
        code = Code(id="x", label="1")
        code.save(using="other")
    assert (actions(Code, "x", using="other"), actions(Code, "x")) == ("C", "")
    assert Code.objects.using("other").get().label == "1"


def test_hole_09_delete_returns_what_django_returns(alice: User) -> None:
    for _post in range(2):
        Post.objects.create(author=alice, title="a")
    Code.objects.create(id="x")
    with Context():
        assert Code.objects.get().delete() == (1, {"app.Code": 1})
        assert Code.objects.all().delete() == (0, {})
        assert Post.objects.filter(title="a")[:1].get().delete() == (1, {"app.Post": 1})
        assert alice.delete() == (2, {"app.Post": 1, "auth.User": 1})


@pytest.mark.parametrize("price", ["0", "0.0", "0.000", 0, -0.0, "-0.001"])
def test_hole_10_values_that_only_look_different_are_no_change(alice: User, price: Any) -> None:
    post = Post.objects.create(author=alice, title="a", price="0.00")
    with Context(), recorded(0, 0, 0):
        post.price = price
        post.save()
        Post.objects.update(price=price)


def test_hole_10_values_that_only_look_equal_are_a_change(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a", data={"n": 1, "text": "1"})
    with Context():
        for data in ({"n": True, "text": "1"}, {"n": 1.5, "text": "1"}, {"n": 1.5, "text": 1}):
            post.data = data
            post.save()
    assert actions(Post, post.pk) == "UUU"


def test_hole_10_changes_of_json_in_place_are_seen(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a", data={"tags": ["a"]})
    with Context():
        post.data["tags"].append("b")
        post.save()
    assert last(post) == [("data", {"tags": ["a"]}, {"tags": ["a", "b"]})]
