"""A page costs the same number of SQL queries whatever its size, and whatever is selected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from graphql_relay import to_global_id

from revy import Context
from revy.contrib.django import get_revision_model
from tests.graphql.api import Api, counted_queries
from tests.graphql.app.models import Article, Bot, Draft, Label, Note
from tests.orm.history import write_history

pytestmark = pytest.mark.django_db

EVERYTHING = """
  id description createdAt
  actors { contentType contentId display node { id } }
  newest: objectDeltas(first: 1) { edges { node { ...Delta } } }
  objectDeltas(first: 5) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor }
    edges { cursor node { ...Delta revision { id description actors { display } } } }
  }
  own: objectDeltas(contentType: "gqlapp.article") @include(if: true) { edges { node { id object { id } } } }
  unseen: objectDeltas(first: 3) @skip(if: true) { edges { node { ...Delta } } }
"""
DELTA = """fragment Delta on ObjectDelta {
  id action version description contentType contentId createdAt snapshot
  actor { display node { id } }
  object { __typename id }
  attributeDeltas { id fieldName oldValue newValue isMasked actor { display } ... on Delta { revision { id } } }
}"""
SELECTIONS = {
    "description": "description",
    "deltas": "objectDeltas { edges { node { attributeDeltas { fieldName newValue } actor { display } } } }",
    "everything": EVERYTHING,
}


def write(count: int, users: list[Any]) -> None:
    """Write revisions that all have something of everything."""
    bots = [Bot.objects.create(name=str(number)) for number in range(3)]
    for number in range(count):
        user, bot = users[number % 2], bots[number % 3]
        with Context.via_actor(user), Context.via_revision_description(str(number)):
            draft = Draft.objects.create(title=str(number), is_public=True)
            article = Article.objects.create(title=str(number), author=user, draft=draft)
            with Context.via_actor(bot):
                article.body = "changed"
            article.save()
            with Context.via_actor(bot):
                Note.objects.create(is_public=True)
            Label.objects.create(name=str(number), is_public=True)
            Label.objects.create(name=f"hidden {number}")
            Article.objects.create(title=f"gone {number}").delete()


@pytest.fixture
def history(editor: User, reader: User) -> None:
    write(60, [editor, reader])


def measure(api: Api, query: str, **variables: Any) -> tuple[int, Any, counted_queries]:
    ContentType.objects.clear_cache()
    with counted_queries() as queries:
        data = api.ask(query, **variables)
    return len(queries), data, queries


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize(
    "arguments",
    ["", 'contentType: "gqlapp.article"', 'contentType: "gqlapp.draft"', 'fieldName: "body", text: "", order: OLDEST'],
)
def test_pages_of_every_size_cost_the_same(selection: str, arguments: str, history: None, as_reader: Api) -> None:
    fragments = DELTA if "...Delta" in SELECTIONS[selection] else ""
    query = f"""query ($first: Int) {{
      revisions(first: $first {arguments}) {{
        totalCount pageInfo {{ hasNextPage hasPreviousPage }} edges {{ node {{ {SELECTIONS[selection]} }} }}
      }}
    }} {fragments}"""
    counts = {}
    for size in (1, 10, 50):
        counts[size], data, queries = measure(as_reader, query, first=size)
        assert len(data["revisions"]["edges"]) == min(size, data["revisions"]["totalCount"])
    assert counts[1] == counts[10] == counts[50], str(queries)


ENTRIES = {
    "of an object": 'revisions(contentType: "gqlapp.article", contentId: "1", first: $first) { %s }',
    "of a list": "articles { revisions(first: $first) { %s } }",
    "of a page": "articlePages(first: 100) { edges { node { revisions(first: $first) { %s } } } }",
    "of what was changed": """node(id: "%%s") { ... on Revision { objectDeltas { edges { node { object {
        ... on ArticleType { revisions(first: $first) { %s } } } } } } } }""",
}


def pages_in(data: Any) -> Iterator[int]:
    """Yield the lengths of the lists of revisions in an answer."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name == "revisions":
                yield len(value["edges"])
            else:
                yield from pages_in(value)
    if isinstance(data, list):
        for value in data:
            yield from pages_in(value)


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("entry", ENTRIES)
def test_history_of_objects_costs_the_same_at_every_length(
    entry: str, selection: str, as_reader: Api, editor: User, reader: User
) -> None:
    """Articles 1, 2 and 3, with a hundred versions each; every revision changes all of them."""
    bots = [Bot.objects.create(name=str(number)) for number in range(2)]
    articles = [Article(pk=pk, title=str(pk), author=editor) for pk in (1, 2, 3)]
    for number in range(100):
        with Context.via_actor((editor, reader)[number % 2]), Context.via_revision_description(str(number)):
            for article in articles:
                with Context.via_actor(bots[number % 2]):
                    article.body = str(number)
                article.save()
    write_history()
    newest = to_global_id("Revision", get_revision_model().objects.latest("pk").pk)
    fragments = DELTA if "...Delta" in SELECTIONS[selection] else ""
    body = ENTRIES[entry] % f"totalCount pageInfo {{ hasNextPage }} edges {{ node {{ {SELECTIONS[selection]} }} }}"
    query = f"query ($first: Int) {{ {body.replace('%s', newest)} }} {fragments}"
    counts = {}
    for size in (1, 10, 100):
        counts[size], data, queries = measure(as_reader, query, first=size)
        assert list(pages_in(data)) == [size] * (1 if entry == "of an object" else 3)
    assert counts[1] == counts[10] == counts[100], str(queries)
    if (entry, selection) == ("of an object", "deltas"):
        # The revisions, how many there are in all, their deltas, and the attributes of these.
        own = [each["sql"] for each in queries.captured_queries if "delta" in each["sql"] or "revision" in each["sql"]]
        assert len(own) == 4, str(queries)


def test_node_as_the_entry_costs_the_same_as_the_list_has_deltas(as_reader: Api, editor: User) -> None:
    query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Revision {{ {EVERYTHING} }} }} }} {DELTA}"
    counts = []
    for size in (2, 20):
        with Context.via_actor(editor), Context.via_revision_description(str(size)):
            for number in range(size):
                Article.objects.create(title=f"{size}.{number}", author=editor)
        (edge,) = as_reader.ask("{ revisions(first: 1) { edges { node { id } } } }")["revisions"]["edges"]
        counts.append(measure(as_reader, query, id=edge["node"]["id"])[0])
    assert counts[0] == counts[1]


def test_fields_that_are_not_selected_cost_nothing(history: None, as_reader: Api) -> None:
    _, _, queries = measure(as_reader, "{ revisions(first: 5) { edges { node { description } } } }")
    assert "attributedelta" not in str(queries)
    assert "gqlapp_article" not in str(queries)
    assert "COUNT(" not in str(queries)
