"""Migrations of `tests.migrated`, which rename fields and models and move one, with the history from before them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections, migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.optimizer import MigrationOptimizer
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter, OperationWriter

from revy import Context
from revy.contrib.django import operations, rewriting
from revy.contrib.django.history import History
from revy.contrib.django.operations import MoveTrackedModel, RenameTrackedField, RenameTrackedModel
from tests.migrated.models import Cafe, Entry, Note, Topic
from tests.orm.history import AttributeDelta, ObjectDelta, Revision, deltas_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])

LAST = "0005_move_memo"
FIRST = "0002_pin"


def migrate(name: str, app: str = "migrated", using: str = "default") -> None:
    call_command("migrate", app, name, database=using, verbosity=0)
    ContentType.objects.clear_cache()


def models_at(name: str) -> Any:
    """Return a function that gives the models of `tests.migrated` as they were at that migration."""
    apps = MigrationLoader(connection).project_state([("migrated", name)]).apps
    return lambda model, app="migrated": apps.get_model(app, model)


def type_id(app: str, model: str) -> int | None:
    return ContentType.objects.filter(app_label=app, model=model).values_list("pk", flat=True).first()


def told() -> list[tuple[Any, ...]]:
    """Return the whole history."""
    deltas = ("pk", "content_type_id", "content_id", "version", "action", "state")
    changes = ("pk", "object_delta_id", "field_name", "old_value", "new_value", "actor_type_id", "actor_id")
    return [
        *ObjectDelta.objects.order_by("pk").values_list(*deltas),
        *AttributeDelta.objects.order_by("pk").values_list(*changes),
    ]


@pytest.fixture
def first() -> Iterator[Any]:
    """Go back to before the renames, and give the models of then; to those of today in the end."""
    migrate(FIRST)
    yield models_at(FIRST)
    migrate(LAST)


def record(model: Any, alice: User, bob: User) -> None:
    """Record articles, a memo and a cafe under the names of then, with changes after the whole state."""
    with Context.via_actor(alice):
        topics = [model("Topic").objects.create(name=name) for name in "ab"]
        article = model("Article").objects.create(headline="1", author_id=alice.pk)
        article.tags.set(topics)
        article.headline, article.author_id = "2", bob.pk
        article.save()
        gone = model("Article").objects.create(headline="gone")
        gone.delete()
        cafe = model("Cafe").objects.create(name="1", seats=1)
        cafe.name = "2"
        cafe.save()
        memo = model("Memo", "migrated_source").objects.create(text="1", entry_id=article.pk)
        memo.text = "2"
        memo.save()
        model("Pin").objects.create(note_id=memo.pk)
    with Context.via_actor(memo), Context.via_attribute_delta_description("By a memo."):
        topics[0].name = "c"
        topics[0].save()


def test_migrations_take_the_history_along_and_back(first: Any, alice: User, bob: User) -> None:
    record(first, alice, bob)
    before = told()
    migrate(LAST)
    entry, cafe, note = Entry.objects.get(), Cafe.objects.get(), Note.objects.get()
    history = History(entry)
    rebuilt: list[Any] = [history.snapshot(delta.version) for delta in reversed(history.newest())]
    assert [(each.title, each.writer_id) for each in rebuilt] == [("1", alice.pk), ("1", alice.pk), ("2", bob.pk)]
    assert [each.field_name for each in AttributeDelta.objects.filter(object_delta__in=deltas_of(Entry, entry.pk))] == [
        "labels", "title", "writer_id",
    ]  # fmt: skip
    last = deltas_of(Entry, entry.pk).last()
    topics = list(Topic.objects.order_by("pk").values_list("pk", flat=True))
    assert last.get_state() == {"id": entry.pk, "title": "2", "writer_id": bob.pk, "labels": topics}
    assert [delta.state and delta.state["title"] for delta in deltas_of(Cafe, cafe.pk)] == ["1", None]
    assert [History(cafe).snapshot(version).title for version in (1, 2)] == ["1", "2"]  # type: ignore[union-attr]
    assert [History(note).snapshot(version).text for version in (1, 2)] == ["1", "2"]  # type: ignore[union-attr]
    assert deltas_of(Topic, topics[0]).last().actor == note
    call_command("revy_verify", "migrated", "--strict", verbosity=0)
    with Context():
        entry.title = "3"
        entry.save()
    assert deltas_of(Entry, entry.pk).last().get_state()["title"] == "3"
    ObjectDelta.objects.filter(pk=deltas_of(Entry, entry.pk).last().pk).delete()
    migrate(FIRST)
    assert told() == before


def test_migrations_rename_through_the_executor_alone(first: Any, alice: User, bob: User) -> None:
    record(first, alice, bob)
    before = type_id("migrated", "article")
    MigrationExecutor(connection).migrate([("migrated", LAST)])
    ContentType.objects.clear_cache()
    assert (type_id("migrated", "entry"), type_id("migrated", "article")) == (before, None)
    assert Entry.objects.get().title == History(Entry.objects.get()).newest(1)[0].get_state()["title"]  # type: ignore[index]


def test_name_that_was_used_before_is_kept_aside_and_comes_back(alice: User) -> None:
    migrate("0001")
    try:
        place = models_at("0001_initial")("Place")
        with Context.via_actor(alice):
            row = place.objects.create(name="name", title="title")
            row.name, row.title = "new name", "new title"
            row.save()
        before = told()
        migrate(LAST)
        first, second = deltas_of(models_at(LAST)("Place"), row.pk)
        assert first.state == {"id": row.pk, "title": "name", "title__before_name": "title"}
        assert {each.field_name: each.new_value for each in second.attribute_deltas.all()} == {
            "title": "new name",
            "title__before_name": "new title",
        }
        migrate(FIRST)
        assert told() == before
    finally:
        migrate(LAST)


def test_field_that_is_renamed_in_case_only_is_not_in_its_own_way(alice: User) -> None:
    with Context.via_actor(alice):
        topic = Topic.objects.create(name="a")
        topic.name = "b"
        topic.save()
    operation = RenameTrackedField("topic", "name", "Name")
    before = MigrationLoader(connection).project_state([("migrated", LAST)])
    after = before.clone()
    operation.state_forwards("migrated", after)
    with connection.schema_editor() as editor:
        operation.database_forwards("migrated", editor, before, after)
    try:
        first, second = deltas_of(Topic, topic.pk)
        assert first.state == {"id": topic.pk, "Name": "a"}
        assert [each.field_name for each in second.attribute_deltas.all()] == ["Name"]
    finally:
        with connection.schema_editor() as editor:
            operation.database_backwards("migrated", editor, after, before)
    first, second = deltas_of(Topic, topic.pk)
    assert first.state == {"id": topic.pk, "name": "a"}
    assert [each.field_name for each in second.attribute_deltas.all()] == ["name"]


def test_rewriting_goes_by_batches(first: Any, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with Context():
        article = first("Article").objects.create(headline="0")
        for number in range(1, 40):
            article.headline = str(number)
            article.save()
    monkeypatch.setattr(rewriting, "_STATES", 3)
    monkeypatch.setattr(rewriting, "BATCH", 3)
    migrate(LAST)
    history = History(Entry.objects.get())
    assert [history.snapshot(version).title for version in range(1, 41)] == list(map(str, range(40)))  # type: ignore[union-attr]


def test_history_under_the_new_label_continues_that_under_the_old_one(
    first: Any, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rewriting, "BATCH", 2)
    memos = first("Memo", "migrated_source").objects
    with Context():
        for text in "abcde":
            memo = memos.create(text=text)
            memo.text = text * 2
            memo.save()
        memos.get(text="ee").delete()
    keys = list(memos.order_by("pk").values_list("pk", flat=True))
    old, new = type_id("migrated_source", "memo"), ContentType.objects.create(app_label="migrated", model="note").pk
    with Context.via_actor(memo if memo.pk else memos.first()):
        revision = Revision.objects.create()
    # What a project has that moved the model by itself, and recorded on: one was copied, the other was as it is.
    for key, action in ((keys[0], "C"), (keys[1], "U")):
        for version in (1, 2):
            state = {"id": key, "text": f"{key}-{version}", "entry_id": None, "parent_id": None, "topics": []}
            delta = ObjectDelta.objects.create(
                revision=revision, action=action if version == 1 else "U", content_type_id=new, content_id=str(key),
                version=version, state=state, actor_type_id=new, actor_id=str(key),
            )  # fmt: skip
        AttributeDelta.objects.create(object_delta=delta, field_name="text", actor_type_id=old, actor_id=str(key))
        memos.filter(pk=key).update(text=f"{key}-2")
    migrate(LAST)
    assert type_id("migrated", "note") == new
    assert not ObjectDelta.objects.filter(content_type_id=old).exists()
    assert set(ObjectDelta.objects.exclude(actor_type=None).values_list("actor_type_id", flat=True)) == {new}
    assert set(AttributeDelta.objects.exclude(actor_type=None).values_list("actor_type_id", flat=True)) == {new}
    for key in keys[:2]:
        deltas = deltas_of(Note, key)
        assert [(delta.version, delta.action) for delta in deltas] == [(1, "C"), (2, "U"), (3, "U"), (4, "U")]
        assert deltas.last().get_state()["text"] == f"{key}-2"
    assert [delta.version for delta in deltas_of(Note, keys[2])] == [1, 2]
    gone = ObjectDelta.objects.get(action="D")
    assert (gone.content_type_id, gone.version, gone.get_state()["text"]) == (new, 3, "ee")


class Nowhere:
    """Allows no migration of `tests.migrated` and the app beside it on the other database."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == "other" and app_label.startswith("migrated") else None


class Elsewhere:
    """Keeps the history of the default database on the other one."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        return "other" if model in (Revision, ObjectDelta, AttributeDelta) else None

    db_for_write = db_for_read

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True


def test_database_that_the_router_does_not_allow_is_left_alone(settings: Any) -> None:
    migrate(FIRST, using="other")
    try:
        article = models_at(FIRST)("Article")
        with Context():
            article.objects.using("other").create(headline="1")
        settings.DATABASE_ROUTERS = [Nowhere()]
        for name in (LAST, FIRST):
            MigrationExecutor(connections["other"]).migrate([("migrated", name)])
            delta = ObjectDelta.objects.using("other").get()
            assert delta.state["headline"] == "1"
            assert ContentType.objects.using("other").get(pk=delta.content_type_id).model == "article"
    finally:
        settings.DATABASE_ROUTERS = []
        migrate(LAST, using="other")


def test_history_on_another_database_is_rewritten_there(settings: Any) -> None:
    migrate(FIRST)
    migrate(FIRST, using="other")
    settings.DATABASE_ROUTERS = [Elsewhere()]
    try:
        with Context():
            models_at(FIRST)("Article").objects.create(headline="1")
        migrate(LAST)
        delta = ObjectDelta.objects.using("other").get()
        content_type = ContentType.objects.using("other").get(pk=delta.content_type_id)
        assert (delta.state["title"], content_type.model) == ("1", "entry")
    finally:
        migrate(LAST)
        settings.DATABASE_ROUTERS = []
        migrate(LAST, using="other")


def test_migration_before_the_tables_of_the_history_renames_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(FIRST)
    names = connection.introspection.table_names()
    kept = [name for name in names if name not in {ObjectDelta._meta.db_table, "django_content_type"}]
    try:
        with monkeypatch.context() as patched:
            patched.setattr(type(connection.introspection), "table_names", lambda self, cursor=None, **_: kept)
            MigrationExecutor(connection).migrate([("migrated", LAST)])
        assert list(Entry.objects.all()) == list(Note.objects.all()) == []
    finally:
        migrate(LAST)


@pytest.mark.skipif(connection.vendor == "mysql", reason="Django's own renames ask MySQL for tables of the new names")
def test_sqlmigrate_says_that_history_is_rewritten_and_rewrites_none() -> None:
    migrate(FIRST)
    try:
        for name in ("0003_rename_fields", "0004_rename_article", LAST):
            _sqlmigrate(name)
            migrate(name)
            _sqlmigrate(name, backwards=True)
    finally:
        migrate(LAST)


def _sqlmigrate(name: str, *, backwards: bool = False) -> None:
    out = io.StringIO()
    with connection.execute_wrapper(_refuse_updates):
        call_command("sqlmigrate", "migrated", name, backwards=backwards, stdout=out)
    assert "ALTER TABLE" in out.getvalue() or "RENAME TABLE" in out.getvalue()
    assert "-- The recorded history is rewritten too, which cannot be written as SQL." in out.getvalue()


def _refuse_updates(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    assert not sql.startswith("UPDATE")
    return execute(sql, params, many, context)


@pytest.mark.parametrize(
    ("operation", "description", "fragment"),
    [
        (
            RenameTrackedField(model_name="post", old_name="body", new_name="text"),
            "Rename field body on post to text, and in the recorded history",
            "rename_body_post_text",
        ),
        (
            RenameTrackedModel(old_name="Article", new_name="Post"),
            "Rename model Article to Post, and in the recorded history",
            "rename_article_post",
        ),
        (
            MoveTrackedModel(name="Post", from_app="blog"),
            "Move model Post from blog, and its recorded history",
            "move_post_from_blog",
        ),
        (
            MoveTrackedModel(name="Post", from_app="blog", new_name="Story"),
            "Move model Post from blog as Story, and its recorded history",
            "move_post_from_blog",
        ),
    ],
)
def test_operation_is_written_as_it_was_read(operation: Any, description: str, fragment: str) -> None:
    text, imports = OperationWriter(operation, indentation=0).serialize()
    assert imports == {"import revy.contrib.django.operations"}
    (read,) = eval(f"[{text}]", {"revy": __import__("revy.contrib.django.operations")})
    assert (type(read), read.deconstruct()) == (type(operation), operation.deconstruct())
    assert (operation.describe(), operation.migration_name_fragment) == (description, fragment)
    assert (
        "operations." + type(operation).__name__
        in MigrationWriter(
            type("Migration", (migrations.Migration,), {"operations": [operation]})("0001", "blog")
        ).as_string()
    )


def test_operations_that_follow_each_other_are_reduced_to_one_that_rewrites_history() -> None:
    reduced = MigrationOptimizer().optimize(
        [RenameTrackedModel("A", "B"), RenameTrackedField("c", "x", "y"), RenameTrackedModel("B", "D"),
         RenameTrackedField("c", "y", "z")],
        "blog",
    )  # fmt: skip
    assert sorted((type(each).__name__, tuple(each.deconstruct()[2].values())) for each in reduced) == [
        ("RenameTrackedField", ("c", "x", "z")),
        ("RenameTrackedModel", ("A", "D")),
    ]


def test_move_takes_heirs_and_references_along() -> None:
    state: ProjectState = MigrationLoader(connection).project_state([("migrated", FIRST)])
    assert state.apps.get_model("migrated", "cafe")
    MoveTrackedModel(name="Place", from_app="migrated").state_forwards("migrated_source", state)
    cafe = state.apps.get_model("migrated", "cafe")
    place = state.apps.get_model("migrated_source", "place")
    assert issubclass(cafe, place)
    assert cafe._meta.get_field("place_ptr").related_model is place
    assert ("migrated", "place") not in state.models
    assert operations.__doc__
