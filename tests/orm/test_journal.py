from __future__ import annotations

import copy
import pickle

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from revy import Context
from revy import Context as C
from tests.app.models import Invoice, Post, Restaurant
from tests.orm.history import changes, deltas_of, recorded

pytestmark = pytest.mark.django_db


def last_changes(instance: object) -> list[tuple[object, ...]]:
    return changes(deltas_of(type(instance), instance.pk).last())  # type: ignore[attr-defined,arg-type]


def test_assignment_in_inner_block_carries_its_actor_and_description(alice: User) -> None:
    invoice = Invoice.objects.create(amount=2, exchange_rate=3, local_amount=1)
    with C.via_actor(alice):
        invoice.amount = 4
        with C.via_actor(None), C.via_attribute_delta_description("Corrected by the system."):
            invoice.local_amount = 12
        invoice.save()
    delta = deltas_of(Invoice, invoice.pk).get()
    assert delta.actor == alice
    assert changes(delta) == [
        ("amount", 2, 4, alice, ""),
        ("local_amount", 1, 12, None, "Corrected by the system."),
    ]
    assert delta.get_actors() == [alice, None]
    assert delta.revision.get_actors() == [alice, None]


def test_alternating_actors_are_kept_as_a_chain(alice: User, bob: User) -> None:
    invoice = Invoice.objects.create(amount=1)
    with Context():
        invoice.amount = 2
        invoice.amount = 3
        with Context.via_actor(alice):
            invoice.amount = 5
            invoice.amount = 6
        with Context.via_actor(bob):
            invoice.amount = 7
        invoice.save()
    assert last_changes(invoice) == [
        ("amount", 1, 3, None, ""),
        ("amount", 3, 6, alice, ""),
        ("amount", 6, 7, bob, ""),
    ]


def test_chain_that_ends_where_it_began_is_no_change(alice: User) -> None:
    invoice = Invoice.objects.create(amount=1)
    with recorded(0, 0, 0), Context():
        invoice.amount = 2
        with Context.via_actor(alice):
            invoice.amount = 1
        invoice.save()


def test_chain_of_equal_actors_in_two_objects_is_one_delta(alice: User) -> None:
    invoice = Invoice.objects.create(amount=1)
    with Context.via_actor(alice):
        invoice.amount = 2
        with Context.via_actor(User.objects.get(pk=alice.pk)):
            invoice.amount = 3
        invoice.save()
    assert last_changes(invoice) == [("amount", 1, 3, alice, "")]


def test_assignment_of_expression_or_nonsense_in_between_leaves_no_link(alice: User, bob: User) -> None:
    invoice = Invoice.objects.create(amount=1)
    with Context.via_actor(alice):
        invoice.amount = F("amount") + 1
        with Context.via_actor(bob):
            invoice.amount = "nonsense"
        with Context():
            Context.set_actor(None)
            invoice.amount = 5
        invoice.save()
    assert last_changes(invoice) == [("amount", 1, 5, None, "")]


def test_reassignment_before_the_first_save_is_stored_beside_the_state(alice: User) -> None:
    with C.via_actor(alice):
        invoice = Invoice(amount=2, exchange_rate=3, local_amount=0)
        with C.via_actor(None), C.via_attribute_delta_description("Corrected by the system."):
            invoice.local_amount = 6
        with recorded(1, 1, 1):
            invoice.save()
    delta = deltas_of(Invoice, invoice.pk).get()
    assert changes(delta) == [("local_amount", None, 6, None, "Corrected by the system.")]
    complete = {(change.field_name, change.old_value, change.new_value) for change in delta.get_attribute_deltas()}
    assert complete == {
        ("id", None, invoice.pk),
        ("amount", None, 2),
        ("exchange_rate", None, 3),
        ("local_amount", None, 6),
    }
    assert {change.actor for change in delta.get_attribute_deltas()} == {alice, None}


def test_journal_is_consumed_by_the_save_of_its_attribute_only(alice: User) -> None:
    post = Post.objects.create(author=alice, title="a", body="a")
    with Context():
        with Context.via_actor(alice):
            post.title = "b"
            post.body = "b"
        post.save(update_fields=["title"])
        assert last_changes(post) == [("title", "a", "b", alice, "")]
        post.save()
        assert last_changes(post) == [("body", "a", "b", alice, "")]
        post.title = "c"
        post.save()
        assert last_changes(post) == [("title", "b", "c", None, "")]


def test_refresh_from_db_forgets_who_assigned(alice: User) -> None:
    invoice = Invoice.objects.create(amount=1)
    with Context():
        with Context.via_actor(alice):
            invoice.amount = 2
            invoice.refresh_from_db()
        invoice.amount = 3
        invoice.save()
    assert last_changes(invoice) == [("amount", 1, 3, None, "")]


def test_foreign_key_assigned_by_instance_is_noted(alice: User, bob: User) -> None:
    post = Post.objects.create(author=alice, title="a")
    with Context():
        with Context.via_actor(bob):
            post.author = bob
        post.save()
    assert last_changes(post) == [("author_id", alice.pk, bob.pk, bob, "")]


def test_inherited_attribute_keeps_its_actor_in_parent_and_child(alice: User) -> None:
    restaurant = Restaurant.objects.create(name="a", stars=1)
    with Context():
        with Context.via_actor(alice):
            restaurant.name = "b"
        restaurant.stars = 2
        restaurant.save()
    assert last_changes(restaurant) == [("name", "a", "b", alice, ""), ("stars", 1, 2, None, "")]


def test_copies_and_pickles_of_an_instance_do_not_share_later_notes(alice: User, bob: User) -> None:
    invoice = Invoice.objects.create(amount=1)
    with Context():
        with Context.via_actor(alice):
            invoice.amount = 2
        twin = copy.copy(invoice)
        with Context.via_actor(bob):
            twin.amount = 9
        stored = pickle.dumps(invoice)
        invoice.save()
        assert last_changes(invoice) == [("amount", 1, 2, alice, "")]
        loaded = pickle.loads(stored)
        loaded.amount = 4
        loaded.save()
    assert last_changes(invoice) == [("amount", 2, 4, None, "")]


def test_assignments_outside_contexts_belong_to_who_saves(alice: User) -> None:
    invoice = Invoice.objects.create(amount=1)
    invoice.amount = 2
    with Context.via_actor(alice), Context.via_attribute_delta_description("Typed in."):
        invoice.save()
    assert last_changes(invoice) == [("amount", 1, 2, alice, "Typed in.")]


def test_create_keeps_every_step_of_an_attribute_that_several_actors_assigned(alice: User) -> None:
    with C.via_actor(alice):
        invoice = Invoice(amount=1)
        with C.via_actor(None):
            invoice.amount = 2
        invoice.amount = 3
        invoice.save()
    delta = deltas_of(Invoice, invoice.pk).get()
    assert changes(delta) == [("amount", None, 2, None, ""), ("amount", 2, 3, alice, "")]
    assert [each.new_value for each in delta.get_attribute_deltas() if each.field_name == "amount"] == [2, 3]
