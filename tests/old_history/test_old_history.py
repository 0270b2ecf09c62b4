"""A history that an early revy has recorded, read and restored by the revy and the models of today."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from revy import Context
from revy.contrib.django import conf, rewriting
from revy.contrib.django.errors import UnreadableValue
from revy.contrib.django.history import History
from revy.contrib.django.models import ObjectSnapshot
from revy.contrib.django.renames import model_of
from revy.contrib.django.restore import RestoreError, plan_restore, restore, revert
from tests.old_history.models import Hall, Person, Post, Remark, Tag
from tests.orm.history import ObjectDelta, values_of

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
ORACLE: list[dict[str, Any]] = json.loads((HERE / "oracle.json").read_text())
RENAMES = {
    "old_history.Article": "old_history.Post",
    "old_history.Article.headline": "title",
    "old_history.Article.author": "writer",
    "old_history.Post.tags": "labels",
    "old_history.Venue.name": "title",
    "old_talk.Comment": "old_history.Remark",
    "old_talk.Comment.article": "post",
}
# In an order in which their objects can be created.
MODELS: dict[str, Any] = {
    "old_history.person": Person,
    "old_history.tag": Tag,
    "old_history.hall": Hall,
    "old_history.article": Post,
    "old_talk.comment": Remark,
}
# What each attribute of then is today, and how its value is read now.
TODAY: dict[str, dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "old_history.article": {
        "headline": ("title", str),
        "author_id": ("writer_id", int),
        "rating": ("rating", str),
        "code": ("code", int),
        "price": ("price", decimal.Decimal),
        "is_open": ("is_open", int),
        "published_at": ("published_at", lambda text: text and datetime.datetime.fromisoformat(text)),
    },
    "old_history.hall": {"name": ("title", str)},
    "old_talk.comment": {"article_id": ("post_id", int)},
}
GONE = {"legacy", "tags"}
ADDED = {"old_history.article": {"summary": "none"}, "old_history.person": {"email": ""}}
ARTICLE = "old_history.article", "1"
UNREADABLE = {"1": {1: {"data"}, 2: {"data"}, 3: {"data"}, 4: {"data"}}, "2": {1: {"code", "price", "data"}}}


@pytest.fixture(autouse=True)
def _loaded(tmp_path: Path) -> None:
    labels = {label.lower(): conf.swappable_label(setting).lower() for setting, label in conf.DEFAULT_LABELS.items()}
    items = json.loads((HERE / "fixture.json").read_text())
    for item in items:
        item["model"] = labels.get(item["model"], item["model"])
    path = tmp_path / "fixture.json"
    path.write_text(json.dumps(items))
    call_command("loaddata", path, verbosity=0)
    ContentType.objects.clear_cache()


@pytest.fixture
def rows() -> None:
    """The rows of today, after the migrations of the data; what was deleted is not there."""
    last = {(noted["model"], noted["pk"]): noted for noted in ORACLE}
    for label in (
        "old_history.person",
        "old_history.tag",
        "old_history.article",
        "old_history.hall",
        "old_talk.comment",
    ):
        for (model, _pk), noted in last.items():
            if model == label and noted["action"] != "D":
                MODELS[label].objects.create(**today(noted))
    for noted in last.values():
        if noted["model"] == "old_history.article" and noted["action"] != "D":
            Post.objects.get(pk=noted["pk"]).labels.set(noted["row"]["tags"])


@pytest.fixture
def mapped(settings: Any) -> None:
    settings.REVY_RENAMES = RENAMES


@pytest.fixture
def rewritten() -> None:
    """Rewrite the history as the operations of migrations would."""
    rewriting.rename_attributes(
        [("old_history", "article")], [("headline", "title"), ("author_id", "writer_id"), ("tags", "labels")], "default"
    )
    rewriting.rename_attributes([("old_history", "venue"), ("old_history", "hall")], [("name", "title")], "default")
    rewriting.rename_attributes([("old_talk", "comment")], [("article_id", "post_id")], "default")
    rewriting.relabel(("old_history", "article"), ("old_history", "post"), "default")
    rewriting.relabel(("old_talk", "comment"), ("old_history", "remark"), "default")


def today(noted: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of today of what was noted."""
    label = noted["model"]
    found = dict(ADDED.get(label, {}))
    for name, value in noted["row"].items():
        new, read = TODAY.get(label, {}).get(name, (name, lambda value: value))
        if name not in GONE:
            found[new] = read(value)
    return found


def delta_of(noted: dict[str, Any]) -> Any:
    app_label, model = noted["model"].split(".")
    content_type = ContentType.objects.get(app_label=app_label, model=model)
    return ObjectDelta.objects.get(content_type=content_type, content_id=noted["pk"], version=noted["version"])


def unreadable(noted: dict[str, Any]) -> set[str]:
    return UNREADABLE.get(noted["pk"], {}).get(noted["version"], set()) if "article" in noted["model"] else set()


def with_previous() -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    last: dict[tuple[str, str], Any] = {}
    for noted in ORACLE:
        key = noted["model"], noted["pk"]
        yield noted, last.get(key)
        last[key] = noted


def test_every_version_tells_what_was_noted_when_it_was_recorded(rows: None) -> None:
    for noted, previous in with_previous():
        delta = delta_of(noted)
        actor = None if noted["actor"] is None else Person.objects.get(name=noted["actor"])
        assert (delta.action, delta.actor, delta.revision.description) == (
            noted["action"], actor, noted["description"],
        )  # fmt: skip
        assert delta.get_state() == noted["row"]
        before = {} if previous is None else previous["row"]
        after = {} if noted["action"] == "D" else noted["row"]
        told = {each.field_name: (each.old_value, each.new_value) for each in delta.get_attribute_deltas()}
        assert told == {
            name: (before.get(name), after.get(name))
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        }


def test_every_actor_and_description_is_there_as_it_was_recorded(rows: None) -> None:
    ann, ben = Person.objects.order_by("name")
    delta = ObjectDelta.objects.get(description="Closed.")
    assert [
        (each.field_name, each.actor, each.description) for each in delta.attribute_deltas.order_by("field_name")
    ] == [("is_open", ann, "Because it is done."), ("secret", ben, "A detail.")]
    assert delta.get_actors() == [ann, ben]
    fallen = ObjectDelta.objects.filter(description="Its article was deleted.")
    assert {(each.action, each.actor) for each in fallen} == {("D", None)}
    assert fallen.count() == 2


@pytest.mark.usefixtures("mapped")
def test_every_version_is_rebuilt_as_the_model_of_today() -> None:
    for noted in ORACLE:
        model = MODELS.get(noted["model"])
        if model is None:
            continue
        delta = delta_of(noted)
        rebuilt = ObjectDelta.objects.filter(pk=delta.pk).annotate(snapshot=ObjectSnapshot(model))
        if unreadable(noted):
            with pytest.raises(UnreadableValue, match=f"{model._meta.label} {noted['pk']}"):
                rebuilt.get()
            continue
        snapshot = rebuilt.get().snapshot
        unknown = {} if noted["action"] == "D" else dict.fromkeys(ADDED.get(noted["model"], {}), "deferred")
        assert (type(snapshot), values_of(snapshot)) == (model, {**today(noted), **unknown})


def test_history_of_an_object_goes_on_after_its_model_was_renamed(mapped: None) -> None:
    hall = next(noted for noted in ORACLE if noted["model"] == "old_history.hall")
    versions = [noted for noted in ORACLE if noted["model"] == "old_history.hall"]
    history = History(Hall, hall["pk"])
    assert [delta.version for delta in history.newest()] == list(range(len(versions), 0, -1))
    for noted in versions:
        assert values_of(history.snapshot(noted["version"])) == today(noted)  # type: ignore[arg-type]


def test_rewritten_history_is_that_of_the_models_of_today(rewritten: None) -> None:
    for label in ("old_history.article", "old_talk.comment"):
        versions = [noted for noted in ORACLE if noted["model"] == label]
        for pk in {noted["pk"] for noted in versions}:
            history = History(MODELS[label], pk)
            told = [noted for noted in versions if noted["pk"] == pk]
            assert [delta.action for delta in history.newest()] == [noted["action"] for noted in reversed(told)]
            for noted in told:
                if not unreadable(noted):
                    snapshot: Any = history.snapshot(noted["version"])
                    names = today(noted).keys() - (ADDED.get(label, {}).keys() if noted["action"] != "D" else set())
                    assert {name: getattr(snapshot, name) for name in names} == {
                        name: value for name, value in today(noted).items() if name in names
                    }


def test_verification_finds_no_difference(rows: None, mapped: None) -> None:
    call_command("revy_verify", "old_history.Person", "old_history.Tag", "old_history.Hall", "--strict", verbosity=0)


def test_verification_finds_no_difference_in_what_was_rewritten(rows: None, rewritten: None, capsys: Any) -> None:
    call_command("revy_verify", "old_history.Post", "old_history.Remark", "--strict")
    assert "6 histories checked: no difference" in capsys.readouterr().out


def test_removed_model_leaves_a_history_that_is_read(mapped: None) -> None:
    for noted in ORACLE:
        if noted["model"] == "old_history.draft":
            delta = delta_of(noted)
            assert (model_of(delta.content_type_id, "default"), delta.content) == (None, None)
            assert delta.get_state() == noted["row"]
            (problem,) = plan_restore(delta).problems
            assert problem.code == "UNKNOWN_MODEL"


def test_restore_writes_every_version_that_fits_and_leaves_excluded_fields(
    rows: None, rewritten: None, settings: Any
) -> None:
    settings.REVY_EXCLUDED_FIELDS = ["old_history.Post.secret"]
    Post.objects.filter(pk=1).update(summary="kept", secret="kept")
    by_version = {noted["version"]: noted for noted in ORACLE if (noted["model"], noted["pk"]) == ARTICLE}
    for delta in reversed(History(Post, 1).newest()):
        noted = by_version[delta.version]
        wrong = {problem.field for problem in plan_restore(delta).problems}
        assert wrong == unreadable(noted)
        if wrong:
            with pytest.raises(RestoreError):
                restore(delta)
            continue
        restore(delta)
        post = Post.objects.get(pk=1)
        assert values_of(post) == {**today(noted), "summary": "kept", "secret": "kept"}
        assert sorted(post.labels.values_list("pk", flat=True)) == noted["row"]["tags"]


def test_restore_names_every_value_that_does_not_fit(rows: None, rewritten: None) -> None:
    delta = next(each for each in History(Post, 2).newest() if each.version == 1)
    assert {(problem.field, problem.code) for problem in plan_restore(delta).problems} == {
        ("code", "UNREADABLE"),
        ("price", "UNREADABLE"),
        ("data", "UNREADABLE"),
    }


@pytest.mark.parametrize("way", ["rewritten", "mapped"])
def test_restore_brings_back_what_was_deleted_before_the_renames(rows: None, way: str, request: Any) -> None:
    request.getfixturevalue(way)
    (ann,) = Person.objects.filter(name="ann")
    delta = next(
        each
        for each in ObjectDelta.objects.filter(action="D", revision__description="Deleted.")
        if model_of(each.content_type_id, "default") is Post
    )
    with Context.via_actor(ann):
        restored = restore(delta, related=True)
    assert restored is not None
    post: Any = restored.content
    assert (post.title, post.writer, post.summary, post.code) == ("Gone", ann, "none", 1)
    assert [label.name for label in post.labels.all()] == ["history"]
    first, second = Remark.objects.filter(post=post).order_by("pk")
    assert (first.text, second.text, second.parent) == ("First!", "second", first)
    # As it was before it was deleted, and with it what fell.
    Post.objects.get(pk=post.pk).delete()
    with Context.via_actor(ann):
        revision = revert(delta.revision)
    assert revision is not None
    assert Remark.objects.filter(post_id=post.pk).count() == 2
    assert revert(delta.revision) is None
