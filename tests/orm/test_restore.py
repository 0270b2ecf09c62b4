from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.signals import post_save

from revy import Context, RevyError
from revy.contrib.django.restore import Problem, RestoreError, VersionConflict, restore
from tests.app.models import Code, Comment, Document, Pizzeria, Place, Post, Restaurant
from tests.orm.history import ObjectDelta, actions, changes, deltas_of, recorded, values_of

pytestmark = pytest.mark.django_db


def version(instance: Any, number: int) -> Any:
    return deltas_of(type(instance), instance.pk).get(version=number)


def test_restore_of_live_object_is_an_update_by_the_actor_of_the_context(alice: User, bob: User) -> None:
    with Context.via_actor(alice):
        post = Post.objects.create(author=alice, title="a", price=1)
        post.title, post.price = "b", 2
        post.save()
    with Context.via_actor(bob), Context.via_revision_description("Back."), recorded(1, 1, 2):
        delta = restore(version(post, 1))
    assert delta is not None
    assert (delta.action, delta.version, delta.actor, delta.revision.description) == ("U", 3, bob, "Back.")
    assert [change[:3] for change in changes(delta)] == [("title", "b", "a"), ("price", "2.00", "1.00")]
    assert (Post.objects.get().title, Post.objects.get().price) == ("a", 1)


def test_restore_of_deleted_object_creates_it_with_the_same_key(alice: User) -> None:
    with Context():
        document = Document.objects.create(slug="a", owner=alice)
        before = values_of(Document.objects.get())
        pk = document.pk
        document.delete()
        delta = restore(deltas_of(Document, pk).last())
    assert delta is not None
    assert (delta.action, actions(Document, pk)) == ("C", "CDC")
    assert values_of(Document.objects.get(pk=pk)) == before  # auto_now too


def test_restore_of_multi_table_child_brings_every_table_back() -> None:
    with Context():
        pizzeria = Pizzeria.objects.create(name="a", stars=3, ovens=4)
        before, pk = values_of(Pizzeria.objects.get()), pizzeria.pk
        pizzeria.delete()
        restore(deltas_of(Pizzeria, pk).last())
    assert values_of(Pizzeria.objects.get(pk=pk)) == before
    assert actions(Place, pk) == actions(Restaurant, pk) == "CDC"


def test_restore_of_what_already_is_so_writes_nothing() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
    with recorded(0, 0, 0):
        assert restore(version(code, 1)) is None


def test_restore_outside_contexts_is_recorded_as_the_systems() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        code.label = "2"
        code.save()
    delta = restore(version(code, 1))
    assert delta is not None
    assert (delta.version, delta.actor) == (3, None)


def test_restore_calls_the_receivers_of_a_save() -> None:
    seen = []

    def note(instance: Any, raw: bool, created: bool, **_: Any) -> None:
        seen.append((instance.label, raw, created))

    with Context():
        code = Code.objects.create(id="x", label="1")
        code.label = "2"
        code.save()
    post_save.connect(note, sender=Code)
    try:
        restore(version(code, 1))
    finally:
        post_save.disconnect(note, sender=Code)
    assert seen == [("1", False, False)]


def test_restore_with_wrong_expected_version_conflicts_and_changes_nothing() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        code.label = "2"
        code.save()
    with recorded(0, 0, 0), pytest.raises(VersionConflict, match="at version 2") as caught:
        restore(version(code, 1), expected_version=1)
    assert [problem.code for problem in caught.value.problems] == ["CONFLICT"]
    assert restore(version(code, 1), expected_version=2) is not None


def test_restore_lists_every_problem_and_writes_nothing(alice: User, bob: User) -> None:
    with Context():
        document = Document.objects.create(slug="mine", owner=alice)
        pk, alice_pk = document.pk, alice.pk
        document.delete()
        alice.delete()
    Document.objects.create(slug="mine")
    last = deltas_of(Document, pk).last()
    state = {**last.state, "updated_at": "no date"}
    ObjectDelta.objects.filter(pk=last.pk).update(state=state)
    last.refresh_from_db()
    with recorded(0, 0, 0), pytest.raises(RestoreError) as caught:
        restore(last)
    assert {(problem.field, problem.code) for problem in caught.value.problems} == {
        ("updated_at", "UNREADABLE"),
        ("owner", "MISSING_TARGET"),
        ("slug", "UNIQUE"),
    }
    assert f"auth.User {alice_pk} exists no more" in str(caught.value)
    assert isinstance(caught.value, RevyError | ValueError)
    assert not Document.objects.filter(pk=pk).exists()
    assert bob.pk


def test_restore_that_fails_leaves_the_surrounding_transaction_usable(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a")
        comment = Comment.objects.create(post=post, text="x")
        comment_pk = comment.pk
        post.delete()
    with transaction.atomic():
        with pytest.raises(RestoreError, match="exists no more"):
            restore(deltas_of(Comment, comment_pk).last())
        Code.objects.create(id="still works")
    assert Code.objects.exists()


def test_restore_refuses_what_the_models_own_validation_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def clean(self: Any) -> None:
        raise ValidationError({"label": "Never again."}, code="never")

    with Context():
        code = Code.objects.create(id="x", label="1")
        code.label = "2"
        code.save()
    monkeypatch.setattr(Code, "clean", clean)
    with pytest.raises(RestoreError) as caught:
        restore(version(code, 1))
    assert caught.value.problems == (Problem("label", "Never again.", "INVALID"),)


def test_restore_leaves_alone_what_was_never_recorded(alice: User, settings: Any) -> None:
    settings.REVY_EXCLUDED_FIELDS = ["auth.User.password"]
    with Context():
        alice.first_name = "Alice"
        alice.save()
        alice.first_name = "Bob"
        alice.set_password("another")
        alice.save()
    restore(version(alice, 1))
    alice.refresh_from_db()
    assert alice.first_name == "Alice"
    assert alice.check_password("another")


def test_restore_of_model_that_is_not_tracked_or_gone_is_refused(settings: Any) -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
    delta = version(code, 1)
    settings.REVY_MODELS = ["auth"]
    with pytest.raises(RestoreError, match="not tracked"):
        restore(delta)
    delta.content_type_id = 10**6
    with pytest.raises(RestoreError, match="exists no more"):
        restore(delta)


def test_restore_of_pruned_state_is_refused() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        for label in "23":
            code.label = label
            code.save()
    version(code, 1).delete()
    with pytest.raises(RestoreError, match="gone"):
        restore(version(code, 2))


def test_restore_of_every_version_gives_the_state_at_that_version(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="0", data={})
        kept = [values_of(Post.objects.get())]
        for number in range(1, 40):
            post.title, post.data[str(number)] = str(number), number
            post.save()
            kept.append(values_of(Post.objects.get()))
    for number in (1, 31, 32, 33, 40, 2):
        restore(version(post, number))
        assert values_of(Post.objects.get()) == kept[number - 1]
    assert json.dumps(deltas_of(Post, post.pk).get(version=32).state)


def test_restore_brings_relations_back_in_the_same_version(alice: User) -> None:
    groups = [Group.objects.create(name=name) for name in "abc"]
    with Context():
        alice.groups.set(groups[:2])
        alice.first_name = "Alice"
        alice.save()
        alice.groups.set(groups[2:])
        pk = alice.pk
        alice.delete()
    with recorded(1, 1, 0):
        restore(deltas_of(User, pk).get(version=2))
    restored = User.objects.get(pk=pk)
    assert (restored.first_name, list(restored.groups.order_by("pk"))) == ("Alice", groups[:2])
    assert deltas_of(User, pk).last().state["groups"] == [group.pk for group in groups[:2]]
    with recorded(1, 1, 1):
        restore(deltas_of(User, pk).get(version=3))
    assert list(restored.groups.all()) == groups[2:]
    with recorded(0, 0, 0):
        assert restore(deltas_of(User, pk).get(version=3)) is None


def test_restore_of_relation_whose_target_is_gone_is_refused(alice: User) -> None:
    group = Group.objects.create(name="a")
    with Context():
        alice.groups.add(group)
        alice.groups.clear()
    pk = group.pk
    group.delete()
    with recorded(0, 0, 0), pytest.raises(RestoreError) as caught:
        restore(deltas_of(User, alice.pk).first())
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("groups", "MISSING_TARGET")
    assert str(pk) in problem.message
