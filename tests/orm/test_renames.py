"""REVY_RENAMES: history that was recorded under other names, read as the models of today."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from revy import Context
from revy.contrib.django.history import History
from revy.contrib.django.models import ObjectSnapshot
from revy.contrib.django.renames import model_of, names_of_today, state_of_today
from revy.contrib.django.replay import replay_all
from revy.contrib.django.tables import TrackedTable
from tests.app.models import Code, Document, Pizzeria, Post, SpecialPost
from tests.orm.history import AttributeDelta, ObjectDelta, deltas_of, snapshots, values_of

pytestmark = pytest.mark.django_db


def record_as(model: Any, before: int, **names: str) -> None:
    """Have the versions below that one as if they were recorded under these names, given by those of today."""
    content_type = ContentType.objects.get_for_model(model)
    for delta in ObjectDelta.objects.filter(content_type=content_type, version__lt=before):
        if delta.state is not None:
            delta.state = {names.get(name, name): value for name, value in delta.state.items()}
            delta.save()
        for today, name in names.items():
            delta.attribute_deltas.filter(field_name=today).update(field_name=name)


def write(instance: Any, **values: Any) -> None:
    with Context():
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save()


@pytest.fixture
def post(alice: User, bob: User, settings: Any) -> Post:
    """A post whose fields were renamed after its second version: one change of the old names, one of the new."""
    post = Post(author=alice, title="1")
    write(post, body="one")
    write(post, body="two", author=bob)
    write(post, body="three")
    record_as(Post, 3, body="content", author_id="writer_id")
    settings.REVY_RENAMES = {"app.Post.content": "body", "app.Post.writer": "author"}
    return post


def test_snapshots_across_a_rename_have_the_values_of_their_versions(post: Post, alice: User, bob: User) -> None:
    expected = [("one", alice.pk), ("two", bob.pk), ("three", bob.pk)]
    assert [(each.body, each.author_id) for each in snapshots(Post, post.pk)] == expected
    history = History(post)
    rebuilt: list[Any] = [history.snapshot(version) for version in (1, 2, 3)]
    assert [(each.body, each.author_id) for each in rebuilt] == expected
    assert values_of(rebuilt[2]) == values_of(Post.objects.get())


def test_deltas_keep_the_name_that_was_recorded_and_tell_the_one_of_today(post: Post) -> None:
    _first, second, third = deltas_of(Post, post.pk)
    names = [(each.field_name, each.get_attribute_name()) for each in second.attribute_deltas.order_by("pk")]
    assert sorted(names) == [("content", "body"), ("writer_id", "author_id")]
    assert [each.get_attribute_name() for each in third.attribute_deltas.all()] == ["body"]
    assert second.get_state()["content"] == "two"
    assert third.get_state() | {"content": "two", "body": "three"} == third.get_state()


def test_verification_takes_a_renamed_field_for_no_difference(post: Post, capsys: Any) -> None:
    call_command("revy_verify", "app.Post")
    assert "no difference" in capsys.readouterr().out
    assert [replay.problems for replay in replay_all(TrackedTable(Post, "default"), 1, lambda _count: None)] == [[]]
    AttributeDelta.objects.filter(field_name="content").update(old_value="another")
    (replay,) = replay_all(TrackedTable(Post, "default"), 1, lambda _count: None)
    assert replay.problems == ["version 2 found body to be 'another', but version 1 left 'one'"]


def test_verification_repairs_what_is_gone_under_the_names_of_today(post: Post) -> None:
    Post.objects.all()._raw_delete("default")
    call_command("revy_verify", "app.Post", "--repair", verbosity=0)
    state = deltas_of(Post, post.pk).last().state
    assert (state["body"], "content" in state, "writer_id" in state) == ("three", False, False)


def test_names_of_today_follow_chains_and_labels_and_skip_names_of_today(settings: Any) -> None:
    settings.REVY_RENAMES = {
        "blog.Article": "blog.Entry",
        "BLOG.entry": "app.Post",
        "blog.Article.heading": "name",
        "blog.Entry.name": "title",
        "app.SpecialPost.text": "body",
        "app.Post.data": "body",
        "app.Post.round": "trip",
        "app.Post.trip": "round",
        "app.Post.gone": "nothing",
        "other.Model.x": "title",
    }
    names = {"heading": "title", "name": "title", "text": "body"}
    assert names_of_today(Post) == names_of_today(SpecialPost) == names
    assert state_of_today(Post, {"heading": 1, "name": 2, "data": 3}) == {"title": 2, "data": 3}
    assert state_of_today(Post, {"heading": 1, "name": 2, "title": 3}) == {"title": 3}


def test_names_of_today_of_an_heir_are_those_of_its_parents_too(settings: Any) -> None:
    settings.REVY_RENAMES = {"app.Place.label": "name", "app.Restaurant.rating": "stars"}
    assert names_of_today(Pizzeria) == {"label": "name", "rating": "stars"}
    state = {"label": "a", "rating": 1}
    assert state_of_today(Pizzeria, state) == {"name": "a", "stars": 1}
    assert state_of_today(Document, state) is state


def test_many_to_many_relation_goes_by_its_name(settings: Any) -> None:
    settings.REVY_RENAMES = {"auth.Group.rights": "permissions"}
    assert state_of_today(Group, {"rights": [1], "name": "a"}) == {"permissions": [1], "name": "a"}


def test_stale_content_type_leads_to_the_model_that_it_became(settings: Any, alice: User) -> None:
    with Context.via_actor(alice):
        code = Code.objects.create(id="x", label="a")
    stale = ContentType.objects.create(app_label="old", model="label")
    ObjectDelta.objects.update(content_type=stale)
    delta = ObjectDelta.objects.get()
    assert (model_of(stale.pk, "default"), delta.content) == (None, None)
    assert ObjectDelta.objects.annotate(snapshot=ObjectSnapshot(Code)).get().snapshot is None
    settings.REVY_RENAMES = {"old.Label": "older.Code", "older.Code": "app.Code"}
    assert model_of(stale.pk, "default") is Code
    assert ObjectDelta.objects.get().content == code
    assert ObjectDelta.objects.annotate(snapshot=ObjectSnapshot(Code)).get().snapshot.label == "a"
    assert ObjectDelta.objects.annotate(snapshot=ObjectSnapshot(Permission)).get().snapshot is None


def test_history_of_a_model_that_is_gone_is_still_read(alice: User) -> None:
    with Context.via_actor(alice):
        code = Code.objects.create(id="x", label="a")
        write(code, label="b")
    stale = ContentType.objects.create(app_label="old", model="label")
    ObjectDelta.objects.update(content_type=stale)
    for is_there in (True, False):
        if not is_there:
            stale.delete()
            ContentType.objects.clear_cache()
        first, second = ObjectDelta.objects.order_by("version")
        assert (first.content_type is None, first.content, first.get_actor()) == (not is_there, None, alice)
        assert second.get_state() == {"id": "x", "label": "b"}
        assert [each.get_attribute_name() for each in first.get_attribute_deltas()] == ["id", "label"]
        assert str(second) == f"Update {second.content_type_id}:x v2"
