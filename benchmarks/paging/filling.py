"""A history of a million revisions, made inside of PostgreSQL."""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from tests.graphql.api import grant
from tests.graphql.app.models import Article, Draft

_DELTAS: Final = """INSERT INTO revy_objectdelta (id, revision_id, action, content_type_id, content_id, version, state,
    description, created_at, actor_type_id, actor_id)
SELECT {offset} + i, {revision}, CASE WHEN {version} = 1 THEN 'C' ELSE 'U' END, {content_type}, ({content_id})::text,
    {version}, CASE WHEN {version} = 1 THEN jsonb_build_object('id', {content_id}, 'title', 't') END, '', now(),
    {actor_type}, ({first_actor} + i % {actors})::text
FROM generate_series(1, {count}) i"""
_CHANGES: Final = """INSERT INTO revy_attributedelta (object_delta_id, field_name, old_value, new_value, description,
    actor_type_id, actor_id)
SELECT id, 'title', '1', '2', '', actor_type_id, actor_id FROM revy_objectdelta WHERE action = 'U'"""
_AUTHORS: Final = 5


def fill(count: int) -> None:
    """Write `count` revisions, and a last one with as many changes.

    Each of the others changes one of `count / 10` drafts, of which every other one is public, and the only article.
    """
    User.objects.create_superuser("root")
    grant(User.objects.create_user("reader"), "view_draft", "view_user", "view_article")
    authors = [User.objects.create(username=f"author {number}").pk for number in range(_AUTHORS)]
    drafts = count // 10
    common = {
        "count": count,
        "actor_type": ContentType.objects.get_for_model(User).pk,
        "first_actor": authors[0],
        "actors": _AUTHORS,
    }
    draft, article = (ContentType.objects.get_for_model(model).pk for model in (Draft, Article))
    own, turn = f"(i - 1) % {drafts} + 1", f"((i - 1) / {drafts} + 1)"
    Article.objects.create(pk=1, title="ledger")
    _run(
        f"INSERT INTO gqlapp_draft (id, title, is_public) SELECT i, 'd', i % 2 = 0 FROM generate_series(1, {drafts}) i"
    )
    _run(f"INSERT INTO revy_revision SELECT i, 'Revision ' || i, now() FROM generate_series(1, {count + 1}) i")
    for values in (
        {"offset": 0, "revision": "i", "content_type": draft, "content_id": own, "version": turn},
        {"offset": count, "revision": "i", "content_type": article, "content_id": 1, "version": "i"},
        {
            "offset": 2 * count, "revision": count + 1, "content_type": article, "content_id": "1000 + i", "version": 1,
            "actors": 1,
        },
    ):  # fmt: skip
        _run(_DELTAS.format(**{**common, **values}))
    _run(_CHANGES)
    _run("VACUUM ANALYZE")


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
