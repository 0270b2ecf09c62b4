"""What can be asked of `ObjectDelta.objects` beyond its columns."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.utils.functional import SimpleLazyObject

from revy import Context
from revy.contrib.django.errors import UnsavedActor
from revy.contrib.django.models import ObjectDeltaQuerySet
from revy.errors import InvalidActor
from tests.app.models import Code, Comment, Document, Post, SpecialPost
from tests.machine.app.models import Seat
from tests.odd.models import Heir, Label
from tests.orm.history import AttributeDelta, ObjectDelta, Revision, queries

pytestmark = pytest.mark.django_db


def edit(instance: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(instance, name, value)
    instance.save()


def said(deltas: Any) -> list[str]:
    return [f"{delta.content_id}{delta.action}{delta.version}" for delta in deltas.order_by("pk")]


def touched(name: str, attnames: dict[type[Any], str]) -> set[int]:
    """Return the keys of the deltas in whose attribute deltas the field is, as these give them."""
    types = {ContentType.objects.get_for_model(model).pk: attname for model, attname in attnames.items()}
    return {
        delta.pk
        for delta in ObjectDelta.objects.all()
        for change in delta.get_attribute_deltas()
        if change.field_name == types.get(delta.content_type_id, name)
    }


def test_deltas_of_an_object_are_found_by_instance_and_by_key(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a")
        edit(post, title="b")
        Code.objects.create(id=str(post.pk))
        seat = Seat.objects.create(row="a", place=1)
        pk = post.pk
        Post.objects.get(pk=pk).delete()
    for found in (
        ObjectDelta.objects.for_object(post),
        ObjectDelta.objects.for_object(Post, pk),
        ObjectDelta.objects.for_object(SpecialPost, str(pk)),
        Revision.objects.get().object_deltas.for_object(post),
    ):
        assert said(found) == [f"{pk}{action}" for action in ("C1", "U2", "D3")]
    assert said(ObjectDelta.objects.for_object(seat)) == ['["a", 1]C1']
    with pytest.raises(ValueError, match="app.Post without primary key"):
        ObjectDelta.objects.for_object(Post)
    with pytest.raises(ValidationError):
        ObjectDelta.objects.for_object(Post, "no number")


def test_deltas_of_a_model_are_those_of_its_concrete_one(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a")
        Code.objects.create(id="x")
    assert (
        said(ObjectDelta.objects.of_model(Post)) == said(ObjectDelta.objects.of_model(SpecialPost)) == [f"{post.pk}C1"]
    )
    assert said(ObjectDelta.objects.of_model(Comment)) == []


def test_deltas_by_an_actor_are_those_of_which_it_made_a_part(alice: User, bob: User) -> None:
    with Context.via_actor(alice):
        code = Code.objects.create(id="x", label="1")
        with Context.via_actor(bob):
            code.label = "2"
        code.save()
    with Context.via_actor(bob):
        edit(code, label="3")
    with Context():
        edit(code, label="4")
    for actor, expected in (
        (alice, ["xC1", "xU2"]),
        (SimpleLazyObject(lambda: bob), ["xU2", "xU3"]),
        (None, ["xU4"]),
        (AnonymousUser(), ["xU4"]),
        (code, []),
    ):
        assert said(ObjectDelta.objects.by_actor(actor)) == expected
    assert said(ObjectDelta.objects.by_actor(alice).by_actor(bob)) == ["xU2"]
    with pytest.raises(UnsavedActor):
        ObjectDelta.objects.by_actor(User())
    with pytest.raises(InvalidActor):
        ObjectDelta.objects.by_actor("alice")


def test_deltas_touching_a_field_are_those_whose_changes_name_it(alice: User, bob: User) -> None:
    with Context():
        label = Label.objects.create(name="a")
        heir = Heir.objects.create()
        heir.labels.add(label)
        edit(heir, size=1)
        post = Post.objects.create(author=alice, title="a", data={"title": None})
        edit(post, title="b", editor=bob)
        edit(post, author=bob, data={"x": 1})
        edit(post, editor=None)
        comment = Comment.objects.create(post=post, text="a")
        document = Document.objects.create(slug="a")
        edit(document, owner=alice)
        document.delete()
        comment.delete()
        heir.delete()
        post.delete()
    for name, attnames in (
        ("title", {}),
        ("editor_id", {}),
        ("editor", {Post: "editor_id"}),
        ("author", {Post: "author_id"}),
        ("owner", {Document: "owner_id"}),
        ("post", {Comment: "post_id"}),
        ("parent", {Comment: "parent_id"}),
        ("data", {}),
        ("labels", {}),
        ("own_labels", {}),
        ("id", {}),
    ):
        found = ObjectDelta.objects.touching(name)
        assert set(found.values_list("pk", flat=True)) == touched(name, attnames), name
        assert found.count() == len(found)
    both = ObjectDelta.objects.touching("title").touching("editor")
    assert [delta.action for delta in both.order_by("pk")] == ["U"]
    assert set(both) == set(ObjectDelta.objects.touching("editor").touching("title"))
    assert not ObjectDelta.objects.touching("tilte").exists()


def test_deltas_touching_a_field_that_is_called_like_a_lookup_are_found() -> None:
    with Context():
        Code.objects.create(id="x")
        Code.objects.create(id="y")
    for name in "contains", "in", "isnull", "a__b", "größe":
        ObjectDelta.objects.filter(content_id="x").update(state={name: 0, "other": None})
        assert said(ObjectDelta.objects.touching(name)) == ["xC1"], name
    assert said(ObjectDelta.objects.touching("other")) == []


def test_conditions_on_deltas_chain_in_any_order(alice: User, bob: User) -> None:
    with Context.via_actor(alice):
        posts = [Post.objects.create(author=alice, title=title) for title in "ab"]
        Code.objects.create(id=str(posts[0].pk))
        edit(posts[0], author=bob)
        edit(posts[1], author=bob)
    with Context.via_actor(bob):
        edit(posts[0], author=alice)
    steps: list[Any] = [
        lambda deltas: deltas.for_object(posts[0]),
        lambda deltas: deltas.by_actor(alice),
        lambda deltas: deltas.touching("author"),
        lambda deltas: deltas.of_model(Post),
        lambda deltas: deltas.filter(action="U").select_related("revision"),
    ]
    for order in permutations(steps):
        deltas: Any = ObjectDelta.objects.all()
        for step in order:
            deltas = step(deltas)
        assert said(deltas) == [f"{posts[0].pk}U2"]
    ContentType.objects.get_for_models(Post, User)
    with queries(at_most=1):
        assert len(ObjectDelta.objects.for_object(posts[0]).by_actor(alice).touching("author")) == 2


@pytest.mark.django_db(databases=["default", "other"])
def test_deltas_are_those_of_the_database_of_the_object_or_that_is_named() -> None:
    with Context():
        Code.objects.create(id="x", label="here")
        there = Code.objects.using("other").create(id="x", label="there")
    for found, label in (
        (ObjectDelta.objects.for_object(Code, "x"), "here"),
        (ObjectDelta.objects.for_object(there), "there"),
        (ObjectDelta.objects.using("other").for_object(Code, "x").touching("label").by_actor(None), "there"),
        (ObjectDelta.objects.using("default").for_object(there), "here"),
    ):
        assert found.get().state["label"] == label


def test_manager_is_that_of_swapped_models_too_and_of_no_migration() -> None:
    assert isinstance(ObjectDelta.objects.all(), ObjectDeltaQuerySet)
    assert ObjectDelta._default_manager is ObjectDelta.objects
    assert not ObjectDelta.objects.use_in_migrations


def test_deltas_touching_a_renamed_field_are_those_of_its_old_names_too(alice: User, bob: User, settings: Any) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a")
        edit(post, author=bob)
        edit(post, title="b")
        Code.objects.create(id="x")
    deltas = ObjectDelta.objects.for_object(post)
    first = deltas.get(version=1)
    state = {"writer_id" if name == "author_id" else name: value for name, value in first.state.items()}
    deltas.filter(version=1).update(state=state)
    AttributeDelta.objects.filter(field_name="author_id").update(field_name="writer_id")
    assert said(ObjectDelta.objects.touching("author")) == []
    settings.REVY_RENAMES = {"app.Post.writer": "author"}
    for name in "author", "author_id":
        assert said(ObjectDelta.objects.touching(name)) == [f"{post.pk}C1", f"{post.pk}U2"]
