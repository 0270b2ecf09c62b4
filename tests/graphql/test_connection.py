from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.graphql.api import Api, counted_queries, recorded
from tests.graphql.app.models import Article, Draft

pytestmark = pytest.mark.django_db

PAGE = """query ($first: Int, $after: String, $last: Int, $before: String, $type: String, $id: ID) {
  revisions(first: $first, after: $after, last: $last, before: $before, contentType: $type, contentId: $id) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id description } }
  }
}"""


def write_articles(count: int) -> None:
    for number in range(count):
        with recorded(message=str(number)):
            Article.objects.create(title=str(number))


def page(api: Api, **arguments: Any) -> Any:
    return api.ask(PAGE, **arguments)["revisions"]


def names(page: Any) -> list[str]:
    return [edge["node"]["description"] for edge in page["edges"]]


def test_default_page_has_the_20_newest_first(as_reader: Api) -> None:
    write_articles(25)
    found = page(as_reader)
    assert names(found) == [str(number) for number in range(24, 4, -1)]
    assert found["totalCount"] == 25
    assert (found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (True, False)
    assert found["pageInfo"]["startCursor"] == found["edges"][0]["cursor"]
    assert found["pageInfo"]["endCursor"] == found["edges"][-1]["cursor"]


def test_empty_history_is_an_empty_page(as_reader: Api) -> None:
    assert page(as_reader) == {
        "totalCount": 0,
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "edges": [],
    }


@pytest.mark.parametrize("size", [1, 3, 5, 7, 8])
def test_walking_forward_gives_every_revision_once(size: int, as_reader: Api) -> None:
    write_articles(7)
    seen: list[str] = []
    after = None
    while True:
        found = page(as_reader, first=size, after=after)
        assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
        seen += names(found)
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["pageInfo"]["endCursor"]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize("size", [1, 3, 5, 7, 8])
def test_walking_backward_gives_every_revision_once(size: int, as_reader: Api) -> None:
    write_articles(7)
    seen: list[str] = []
    before = None
    while True:
        found = page(as_reader, last=size, before=before)
        assert found["pageInfo"]["hasNextPage"] is (before is not None)
        seen = names(found) + seen
        if not found["pageInfo"]["hasPreviousPage"]:
            break
        before = found["pageInfo"]["startCursor"]
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]


def test_page_is_stable_while_revisions_are_written(as_reader: Api) -> None:
    write_articles(4)
    first = page(as_reader, first=2)
    with recorded(message="later"):
        Article.objects.create(title="later")
    assert names(page(as_reader, first=2, after=first["pageInfo"]["endCursor"])) == ["1", "0"]


def test_cursor_behind_the_end_gives_an_empty_page_with_something_before_it(as_reader: Api) -> None:
    write_articles(2)
    found = page(as_reader, after=page(as_reader)["pageInfo"]["endCursor"])
    assert names(found) == []
    assert (found["pageInfo"]["hasNextPage"], found["pageInfo"]["hasPreviousPage"]) == (False, True)


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": 101}, {"last": 101}, {"first": -1}, {"last": -1}, {"first": 1, "last": 1},
        {"after": ""}, {"after": "x"}, {"after": "ä"}, {"before": "%%%"}, {"after": "AAAA"}, {"after": "\x00"},
        {"after": base64.b64encode(b"revision:x").decode()},
        {"after": base64.b64encode(b"revision:").decode()},
        {"after": base64.b64encode(b"revision:1.5").decode()},
        {"after": base64.b64encode(b"revision:" + b"9" * 30).decode()},
        {"after": base64.b64encode(b"revision:" + b"9" * 5000).decode()},
        {"after": base64.b64encode(b"objectdelta:1").decode()},
        {"before": base64.b64encode(b"\xff\xfe").decode()},
        {"id": "1"}, {"type": "gqlapp.article", "id": "x"}, {"type": "gqlapp.note", "id": "1"},
        {"type": "gqlapp.label", "id": "a\x00b"}, {"type": "gqlapp.article", "id": "9" * 30},
    ],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_invalid(arguments: dict[str, Any], as_reader: Api) -> None:
    answer = as_reader(PAGE, **arguments)
    assert answer.status == 200
    assert answer.codes == ["INVALID"]


@pytest.mark.parametrize("broken", ["", "x", "1", "UmV2aXNpb246eA==", "UmV2aXNpb24=", "QXJ0aWNsZVR5cGU6MQ==", "é"])
def test_broken_revision_id_is_invalid(broken: str, as_reader: Api) -> None:
    assert as_reader("query ($id: ID!) { revision(id: $id) { id } }", id=broken).codes == ["INVALID"]


def test_broken_key_in_a_node_id_is_invalid(as_reader: Api) -> None:
    for name in ("Revision", "ObjectDelta"):
        for key in ("x", "", "9" * 40, "\x00"):
            broken = base64.b64encode(f"{name}:{key}".encode()).decode()
            assert as_reader("query ($id: ID!) { node(id: $id) { id } }", id=broken).codes == ["INVALID"]


def test_missing_revision_is_null(as_reader: Api) -> None:
    missing = base64.b64encode(b"Revision:12345").decode()
    query = "query ($id: ID!) { revision(id: $id) { id } node(id: $id) { id } }"
    assert as_reader.ask(query, id=missing) == {"revision": None, "node": None}


def test_revision_and_node_find_what_the_list_shows(as_reader: Api) -> None:
    write_articles(2)
    query = """query ($id: ID!) {
        revision(id: $id) { id description }
        node(id: $id) { __typename id ... on Revision { description } }
    }"""
    for edge in page(as_reader)["edges"]:
        found = as_reader.ask(query, id=edge["node"]["id"])
        assert found["revision"] == edge["node"]
        assert found["node"] == {"__typename": "Revision", **edge["node"]}


def test_content_type_is_written_in_any_case(as_reader: Api) -> None:
    write_articles(1)
    with recorded(message="draft"):
        Draft.objects.create(title="d", is_public=True)
    assert names(page(as_reader, type="GqlApp.Article")) == ["0"]
    assert names(page(as_reader, type="gqlapp.draft")) == ["draft"]


def test_content_id_is_read_as_the_primary_key_is(as_reader: Api) -> None:
    write_articles(2)
    pk = Article.objects.get(title="1").pk
    assert names(page(as_reader, type="gqlapp.article", id=f"0{pk}")) == ["1"]


def test_object_without_history_has_an_empty_one(as_reader: Api) -> None:
    article = Article.objects.create(title="t")
    assert names(page(as_reader, type="gqlapp.article", id=str(article.pk))) == []


NESTED = """query ($first: Int, $after: String, $type: String, $id: ID) { revisions {
  edges { node { description objectDeltas(first: $first, after: $after, contentType: $type, contentId: $id) {
    totalCount pageInfo { hasNextPage hasPreviousPage } edges { cursor node { contentType contentId version } }
  } } } } }"""


def nested(api: Api, **arguments: Any) -> Any:
    return [edge["node"]["objectDeltas"] for edge in api.ask(NESTED, **arguments)["revisions"]["edges"]]


def write_shared_revisions() -> None:
    for number in range(2):
        with recorded(message=str(number)):
            for place in range(4):
                Article.objects.create(title=f"{number}.{place}")
            Draft.objects.create(title="d", is_public=True)


def test_nested_page_is_cut_in_every_revision(as_reader: Api) -> None:
    write_shared_revisions()
    for found in nested(as_reader, first=2):
        assert [edge["node"]["contentType"] for edge in found["edges"]] == ["gqlapp.draft", "gqlapp.article"]
        assert found["totalCount"] == 5
        assert found["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}


def test_nested_walk_gives_every_delta_once(as_reader: Api) -> None:
    write_shared_revisions()
    (_, oldest) = nested(as_reader)
    seen, after = [], None
    while True:
        (_, found) = nested(as_reader, first=2, after=after)
        seen += found["edges"]
        assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["edges"][-1]["cursor"]
    assert seen == oldest["edges"]
    assert len(seen) == 5


def test_nested_filters_by_type_and_object(as_reader: Api) -> None:
    write_shared_revisions()
    draft = Draft.objects.last()
    assert draft is not None
    assert [found["totalCount"] for found in nested(as_reader, type="gqlapp.draft")] == [1, 1]
    assert [found["totalCount"] for found in nested(as_reader, type="gqlapp.draft", id=str(draft.pk))] == [1, 0]


@pytest.mark.parametrize("arguments", [{"first": 101}, {"first": -1}, {"after": "x"}, {"id": "\x00"}])
def test_nested_arguments_that_make_no_sense_are_invalid(arguments: Any, as_reader: Api) -> None:
    write_shared_revisions()
    assert set(as_reader(NESTED, **arguments).codes) == {"INVALID"}


def test_nested_unknown_type_is_not_found(as_reader: Api) -> None:
    write_shared_revisions()
    assert set(as_reader(NESTED, type="no.such").codes) == {"NOT_FOUND"}


def test_total_count_is_not_computed_unless_it_is_selected(as_reader: Api) -> None:
    write_articles(1)
    with counted_queries() as queries:
        as_reader.ask("{ revisions { edges { node { id } } } }")
    assert "COUNT(" not in str(queries)
