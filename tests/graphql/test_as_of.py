"""What the API tells of a moment in the past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from graphql_relay import to_global_id

from revy import Context
from revy.contrib.django import get_object_delta_model, get_revision_model
from revy.contrib.django.history import snapshot_at
from tests.graphql.api import Api, counted_queries, grant, recorded
from tests.graphql.app.models import Article, Bot, Draft, Label
from tests.graphql.plans import last_revision

pytestmark = pytest.mark.django_db

BEGIN = timezone.now().replace(microsecond=0) - timedelta(days=1)

REVISIONS = """query ($type: String, $id: ID, $asOf: DateTime) {
  revisions(contentType: $type, contentId: $id, asOf: $asOf) {
    totalCount
    edges { node { description actors { display } objectDeltas {
      totalCount edges { node { version contentType revision { objectDeltas { totalCount } } } }
    } } }
  }
}"""
STATE = """query ($type: String!, $id: ID!, $asOf: DateTime, $revision: ID) {
  objectAsOf(contentType: $type, contentId: $id, asOf: $asOf, revision: $revision) {
    version action snapshot createdAt revision { description } object { __typename }
  }
}"""
DIFF = """query ($id: ID!, $from: Int, $to: Int, $fromAsOf: DateTime, $toAsOf: DateTime) {
  diff(contentType: "gqlapp.article", contentId: $id, from: $from, to: $to, fromAsOf: $fromAsOf, toAsOf: $toAsOf) {
    from { version } to { version } attributes { fieldName oldValue newValue isMasked }
  }
}"""


def at(minutes: float) -> str:
    return (BEGIN + timedelta(minutes=minutes)).isoformat()


def date(minutes: float) -> None:
    """Have the changes that were made since the last call been made then."""
    time = BEGIN + timedelta(minutes=minutes)
    get_object_delta_model().objects.filter(created_at__gt=timezone.now() - timedelta(hours=1)).update(created_at=time)
    get_revision_model().objects.filter(created_at__gt=timezone.now() - timedelta(hours=1)).update(created_at=time)


@pytest.fixture
def article(editor: User) -> Article:
    """An article that was written at minute 1, and changed at 2 and, with a label, in the same revision, at 3."""
    with recorded(editor, "written"):
        article = Article.objects.create(title="t", body="1", secret="s")
    date(1)
    with recorded(editor, "changed"):
        article.body = "2"
        article.save()
    date(2)
    with Context.via_actor(Bot.objects.create(name="bot")), Context.via_revision(last_revision()):
        article.body = "3"
        article.save()
        Label.objects.create(name="l", is_public=True)
    date(3)
    return article


def state(api: Api, instance: Any, **moment: Any) -> Any:
    return api.ask(STATE, type=instance._meta.label_lower, id=str(instance.pk), **moment)["objectAsOf"]


@pytest.mark.parametrize("is_one", [True, False])
def test_revisions_are_what_was_known_then(is_one: bool, article: Article, as_reader: Api) -> None:
    address = {"type": "gqlapp.article", "id": str(article.pk)} if is_one else {}

    def known(**moment: Any) -> list[tuple[str, int, list[str]]]:
        found = as_reader.ask(REVISIONS, **address, **moment)["revisions"]
        assert found["totalCount"] == len(found["edges"])
        nodes = [edge["node"] for edge in found["edges"]]
        for node in nodes:
            count = node["objectDeltas"]["totalCount"]
            for edge in node["objectDeltas"]["edges"]:
                assert edge["node"]["revision"]["objectDeltas"]["totalCount"] == count
        return [
            (node["description"], node["objectDeltas"]["totalCount"], [actor["display"] for actor in node["actors"]])
            for node in nodes
        ]

    written = ("written", 1, ["editor"])
    assert known(asOf=at(0.5)) == []
    assert known(asOf=at(1)) == known(asOf=at(1.5)) == [written]
    assert known(asOf=at(2)) == [("changed", 1, ["editor"]), written]
    assert known(asOf=at(3)) == known() == [("changed", 3, ["editor", "bot"]), written]


def test_objects_of_a_list_show_what_was_known_then(article: Article, as_reader: Api) -> None:
    query = "query ($asOf: DateTime) { articles { revisions(asOf: $asOf) { totalCount } } }"
    counts = [as_reader.ask(query, asOf=at(minute))["articles"][0]["revisions"]["totalCount"] for minute in range(4)]
    assert counts == [0, 1, 2, 2]


def test_object_is_as_it_was_then(article: Article, as_reader: Api) -> None:
    assert state(as_reader, article, asOf=at(0.5)) is None
    found = state(as_reader, article, asOf=at(2.5))
    assert (found["version"], found["action"], found["revision"]) == (2, "UPDATE", {"description": "changed"})
    assert (found["snapshot"]["body"], found["object"]) == ("2", {"__typename": "ArticleType"})
    assert "secret" not in found["snapshot"]
    bodies = [state(as_reader, article, asOf=at(minute))["snapshot"]["body"] for minute in (1, 2, 3, 60 * 24 * 365)]
    assert bodies == ["1", "2", "3", "3"]


def test_object_that_was_deleted_is_not_there_until_it_comes_back(article: Article, as_reader: Api) -> None:
    with recorded():
        Article.objects.filter(pk=article.pk).delete()
    date(4)
    with recorded():
        article.save()
    date(5)
    there = [state(as_reader, article, asOf=at(minute)) is not None for minute in (3, 4, 5)]
    assert there == [True, False, True]


def test_object_is_as_it_was_after_a_revision(article: Article, as_reader: Api) -> None:
    first, second = get_revision_model().objects.order_by("pk")
    with recorded():
        article.body = "4"
        article.save()
    bodies = [
        state(as_reader, article, revision=to_global_id("Revision", revision.pk))["snapshot"]["body"]
        for revision in (first, second, last_revision())
    ]
    assert bodies == ["1", "3", "4"]


def test_object_is_what_the_history_itself_says(article: Article, as_superuser: Api) -> None:
    with recorded():
        Article.objects.filter(pk=article.pk).delete()
    date(4)
    moments: list[tuple[Any, Any]] = [
        (BEGIN + timedelta(minutes=minute), {"asOf": at(minute)}) for minute in (0.5, 1, 1.5, 2, 3, 3.5, 4, 5)
    ]
    for revision in get_revision_model().objects.order_by("pk"):
        moments.append((revision, {"revision": to_global_id("Revision", revision.pk)}))
    assert len(moments) == 11
    for moment, given in moments:
        past, found = snapshot_at(article, moment), state(as_superuser, article, **given)
        assert (past and past.body) == (found and found["snapshot"]["body"]), moment


def test_moments_that_make_no_sense_are_invalid(article: Article, as_reader: Api) -> None:
    revision = to_global_id("Revision", last_revision().pk)
    address = {"type": "gqlapp.article", "id": str(article.pk)}
    for moment in ({}, {"asOf": at(1), "revision": revision}, {"revision": "x"}, {"asOf": "0001-01-01T00:00:00+14:00"}):
        assert as_reader(STATE, **address, **moment).codes == ["INVALID"]
    assert as_reader(REVISIONS, asOf="9999-12-31T23:59:59-12:00").codes == ["INVALID"]
    for ends in ({"from": 1, "fromAsOf": at(1)}, {"to": 1, "toAsOf": at(1)}):
        assert as_reader(DIFF, id=str(article.pk), **ends).codes == ["INVALID"]


def test_diff_compares_moments(article: Article, as_reader: Api) -> None:
    def differences(**ends: Any) -> Any:
        found = as_reader.ask(DIFF, id=str(article.pk), **ends)["diff"]
        versions = [end and end["version"] for end in (found["from"], found["to"])]
        body = [(one["oldValue"], one["newValue"]) for one in found["attributes"] if one["fieldName"] == "body"]
        return versions, body

    assert differences(fromAsOf=at(1), toAsOf=at(2.5)) == ([1, 2], [("1", "2")])
    assert differences(fromAsOf=at(0.5), toAsOf=at(3)) == ([None, 3], [(None, "3")])
    assert differences(fromAsOf=at(1)) == ([1, 3], [("1", "3")])
    assert differences(toAsOf=at(2)) == ([1, 2], [("1", "2")])
    assert differences(**{"from": 1}, toAsOf=at(3)) == ([1, 3], [("1", "3")])
    assert differences(fromAsOf=at(3), to=1) == ([3, 1], [("3", "1")])
    assert differences(fromAsOf=at(0), toAsOf=at(0.5)) == ([None, None], [])


def test_hidden_and_missing_objects_and_revisions_look_the_same(article: Article, as_reader: Api) -> None:
    with recorded():
        draft = Draft.objects.create(title="canary", is_public=False)
    hidden = to_global_id("Revision", last_revision().pk)
    missing = to_global_id("Revision", 12345)
    address = {"type": "gqlapp.article", "id": str(article.pk)}
    answers = [
        as_reader(STATE, type="gqlapp.draft", id=str(draft.pk), asOf=at(10_000)),
        as_reader(STATE, type="gqlapp.draft", id="12345", asOf=at(10_000)),
        as_reader(STATE, type="no.such", id="1", asOf=at(10_000)),
        as_reader(STATE, **address, revision=hidden),
        as_reader(STATE, **address, revision=missing),
    ]
    assert {(answer.data is None or answer.data["objectAsOf"] is None, *answer.codes) for answer in answers} == {
        (True, "NOT_FOUND")
    }


def test_revision_reaches_as_far_as_what_may_be_seen_of_it(article: Article, as_reader: Api) -> None:
    with recorded():
        Label.objects.create(name="seen", is_public=True)
    revision = last_revision()
    with recorded():
        article.body = "4"
        article.save()
    with Context.via_revision(revision):
        Draft.objects.create(title="hidden")
    moment = to_global_id("Revision", revision.pk)
    assert state(as_reader, article, revision=moment)["version"] == 3
    root = Api.of(User.objects.create_superuser("root"))
    assert state(root, article, revision=moment)["version"] == 4


def test_moments_cost_the_same_number_of_queries_whatever_there_is(editor: User) -> None:
    viewer = Api.of(grant(editor, "view_label"))
    counts = []
    for number in (2, 30):
        with recorded(editor):
            article = Article.objects.create(title=f"{number}", author=editor)
        for body in range(number):
            with recorded(editor):
                article.body = f"{body} of {number}"
                article.save()
        # What waited to be written is written by whoever reads.
        assert last_revision()
        address = {"type": "gqlapp.article", "id": str(article.pk)}
        for query, moment in ((REVISIONS, {}), (STATE, address)):
            ContentType.objects.clear_cache()
            with counted_queries() as queries:
                viewer.ask(query, **moment, asOf=timezone.now().isoformat())
            counts.append(len(queries))
    assert counts[:2] == counts[2:]
