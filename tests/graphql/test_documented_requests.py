"""The requests that docs/graphql.md shows by example, each run as it stands over a history."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from graphql_relay import to_global_id

from revy.contrib.django import get_object_delta_model, get_revision_model
from tests.docs.blocks import blocks
from tests.graphql.api import Api, grant, recorded
from tests.graphql.app.models import Article, Label

pytestmark = pytest.mark.django_db

_NAME = re.compile(r"^(?:query|mutation) (\w+)", re.MULTILINE)
# Those that tests.graphql.test_documentation runs.
_ELSEWHERE = ("History", "Restore")

REQUESTS = {
    found[1]: code.replace("blog.article", "gqlapp.article").replace("on Article ", "on ArticleType ")
    for code in blocks("docs/graphql.md", "graphql")
    if (found := _NAME.search(code)) and found[1] not in _ELSEWHERE
}


@dataclass
class Story:
    """An article that ada writes and grace edits twice, the second time for a ticket; another one that ada deletes."""

    api: Api
    ada: User
    grace: User
    article: Article
    deleted_id: str

    def ask(self, name: str, **variables: Any) -> Any:
        """Return the only field of the answer to a documented request."""
        (field,) = self.api.ask(REQUESTS[name], **variables).values()
        return field

    def nodes(self, name: str, **variables: Any) -> list[Any]:
        return nodes(self.ask(name, **variables))


def nodes(connection: Any) -> list[Any]:
    return [edge["node"] for edge in connection["edges"]]


def descriptions(revisions: list[Any]) -> list[str]:
    return [revision["description"] for revision in revisions]


@pytest.fixture
def story(as_reader: Api, reader: User) -> Story:
    ada, grace = (User.objects.create_user(name) for name in ("ada", "grace"))
    grant(reader, "add_article", "change_article")
    with recorded(ada, "Write it."):
        article = Article.objects.create(title="Revisions", body="One.\nTwo.\n")
    with recorded(grace, "Find a better title."):
        article.title = "Revision control"
        article.save()
    with recorded(grace, "Fix #42."):
        article.body = "One.\n2.\n"
        article.save()
    with recorded(ada, "Write another one."):
        other = Article.objects.create(title="Another one", body="Short.")
        Label.objects.create(name="new")
    deleted_id = str(other.pk)
    with recorded(ada, "Nobody reads it."):
        other.delete()
    return Story(as_reader, ada, grace, article, deleted_id)


def test_every_request_is_run_here() -> None:
    source = Path(__file__).read_text()

    assert len(REQUESTS) >= 10
    assert [name for name in REQUESTS if f'"{name}"' not in source] == []


def test_object_history(story: Story) -> None:
    last, _, first = story.nodes("ObjectHistory", id=story.article.pk)

    assert (last["description"], last["actors"]) == ("Fix #42.", [{"display": "grace"}])
    (delta,) = nodes(last["objectDeltas"])
    assert (delta["version"], delta["action"]) == (3, "UPDATE")
    assert delta["attributeDeltas"] == [{"fieldName": "body", "oldValue": "One.\nTwo.\n", "newValue": "One.\n2.\n"}]
    assert first["description"] == "Write it."


def test_field_history(story: Story) -> None:
    changed, created = story.nodes("FieldHistory", id=story.article.pk, field="title")

    assert nodes(changed["objectDeltas"])[0]["attributeDeltas"] == [
        {"fieldName": "title", "oldValue": "Revisions", "newValue": "Revision control", "actor": {"display": "grace"}}
    ]
    values = {
        change["fieldName"]: change["newValue"] for change in nodes(created["objectDeltas"])[0]["attributeDeltas"]
    }
    assert values["title"] == "Revisions"


def test_everything_that_one_person_did(story: Story) -> None:
    done = story.ask("ByPerson", user=story.ada.pk)

    assert done["totalCount"] == 3
    assert descriptions(nodes(done)) == ["Nobody reads it.", "Write another one.", "Write it."]
    deltas = [delta for revision in nodes(done) for delta in nodes(revision["objectDeltas"])]
    assert {delta["actor"]["contentId"] for delta in deltas} == {str(story.ada.pk)}
    assert "gqlapp.article" in {delta["contentType"] for delta in deltas}


def test_what_happened_since_yesterday(story: Story) -> None:
    get_revision_model().objects.filter(description="Write it.").update(created_at=timezone.now() - timedelta(days=3))

    happened = story.nodes("Since", time=(timezone.now() - timedelta(days=1)).isoformat())

    assert descriptions(happened) == ["Find a better title.", "Fix #42.", "Write another one.", "Nobody reads it."]
    assert happened[0]["objectDeltas"]["totalCount"] == 1


def test_what_a_text_is_mentioned_in(story: Story) -> None:
    (found,) = story.nodes("Mentioning", text="#42")

    assert found["description"] == "Fix #42."


def test_deleted_object_is_found_and_brought_back(story: Story) -> None:
    (deletion,) = story.nodes("Deleted")
    (delta,) = [delta for delta in nodes(deletion["objectDeltas"]) if delta["action"] == "DELETE"]
    assert (deletion["description"], delta["contentId"]) == ("Nobody reads it.", story.deleted_id)
    assert delta["snapshot"]["title"] == "Another one"

    payload = story.ask("BringBack", id=delta["contentId"], version=delta["version"])

    assert payload["errors"] == []
    assert payload["object"] == {"title": "Another one"}
    assert payload["objectDelta"] == {"version": 3, "action": "CREATE"}
    assert Article.objects.get(pk=story.deleted_id).body == "Short."


def test_deleted_object_is_brought_back_as_it_was_previewed(story: Story) -> None:
    preview = story.ask("PreviewWithAll", id=story.deleted_id)
    (planned,) = preview["plan"]["objects"]
    assert (preview["errors"], preview["plan"]["objectCount"]) == ([], 1)
    assert (planned["action"], planned["contentId"]) == ("CREATE", story.deleted_id)
    assert {"fieldName": "body", "now": None, "then": "Short.", "isMasked": False} in planned["changes"]
    assert not Article.objects.filter(pk=story.deleted_id).exists()

    payload = story.ask("BringAllBack", id=story.deleted_id, plan=preview["plan"]["token"])

    assert payload["errors"] == []
    (delta,) = nodes(payload["revision"]["objectDeltas"])
    assert (delta["action"], delta["contentId"]) == ("CREATE", story.deleted_id)
    assert Article.objects.get(pk=story.deleted_id).body == "Short."


def test_revision_is_undone_but_for_what_was_changed_since(story: Story) -> None:
    revision = get_revision_model().objects.get(description="Find a better title.")
    wanted = {"revision": to_global_id("Revision", revision.pk)}

    preview = story.ask("Revert", **wanted, dryRun=True)
    undone = story.ask("Revert", **wanted)

    assert (preview["revision"], preview["errors"], undone["errors"]) == (None, [], [])
    assert preview["plan"] == undone["plan"]
    (planned,) = undone["plan"]["objects"]
    assert {"fieldName": "title", "now": "Revision control", "then": "Revisions"} in planned["changes"]
    assert undone["revision"]["description"] == "That was a mistake."
    with recorded(story.ada, "Settle it."):
        Article.objects.filter(pk=story.article.pk).update(title="Settled")
    again = story.ask("Revert", **wanted)
    assert again["plan"]["isEmpty"] is True
    assert again["plan"]["objects"][0]["conflicts"] == [{"fieldName": "title", "now": "Settled", "then": "Revisions"}]


def test_differences_of_two_versions(story: Story) -> None:
    found = story.ask("Differences", **{"id": story.article.pk, "from": 1, "to": 3})

    title, body, secret = found["attributes"]
    assert (title["fieldName"], title["oldValue"], title["newValue"]) == ("title", "Revisions", "Revision control")
    assert "-Two.\n+2.\n" in body["unifiedDiff"]
    assert (found["from"]["actor"], found["to"]["actor"]) == ({"display": "ada"}, {"display": "grace"})
    assert secret == {"fieldName": "secret", "oldValue": None, "newValue": None, "unifiedDiff": None, "isMasked": True}


def test_object_at_a_version(story: Story) -> None:
    found = story.ask("AtVersion", id=story.article.pk, version=2)["to"]

    assert found["snapshot"]["title"] == "Revision control"
    assert found["snapshot"]["body"] == "One.\nTwo.\n"
    assert found["revision"] == {"description": "Find a better title."}


def test_object_and_its_history_last_night(story: Story) -> None:
    night = timezone.now() - timedelta(hours=9)
    deltas = get_object_delta_model().objects.filter(content_type__model="article", version__lte=2)
    deltas.filter(content_id=str(story.article.pk)).update(created_at=night - timedelta(hours=1))

    found = story.api.ask(REQUESTS["LastNight"], id=story.article.pk, time=night.isoformat())
    since = story.ask("SinceThen", id=story.article.pk, time=night.isoformat())

    assert (found["objectAsOf"]["version"], found["objectAsOf"]["snapshot"]["body"]) == (2, "One.\nTwo.\n")
    assert found["objectAsOf"]["revision"] == {"description": "Find a better title."}
    assert found["revisions"]["totalCount"] == 2
    assert descriptions(nodes(found["revisions"])) == ["Find a better title.", "Write it."]
    assert (since["from"]["version"], since["to"]["version"]) == (2, 3)
    assert "-Two.\n+2.\n" in since["attributes"][0]["unifiedDiff"]


def test_undoing_unless_somebody_was_faster(story: Story) -> None:
    wanted = {"id": story.article.pk, "version": 2, "why": "That was another ticket."}

    late = story.ask("Undo", **wanted, seen=2)
    assert (late["revision"], [error["code"] for error in late["errors"]]) == (None, ["CONFLICT"])
    undone = story.ask("Undo", **wanted, seen=3)

    assert undone["errors"] == []
    assert undone["revision"]["description"] == "That was another ticket."
    assert undone["objectDelta"]["version"] == 4
    assert undone["objectDelta"]["attributeDeltas"] == [{"fieldName": "body", "newValue": "One.\nTwo.\n"}]


def test_walk_through_more_than_a_page_meets_every_revision_once(story: Story) -> None:
    for number in range(120):
        with recorded(story.grace, f"Number {number}"):
            Label.objects.create(name=f"label-{number}", is_public=True)
    walked, after = [], None
    while True:
        page = story.ask("Walk", after=after)
        walked += descriptions(nodes(page))
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert walked[:120] == [f"Number {number}" for number in reversed(range(120))]
    assert walked[-1] == "Write it."
    assert len(walked) == 125


def test_list_with_the_last_change_of_each(story: Story) -> None:
    (article,) = story.ask("Articles")

    assert article["title"] == "Revision control"
    assert article["revisions"]["totalCount"] == 3
    assert descriptions(nodes(article["revisions"])) == ["Fix #42."]
