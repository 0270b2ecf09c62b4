"""A page costs the same number of SQL queries whatever its size, and whatever is selected."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType

from revy import Context
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
@pytest.mark.parametrize("arguments", ["", 'contentType: "gqlapp.article"', 'contentType: "gqlapp.draft"'])
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


def test_history_of_one_object_costs_the_same_at_every_length(as_reader: Api, editor: User) -> None:
    article = Article.objects.create(title="t")
    query = """query ($id: ID!, $first: Int) {
      revisions(contentType: "gqlapp.article", contentId: $id, first: $first) { edges { node {
        description objectDeltas { edges { node { actor { display } attributeDeltas { fieldName newValue } } } } } } }
    }"""
    for number in range(50):
        with Context.via_actor(editor), Context.via_revision_description(str(number)):
            article.body = str(number)
            article.save()
    write_history()
    counts = [measure(as_reader, query, id=str(article.pk), first=size)[0] for size in (1, 10, 50)]
    assert len(set(counts)) == 1
    _, _, queries = measure(as_reader, query, id=str(article.pk), first=50)
    own = [query["sql"] for query in queries.captured_queries if "delta" in query["sql"] or "revision" in query["sql"]]
    assert len(own) == 3, str(queries)


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
