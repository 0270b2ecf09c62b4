"""The filters of `revisions`, each and together, beside what the same history says without them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revy import Context
from revy.contrib.django import get_object_delta_model, get_revision_model
from tests.graphql.api import Api, grant, recorded
from tests.graphql.app.models import Article, Bot, Draft, Label
from tests.orm.history import write_history

pytestmark = pytest.mark.django_db

QUERY = """query (
  $type: String, $id: ID, $actor: ActorInput, $action: DeltaAction, $fieldName: String, $since: DateTime,
  $until: DateTime, $text: String, $order: RevisionOrder
) {
  revisions(
    first: 100, contentType: $type, contentId: $id, actor: $actor, action: $action, fieldName: $fieldName,
    since: $since, until: $until, text: $text, order: $order
  ) {
    totalCount
    edges { node { description createdAt objectDeltas(first: 100) { edges { node {
      contentType contentId action actor { contentType contentId }
      attributeDeltas { fieldName isMasked actor { contentType contentId } }
    } } } } }
  }
}"""
MOMENT = timezone.now().replace(microsecond=0)


def read(api: Api, **filters: Any) -> list[str]:
    found = api.ask(QUERY, **filters)["revisions"]
    assert found["totalCount"] == len(found["edges"])
    return [edge["node"]["description"] for edge in found["edges"]]


@pytest.fixture
def history(editor: User) -> None:
    """Ten revisions, a minute apart: of two users and a bot, of three models, of every action."""
    bot = Bot.objects.create(name="bot")
    other = User.objects.create(username="other")
    articles: list[Article] = []
    for number in range(10):
        with recorded(
            actor=(editor, other, bot, None)[number % 4], message=f"{'Odd' if number % 2 else 'even'} {number}"
        ):
            if number % 3 == 0:
                articles.append(Article.objects.create(title=str(number)))
            articles[0].body = str(number)
            with Context.via_actor(bot if number == 5 else other):
                articles[-1].secret = str(number)
            for article in {articles[0].pk: articles[0], articles[-1].pk: articles[-1]}.values():
                article.save()
            if number % 4 == 1:
                Draft.objects.create(title=str(number)).delete()
            if number == 7:
                articles[1].delete()
    write_history()
    for number, revision in enumerate(get_revision_model().objects.order_by("pk")):
        get_revision_model().objects.filter(pk=revision.pk).update(created_at=MOMENT + timedelta(minutes=number))


def addresses() -> list[dict[str, str] | None]:
    users = [
        {"contentType": "auth.user", "contentId": str(pk)}
        for pk in User.objects.order_by("pk").values_list("pk", flat=True)
    ]
    bots = [{"contentType": "gqlapp.bot", "contentId": str(bot.pk)} for bot in Bot.objects.all()]
    return [None, *users, *bots]


def expected(revision: Any, filters: dict[str, Any]) -> bool:
    """Tell whether a revision, as the API shows it, is one that is asked for."""
    if filters["text"] is not None and filters["text"].lower() not in revision["description"].lower():
        return False
    created_at = timezone.datetime.fromisoformat(revision["createdAt"])
    if filters["since"] is not None and created_at < timezone.datetime.fromisoformat(filters["since"]):
        return False
    if filters["until"] is not None and created_at >= timezone.datetime.fromisoformat(filters["until"]):
        return False
    return any(matches(edge["node"], filters) for edge in revision["objectDeltas"]["edges"])


def matches(delta: Any, filters: dict[str, Any]) -> bool:
    actors = [delta["actor"], *(each["actor"] for each in delta["attributeDeltas"])]
    names = {each["fieldName"] for each in delta["attributeDeltas"]}
    if delta["action"] != "UPDATE":
        # What is empty in a whole state is changed, too, though there is nothing to show of it.
        names |= {"draft_id", "author_id"} if delta["contentType"] == "gqlapp.article" else set()
    return (
        (filters["type"] is None or filters["type"] == delta["contentType"])
        and (filters["id"] is None or filters["id"] == delta["contentId"])
        and (filters["actor"] is None or filters["actor"] in actors)
        and (filters["action"] is None or filters["action"] == delta["action"])
        and (filters["fieldName"] is None or filters["fieldName"] in names)
    )


choices = {
    "address": st.integers(0, 10),
    "actor": st.integers(0, 10),
    "action": st.sampled_from([None, "CREATE", "UPDATE", "DELETE"]),
    "fieldName": st.sampled_from([None, "body", "secret", "title", "draft_id", "nothing"]),
    "since": st.none() | st.integers(-1, 10),
    "until": st.none() | st.integers(-1, 10),
    "text": st.sampled_from([None, "", "ODD", "even", "3", "%"]),
    "order": st.sampled_from([None, "NEWEST", "OLDEST"]),
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.fixed_dictionaries(choices))
def test_any_filters_leave_what_has_a_change_that_fits_all_of_them(
    history: None, as_superuser: Api, chosen: dict[str, Any]
) -> None:
    actors = addresses()
    objects = [(None, None), ("gqlapp.article", None), ("gqlapp.draft", None)]
    objects += [("gqlapp.article", str(pk)) for pk in Article.objects.order_by("pk").values_list("pk", flat=True)]
    chosen["type"], chosen["id"] = objects[chosen.pop("address") % len(objects)]
    chosen["actor"] = actors[chosen["actor"] % len(actors)]
    for name in ("since", "until"):
        if chosen[name] is not None:
            chosen[name] = (MOMENT + timedelta(minutes=chosen[name])).isoformat()
    everything = [edge["node"] for edge in as_superuser.ask(QUERY)["revisions"]["edges"]]
    assert len(everything) == 10
    found = [revision["description"] for revision in everything if expected(revision, chosen)]
    if chosen["order"] == "OLDEST":
        found.reverse()
    assert read(as_superuser, **chosen) == found


def test_actor_of_an_attribute_alone_is_found(as_superuser: Api, editor: User) -> None:
    bot = Bot.objects.create(name="bot")
    article = Article.objects.create(title="t")
    with recorded(actor=editor, message="by both"):
        with Context.via_actor(bot):
            article.body = "b"
        article.save()
    address = {"contentType": "gqlapp.bot", "contentId": str(bot.pk)}
    assert read(as_superuser, actor=address) == ["by both"]
    assert read(as_superuser, actor=address, type="gqlapp.article", id=str(article.pk)) == ["by both"]


def test_hidden_and_missing_actors_look_the_same(as_editor: Api, history: None) -> None:
    """A name that a filter finds nothing by would tell that there is somebody of that name."""
    hidden = Draft.objects.create(title="an actor of a kind that the editor may not see")
    with recorded(actor=hidden, message="hidden"):
        Article.objects.create(title="by a hidden one")
    answers = [
        as_editor(QUERY, actor={"contentType": label, "contentId": key})
        for label, key in (
            ("gqlapp.draft", str(hidden.pk)),
            ("gqlapp.draft", "999"),
            ("no.such", "1"),
            ("nonsense", "1"),
        )
    ]
    assert {tuple(answer.codes) for answer in answers} == {("NOT_FOUND",)}
    assert len({str(answer.errors[0]["message"]) for answer in answers}) == 1


def test_actor_that_get_queryset_hides_is_not_found(as_reader: Api, reader: User) -> None:
    hidden, shown = Draft.objects.create(title="hidden"), Draft.objects.create(title="shown", is_public=True)
    for actor in (hidden, shown):
        with recorded(actor=actor, message=actor.title):
            Article.objects.create(title=f"by {actor.title}")
    assert read(as_reader, actor={"contentType": "gqlapp.draft", "contentId": str(shown.pk)}) == ["shown"]
    answers = [
        as_reader(QUERY, actor={"contentType": "gqlapp.draft", "contentId": key}) for key in (str(hidden.pk), "999")
    ]
    assert [answer.codes for answer in answers] == [["NOT_FOUND"], ["NOT_FOUND"]]


def test_visible_actor_who_did_nothing_has_an_empty_list(as_editor: Api, editor: User) -> None:
    assert read(as_editor, actor={"contentType": "auth.user", "contentId": str(editor.pk)}) == []


def test_filters_find_nothing_in_hidden_changes(as_editor: Api, history: None) -> None:
    """The editor sees articles only: the deleted drafts are in revisions that they see, too."""
    assert read(as_editor, action="DELETE") == ["Odd 7"]
    grant(User.objects.get(username="editor"), "view_draft")
    assert read(as_editor, action="DELETE") == ["Odd 7"]


def test_field_filter_does_not_tell_which_masked_values_are_empty(as_editor: Api) -> None:
    for secret in ("", "s"):
        with recorded(message=f"secret {secret!r}"):
            Article.objects.create(title=f"t {secret}", secret=secret)
    assert read(as_editor, fieldName="secret") == ["secret 's'", "secret ''"]


def test_masked_values_of_a_creation_are_listed_whether_empty_or_not(as_reader: Api) -> None:
    for pk, color in (("a", ""), ("b", "red")):
        with recorded():
            Label.objects.create(name=pk, color=color, is_public=True)
    model = ContentType.objects.get_for_model(Article)
    for number, secret in enumerate((None, "s")):
        revision = get_revision_model().objects.create()
        get_object_delta_model().objects.create(
            revision=revision, content_type=model, content_id=str(number), version=1, action="C",
            state={"title": "t", "secret": secret},
        )  # fmt: skip
    found = as_reader.ask(QUERY, type="gqlapp.article")["revisions"]["edges"]
    shown = [
        sorted((each["fieldName"], each["isMasked"]) for each in edge["node"]["attributeDeltas"])
        for revision in found
        for edge in revision["node"]["objectDeltas"]["edges"]
    ]
    assert shown == [[("secret", True), ("title", False)]] * 2


@pytest.mark.parametrize(
    "filters",
    [
        {"action": "SET"}, {"action": "UNSET"}, {"text": "\x00"}, {"fieldName": "\ud800"}, {"text": "x" * 1001},
        {"since": "0001-01-01T00:00:00+14:00"}, {"until": "9999-12-31T23:59:59-12:00"},
        {"actor": {"contentType": "auth.user", "contentId": "x"}},
    ],
)  # fmt: skip
def test_filters_that_make_no_sense_are_invalid(filters: Any, as_superuser: Api, history: None) -> None:
    assert as_superuser(QUERY, **filters).codes == ["INVALID"]
    article = Article.objects.latest("pk")
    assert as_superuser(QUERY, type="gqlapp.article", id=str(article.pk), **filters).codes == ["INVALID"]


@pytest.mark.parametrize("name", ["", "0", "a.b", 'a"b', "a'b", "a b", "$", "state__title", "%s", "€"])
def test_any_text_can_be_asked_for_as_a_field(name: str, as_superuser: Api, history: None) -> None:
    assert read(as_superuser, fieldName=name) == []


def test_times_without_a_zone_are_in_the_current_one(as_superuser: Api, history: None, settings: Any) -> None:
    local = timezone.make_naive(MOMENT + timedelta(minutes=8))
    assert read(as_superuser, since=local.isoformat()) == ["Odd 9", "even 8"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite folds only letters of ASCII")
def test_text_is_found_in_any_case_of_any_alphabet(as_superuser: Api) -> None:
    with recorded(message="Größe ÄNDERN"):
        Article.objects.create(title="t")
    assert read(as_superuser, text="größe ändern") == ["Größe ÄNDERN"]
