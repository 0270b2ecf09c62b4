"""Every code block of docs/migrations.md runs as it stands, and does what the text around it says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import CASCADE, AutoField, ForeignKey

from revy import Context
from revy.contrib.django.checks import check_renames
from tests.docs.blocks import block, blocks_of
from tests.orm.history import AttributeDelta, ObjectDelta, deltas_of

pytestmark = pytest.mark.django_db

PAGE = "docs/migrations.md"
MIGRATION = block(PAGE, "class Migration(migrations.Migration)")
RELABEL = block(PAGE, "def continue_history")
RENAMES = block(PAGE, "REVY_RENAMES =")
NAMES = block(PAGE, "get_attribute_name()")


def run(code: str, **names: Any) -> dict[str, Any]:
    namespace = {"__name__": "documentation", **names}
    exec(compile(code, PAGE, "exec"), namespace)
    return namespace


def test_migration_renames_and_moves() -> None:
    migration = run(MIGRATION)["Migration"]("0008_posts", "blog")
    state = ProjectState()
    key = ("id", AutoField(primary_key=True))
    state.add_model(ModelState("auth", "User", [key]))
    state.add_model(ModelState("blog", "Article", [key, ("author", ForeignKey("auth.User", CASCADE))]))
    state.add_model(ModelState("notes", "Memo", [key, ("article", ForeignKey("blog.Article", CASCADE))]))
    state = migration.mutate_state(state)
    assert sorted(state.models) == [("auth", "user"), ("blog", "note"), ("blog", "post")]
    assert state.apps.get_model("blog", "note")._meta.get_field("article").related_model._meta.label == "blog.Post"
    assert "writer" in state.models["blog", "post"].fields


def test_relabelling_continues_a_history(names: dict[str, Any]) -> None:
    comment = names["comment"]
    with Context():
        comment.text = "changed"
        comment.save()
    ContentType.objects.filter(app_label="app", model="comment").update(app_label="notes", model="memo")
    ObjectDelta.objects.update(state={"author_id": 1})
    run(RELABEL)["continue_history"](apps, SimpleNamespace(connection=connection))
    assert ContentType.objects.filter(app_label="blog", model="note").exists()
    assert [delta.state for delta in ObjectDelta.objects.all()] == [{"writer_id": 1}]


def test_setting_is_read_and_deltas_tell_the_names_of_today(names: dict[str, Any], settings: Any, capsys: Any) -> None:
    post = names["post"]
    with Context():
        post.body = "changed"
        post.save()
    AttributeDelta.objects.update(field_name="content")
    settings.REVY_RENAMES = run(RENAMES.replace("blog.", "app."))["REVY_RENAMES"]
    assert check_renames() == []
    run(NAMES, object_delta=deltas_of(type(post), post.pk).last())
    assert capsys.readouterr().out == "content body\n"


def test_every_block_is_run_here() -> None:
    assert {each.code for each in blocks_of(PAGE)} == {MIGRATION, RELABEL, RENAMES, NAMES}
