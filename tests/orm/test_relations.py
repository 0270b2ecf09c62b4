from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db.models import F
from django.db.models.signals import m2m_changed
from django.forms import modelform_factory

from revy import Context
from tests.orm.history import actions, changes, deltas_of, recorded

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups(db: None) -> list[Group]:
    return [Group.objects.create(name=name) for name in "abc"]


def keys(*objects: Any) -> list[Any]:
    return sorted(each.pk for each in objects)


def lists(instance: Any, name: str) -> list[tuple[Any, Any]]:
    """Return the old and new lists of every delta of the relation."""
    return [
        (change[1], change[2])
        for delta in deltas_of(type(instance), instance.pk)
        for change in changes(delta)
        if change[0] == name
    ]


@pytest.mark.parametrize("write", ["save", "update", "expression"])
def test_row_of_a_relation_that_moves_to_another_object_changes_both(
    alice: User, bob: User, groups: list[Group], write: str
) -> None:
    alice.groups.add(groups[0], groups[1])
    rows: Any = User.groups.through._default_manager
    moved = rows.get(group=groups[0])
    with Context(), recorded(1, 2, 2):
        match write:
            case "save":
                moved.user_id = bob.pk
                moved.save()
            case "update":
                rows.filter(group=groups[0]).update(user=bob)
            case "expression":
                rows.filter(group=groups[0]).update(user_id=F("user_id") + (bob.pk - alice.pk))
    assert lists(alice, "groups") == [(keys(*groups[:2]), keys(groups[1]))]
    assert lists(bob, "groups") == [([], keys(groups[0]))]


def test_every_call_is_one_attribute_delta_with_the_old_and_the_new_list(
    alice: User, bob: User, groups: list[Group]
) -> None:
    a, b, c = groups
    with Context.via_actor(bob), Context.via_attribute_delta_description("Moved."):
        for call in (
            lambda: alice.groups.add(b, a.pk, b),
            lambda: alice.groups.set([b, c]),
            lambda: alice.groups.remove(b),
            alice.groups.clear,
        ):
            with recorded(deltas_of(User, alice.pk).count() == 0, 1, 1):
                call()
    assert lists(alice, "groups") == [
        ([], keys(a, b)),
        (keys(a, b), keys(b, c)),
        (keys(b, c), keys(c)),
        (keys(c), []),
    ]
    last = deltas_of(User, alice.pk).last()
    assert (last.actor, changes(last)[0][3:]) == (bob, (bob, "Moved."))


def test_calls_that_change_nothing_record_nothing(alice: User, groups: list[Group]) -> None:
    alice.groups.add(groups[0])
    with Context(), recorded(0, 0, 0):
        alice.groups.add(groups[0])
        alice.groups.set([groups[0]])
        alice.groups.remove(groups[1])
        groups[1].user_set.clear()


def test_calls_from_the_other_side_change_the_declaring_side(alice: User, bob: User, groups: list[Group]) -> None:
    group = groups[0]
    with Context():
        group.user_set.add(alice, bob)
        group.user_set.set([bob])
        group.user_set.clear()
        group.user_set.create(username="carol")
    assert lists(alice, "groups") == [([], [group.pk]), ([group.pk], [])]
    assert lists(bob, "groups") == [([], [group.pk]), ([group.pk], [])]
    assert actions(User, User.objects.get(username="carol").pk) == "CU"
    assert actions(Group, group.pk) == ""


def test_state_holds_the_lists_and_a_deletion_shows_what_was_related(alice: User, groups: list[Group]) -> None:
    with Context():
        user = User.objects.create(username="u")
        user.groups.set(groups[:2])
        pk = user.pk
        user.delete()
    created, updated, deleted = deltas_of(User, pk)
    assert created.state["groups"] == []
    assert updated.get_state()["groups"] == keys(*groups[:2])
    assert (deleted.action, deleted.state["groups"]) == ("D", keys(*groups[:2]))


def test_deletion_of_a_related_object_changes_the_lists_of_those_that_pointed_at_it(
    alice: User, bob: User, groups: list[Group]
) -> None:
    alice.groups.set(groups)
    pk = groups[0].pk
    with Context.via_actor(bob), Context.via_deletion_description("Its group is gone."):
        groups[0].delete()
    assert actions(Group, pk) == "D"
    delta = deltas_of(User, alice.pk).get()
    assert (delta.action, delta.actor) == ("U", None)
    assert changes(delta) == [
        ("groups", sorted([pk, *keys(*groups[1:])]), keys(*groups[1:]), None, "Its group is gone.")
    ]


def test_rows_of_the_automatic_table_written_by_hand_are_seen(alice: User, bob: User, groups: list[Group]) -> None:
    through: Any = User.groups.through
    with Context.via_actor(bob):
        through.objects.create(user=alice, group=groups[0])
        through.objects.filter(user=alice).update(group=groups[1])
        through.objects.filter(user=alice).delete()
    a, b, _c = groups
    assert lists(alice, "groups") == [([], [a.pk]), ([a.pk], [b.pk]), ([b.pk], [])]
    assert {delta.actor for delta in deltas_of(User, alice.pk)} == {bob}


def test_model_forms_record_fields_and_relations(alice: User, groups: list[Group]) -> None:
    form = modelform_factory(Group, fields=["name", "permissions"])
    permission = Permission.objects.first()
    assert permission is not None
    with Context():
        bound = form({"name": "new", "permissions": [permission.pk]}, instance=groups[0])
        assert bound.is_valid()
        bound.save()
    assert actions(Group, groups[0].pk) == "UU"
    assert lists(groups[0], "permissions") == [([], [permission.pk])]


def test_relations_outside_contexts_or_disabled_are_not_recorded(alice: User, groups: list[Group]) -> None:
    with recorded(0, 0, 0):
        alice.groups.add(groups[0])
        with Context.as_disabled():
            alice.groups.set(groups[1:])


def test_relation_that_is_excluded_is_not_recorded(alice: User, groups: list[Group], settings: Any) -> None:
    settings.REVY_EXCLUDED_FIELDS = ["auth.User.groups"]
    with recorded(0, 0, 0), Context():
        alice.groups.add(groups[0])


@contextmanager
def reacting(react: Callable[[], Any]) -> Iterator[None]:
    """Do something once, in the middle of the next call that adds groups to users."""

    def receive(action: str, **_: Any) -> None:
        if action == "post_add":
            m2m_changed.disconnect(receive, sender=User.groups.through)
            react()

    m2m_changed.connect(receive, sender=User.groups.through)
    try:
        yield
    finally:
        m2m_changed.disconnect(receive, sender=User.groups.through)


def test_receiver_that_acts_as_somebody_else_changes_relations_itself(
    alice: User, bob: User, groups: list[Group]
) -> None:
    def react() -> None:
        with Context.via_actor(None), Context.via_attribute_delta_description("Followed."):
            alice.groups.add(b)
            bob.groups.add(b)

    a, b, _c = groups
    with Context.via_actor(bob), reacting(react):
        alice.groups.add(a)
    assert [changes(delta) for delta in deltas_of(User, alice.pk)] == [
        [("groups", [], [a.pk], bob, "")],
        [("groups", [a.pk], keys(a, b), None, "Followed.")],
    ]
    assert changes(deltas_of(User, bob.pk).get()) == [("groups", [], [b.pk], None, "Followed.")]


def test_whole_state_in_the_middle_of_a_call_tells_the_list_as_it_was(alice: User, groups: list[Group]) -> None:
    def react() -> None:
        alice.last_name = "b"
        alice.save()

    group = groups[0]
    with Context(), reacting(react):
        alice.groups.add(group)
    first, second = deltas_of(User, alice.pk)
    assert (first.state["last_name"], first.state["groups"]) == ("b", [])
    assert [change[:3] for change in changes(second)] == [("groups", [], [group.pk])]
