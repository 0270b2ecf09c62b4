from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from revy import Context
from revy.contrib.django.models import ObjectSnapshot, ObjectState
from tests.app.models import Code, Document, Pizzeria, Post
from tests.orm.history import (
    AttributeDelta,
    ObjectDelta,
    actions,
    deltas_of,
    queries,
    snapshots,
    values_of,
    write_history,
)
from tests.orm.strategies import text

pytestmark = pytest.mark.django_db


class TestEveryVersion(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(st.tuples(st.sampled_from(["title", "body", "data"]), text), max_size=40),
        st.sampled_from([1, 2, 3, 7, 32]),
    )
    def test_every_version_is_the_copy_that_was_kept(self, edits: list[tuple[str, str]], interval: int) -> None:
        author = User.objects.create_user("author")
        kept = []
        with self.settings(REVY_KEYFRAME_INTERVAL=interval), Context():
            post = Post.objects.create(author=author, title="")
            kept.append(values_of(Post.objects.get(pk=post.pk)))
            for name, value in edits:
                setattr(post, name, {"text": value} if name == "data" else value)
                post.save()
                now = values_of(Post.objects.get(pk=post.pk))
                if now != kept[-1]:
                    kept.append(now)
            write_history()
        with queries(at_most=1):
            rebuilt = [values_of(snapshot) for snapshot in snapshots(Post, post.pk)]
        assert rebuilt == kept
        stored = [delta.version for delta in deltas_of(Post, post.pk) if delta.state is not None]
        assert stored == [version for version in range(1, len(kept) + 1) if version == 1 or version % interval == 0]


def test_snapshot_is_an_instance_with_real_values_in_one_query(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a", price="1.5")
        post.title = "b"
        post.save()
    with queries(at_most=1):
        snapshot = deltas_of(Post, post.pk).annotate(snapshot=ObjectSnapshot(Post)).last().snapshot
    assert type(snapshot) is Post
    assert snapshot == post
    assert values_of(snapshot) == values_of(Post.objects.get(pk=post.pk))
    assert not snapshot._state.adding


def test_snapshot_of_long_text_is_not_cut() -> None:
    from tests.app.models import Everything

    with Context():
        row = Everything.objects.create(text="x" * 700_000)
        for letter in "abc":
            row.text = letter * 700_000
            row.save()
    assert [snapshot.text[:1] + str(len(snapshot.text)) for snapshot in snapshots(Everything, row.pk)] == [
        f"{letter}700000" for letter in "xabc"
    ]


def test_snapshot_of_other_models_is_none(alice: User) -> None:
    with Context():
        Code.objects.create(id="x")
        Post.objects.create(author=alice, title="a")
    deltas = ObjectDelta.objects.annotate(snapshot=ObjectSnapshot(Code)).order_by("pk")
    assert [delta.snapshot and delta.snapshot.pk for delta in deltas] == ["x", None]


def test_snapshot_whose_whole_state_was_pruned_is_none() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        code.label = "2"
        code.save()
    deltas_of(Code, "x").first().delete()
    delta = deltas_of(Code, "x").annotate(snapshot=ObjectSnapshot(Code), recorded_state=ObjectState()).get()
    assert (delta.snapshot, delta.recorded_state, delta.get_state()) == (None, None, None)


def test_snapshot_of_multi_table_child_carries_its_parents_fields() -> None:
    with Context():
        pizzeria = Pizzeria.objects.create(name="a", stars=1)
        pizzeria.name = "b"
        pizzeria.save()
    assert [snapshot.name for snapshot in snapshots(Pizzeria, pizzeria.pk)] == ["a", "b"]


def test_snapshot_field_that_is_gone_is_ignored_and_one_unknown_is_deferred(alice: User) -> None:
    with Context():
        post = Post.objects.create(author=alice, title="a", body="then")
    delta = deltas_of(Post, post.pk).get()
    state = {**delta.state, "gone": 1}
    del state["body"]
    deltas_of(Post, post.pk).update(state=state)
    Post.objects.filter(pk=post.pk).update(title="b", body="now")
    (snapshot,) = snapshots(Post, post.pk)
    assert snapshot.get_deferred_fields() == {"body"}
    snapshot.save()
    assert (Post.objects.get().title, Post.objects.get().body) == ("a", "now")


def test_snapshot_at_delete_has_defaults_for_what_was_not_recorded(settings: Any) -> None:
    settings.REVY_EXCLUDED_FIELDS = ["app.Document.file"]
    with Context():
        document = Document.objects.create(slug="a", file="a.txt")
        pk = document.pk
        document.delete()
    snapshot = snapshots(Document, pk)[-1]
    assert (snapshot.slug, snapshot.file.name) == ("a", "")


def test_snapshot_works_beside_joins_and_other_annotations(alice: User) -> None:
    with Context.via_actor(alice):
        Code.objects.create(id="x", label="1")
    deltas = (
        ObjectDelta.objects.select_related("revision")
        .filter(revision__description="", content_type=ContentType.objects.get_for_model(Code))
        .annotate(said=F("revision__description"), snapshot=ObjectSnapshot(Code))
    )
    assert [delta.snapshot.label for delta in deltas] == ["1"]
    assert deltas.count() == 1


def test_state_in_a_subquery_is_that_of_its_own_deltas() -> None:
    with Context():
        for name in "x", "y":
            code = Code.objects.create(id=name, label="1")
            code.label = "2"
            code.save()
    deltas_of(Code, "x").first().delete()
    rebuilt = ObjectDelta.objects.annotate(built=ObjectState()).filter(built__isnull=False).values("pk")
    found = ObjectDelta.objects.filter(pk__in=rebuilt).annotate(recorded_state=ObjectState()).order_by("pk")
    assert [(delta.content_id, delta.version, delta.recorded_state["label"]) for delta in found] == [
        ("y", 1, "1"),
        ("y", 2, "2"),
    ]


def test_state_of_update_costs_one_query_unless_annotated() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        code.label = "2"
        code.save()
    delta = deltas_of(Code, "x").last()
    with queries(at_most=1):
        assert delta.get_state() == {"id": "x", "label": "2"}
    annotated = deltas_of(Code, "x").annotate(recorded_state=ObjectState()).last()
    with queries(at_most=0):
        assert annotated.get_state() == {"id": "x", "label": "2"}


def test_history_with_stale_content_type_stays_and_reads_without_crashing(alice: User) -> None:
    with Context.via_actor(alice):
        Code.objects.create(id="x")
    delta = ObjectDelta.objects.get()
    ContentType.objects.filter(pk__in=[delta.content_type_id, delta.actor_type_id]).delete()
    ContentType.objects.clear_cache()
    delta = ObjectDelta.objects.get()
    assert (delta.actor, delta.content, delta.get_actors()) == (None, None, [None])
    assert delta.state == {"id": "x", "label": ""}
    assert str(delta)


def test_history_with_model_that_is_gone_or_odd_keys_reads_without_crashing() -> None:
    gone = ContentType.objects.create(app_label="app", model="gone")
    with Context():
        Code.objects.create(id="x")
    for content_type, content_id in (
        (gone, "1"),
        (ContentType.objects.get_for_model(Post), "no number"),
        (ContentType.objects.get_for_model(Post), "9" * 30),
        (ContentType.objects.get_for_model(Document), "no uuid"),
    ):
        ObjectDelta.objects.update(content_type=content_type, content_id=content_id)
        assert ObjectDelta.objects.get().content is None
    gone.delete()


def test_removing_stale_content_types_leaves_history(alice: User) -> None:
    from django.core.management import call_command

    gone = ContentType.objects.create(app_label="app", model="gone")
    with Context():
        Code.objects.create(id="x")
    ObjectDelta.objects.update(content_type=gone)
    call_command("remove_stale_contenttypes", interactive=False, verbosity=0)
    assert ObjectDelta.objects.get().content_type_id == gone.pk or not ContentType.objects.filter(model="gone").exists()
    assert actions(Code, "x") == ""
    assert ObjectDelta.objects.count() == 1
    assert AttributeDelta.objects.count() == 0
