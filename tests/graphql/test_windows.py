"""Every connection, from either end, between any two cursors: what a slice of the whole list is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from graphql_relay import to_global_id
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revy import Context
from revy.contrib.django import get_object_delta_model, get_revision_model
from tests.graphql.api import Api, recorded
from tests.graphql.app.models import Article
from tests.orm.history import write_history

pytestmark = pytest.mark.django_db

LENGTH = 5
ARGUMENTS = "first: $first, after: $after, last: $last, before: $before"
PAGE = "totalCount pageInfo { hasNextPage hasPreviousPage } edges { cursor node { id } }"
VARIABLES = "$first: Int, $after: String, $last: Int, $before: String"
REVISIONS = f"query ({VARIABLES}, $type: String, $id: ID, $order: RevisionOrder, $text: String) {{ found: revisions("
REVISIONS += f"{ARGUMENTS}, contentType: $type, contentId: $id, order: $order, text: $text) {{ {PAGE} }} }}"
NESTED = f"query ({VARIABLES}, $id: ID!) {{ revision(id: $id) {{ found: objectDeltas({ARGUMENTS}) {{ {PAGE} }} }} }}"
OWN = f"query ({VARIABLES}, $order: RevisionOrder) {{ articles {{ found: revisions({ARGUMENTS}, order: $order) "
OWN += f"{{ {PAGE} }} }} }}"

Read = Callable[..., Any]


def read_list(api: Api, **arguments: Any) -> Any:
    return api.ask(REVISIONS, **arguments)["found"]


def read_nested(api: Api, **arguments: Any) -> Any:
    return api.ask(NESTED, id=newest_revision(), **arguments)["revision"]["found"]


def newest_revision() -> str:
    return to_global_id("Revision", get_revision_model().objects.latest("pk").pk)


def read_own(api: Api, **arguments: Any) -> Any:
    return api.ask(OWN, **arguments)["articles"][0]["found"]


CONNECTIONS: dict[str, tuple[Read, dict[str, Any]]] = {
    "all": (read_list, {}),
    "all from the oldest": (read_list, {"order": "OLDEST"}),
    "with a filter": (read_list, {"text": "wanted"}),
    "of a model": (read_list, {"type": "gqlapp.article"}),
    "of an object": (read_list, {"type": "gqlapp.article", "id": "1"}),
    "of an object from the oldest": (read_list, {"type": "gqlapp.article", "id": "1", "order": "OLDEST"}),
    "changes of a revision": (read_nested, {}),
    "an object's own": (read_own, {}),
    "an object's own from the oldest": (read_own, {"order": "OLDEST"}),
}


@pytest.fixture
def history(db: None) -> None:
    """An article with a few versions, in a few revisions, the last of which changes other articles, too."""
    article = Article(pk=1, title="1")
    for number in range(LENGTH):
        with recorded(message=f"wanted {number}"):
            article.body = str(number)
            article.save()
            for place in range(LENGTH - 1 if number == LENGTH - 1 else 0):
                Article.objects.create(pk=10 + place, title=f"other {place}")
    write_history()


windows = st.fixed_dictionaries(
    {
        "size": st.integers(0, LENGTH + 1),
        "is_last": st.booleans(),
        "after": st.none() | st.integers(0, LENGTH - 1),
        "before": st.none() | st.integers(0, LENGTH - 1),
    }
)


@pytest.mark.parametrize("name", CONNECTIONS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(windows)
def test_any_window_is_what_a_slice_of_the_list_is(
    history: None, as_superuser: Api, name: str, window: dict[str, Any]
) -> None:
    read, arguments = CONNECTIONS[name]
    size, is_last, after, before = (window[key] for key in ("size", "is_last", "after", "before"))
    everything = read(as_superuser, first=100, **arguments)["edges"]
    assert len(everything) == LENGTH
    start = 0 if after is None else after + 1
    stop = LENGTH if before is None else before
    between = everything[start:stop]
    expected = (between[-size:] if size else []) if is_last else between[:size]
    found = read(
        as_superuser,
        after=None if after is None else everything[after]["cursor"],
        before=None if before is None else everything[before]["cursor"],
        **{"last" if is_last else "first": size},
        **arguments,
    )
    assert found["edges"] == expected
    assert found["totalCount"] == LENGTH
    is_cut = len(between) > size
    assert found["pageInfo"]["hasNextPage"] is ((is_cut and not is_last) or before is not None)
    assert found["pageInfo"]["hasPreviousPage"] is ((is_cut and is_last) or after is not None)


@pytest.mark.parametrize("name", [name for name in CONNECTIONS if name.endswith("from the oldest")])
def test_order_from_the_oldest_is_that_from_the_newest_reversed(name: str, history: None, as_superuser: Api) -> None:
    read, arguments = CONNECTIONS[name]
    newest = read(as_superuser, **{**arguments, "order": "NEWEST"})["edges"]
    assert read(as_superuser, **arguments)["edges"] == newest[::-1]
    assert read(as_superuser, **{**arguments, "order": None})["edges"] == newest


def descriptions(api: Api, **arguments: Any) -> list[str]:
    query = REVISIONS.replace("node { id }", "node { description }")
    return [edge["node"]["description"] for edge in api.ask(query, **arguments)["found"]["edges"]]


def test_history_of_an_object_is_in_the_order_of_its_versions(as_superuser: Api) -> None:
    """A revision that was begun first may change the object last."""
    begun_first = get_revision_model().objects.create(description="begun first")
    article = Article(pk=1, title="1")
    with recorded(message="changed first"):
        article.save()
    with Context.via_revision(begun_first):
        article.body = "2"
        article.save()
    of_object = {"type": "gqlapp.article", "id": "1"}
    assert descriptions(as_superuser, **of_object) == ["begun first", "changed first"]
    assert descriptions(as_superuser, **of_object, order="OLDEST") == ["changed first", "begun first"]
    assert descriptions(as_superuser) == ["changed first", "begun first"]


def test_revision_with_many_versions_is_given_once_where_it_began(as_superuser: Api) -> None:
    article = Article(pk=1, title="1")
    with recorded(message="long"):
        article.save()
        article.body = "2"
        article.save()
    long = get_revision_model().objects.get()
    with recorded(message="between"):
        article.body = "3"
        article.save()
    of_object = {"type": "gqlapp.article", "id": "1"}
    query = {**of_object, "first": 1}
    before = as_superuser.ask(REVISIONS, **query)["found"]
    with Context.via_revision(long):
        article.body = "4"
        article.save()
    write_history()
    assert get_object_delta_model().objects.filter(content_id="1").count() == 4
    assert descriptions(as_superuser, **of_object) == ["between", "long"]
    found = as_superuser.ask(REVISIONS, **query)["found"]
    assert found["edges"] == before["edges"]
    assert found["totalCount"] == 2
    assert descriptions(as_superuser, **of_object, after=found["edges"][0]["cursor"]) == ["long"]


def test_cursors_do_not_fit_other_connections(history: None, as_superuser: Api) -> None:
    for name, of in (("all", "of an object"), ("of an object", "all"), ("changes of a revision", "all")):
        read, arguments = CONNECTIONS[of]
        cursor = read(as_superuser, first=1, **arguments)["edges"][0]["cursor"]
        read, arguments = CONNECTIONS[name]
        if read is read_list:
            assert as_superuser(REVISIONS, after=cursor, **arguments).codes == ["INVALID"]
        else:
            assert as_superuser(NESTED, id=newest_revision(), after=cursor).codes == ["INVALID"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the others' plans tell no numbers of rows")
@pytest.mark.parametrize("name", ["all", "of an object", "of an object from the oldest", "changes of a revision"])
def test_page_reads_only_what_it_returns(name: str, as_superuser: Api) -> None:
    """Of thousands of revisions, and of changes in one of them, only some rows are looked at."""
    Article.objects.create(pk=1, title="1")
    count = 3_000
    fill(count)
    read, arguments = CONNECTIONS[name]
    statements: list[tuple[str, Any]] = []

    def keep(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(keep):
        cursor = read(as_superuser, first=100, **arguments)["edges"][-1]["cursor"]
        del statements[:]
        for window in ({"first": 10}, {"first": 10, "after": cursor}, {"last": 10}, {"last": 10, "before": cursor}):
            assert len(read(as_superuser, **window, **arguments)["edges"]) == 10
    # totalCount counts all rows, by intention.
    for sql, params in (each for each in statements if "revy_" in each[0] and "COUNT(" not in each[0]):
        with connection.cursor() as database:
            database.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
            ((plan,),) = database.fetchall()
        assert rows_read(plan[0]["Plan"]) <= 11 * 8, f"{sql}\n{plan}"


def rows_read(plan: dict[str, Any]) -> int:
    """Return how many rows the scans of a plan looked at."""
    below = sum(rows_read(part) for part in plan.get("Plans", ()))
    if "Relation Name" not in plan:
        return below
    looked_at = (
        plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) + plan.get("Rows Removed by Index Recheck", 0)
    )
    return below + looked_at * plan["Actual Loops"]


def fill(count: int) -> None:
    """Write a history by hand: as many versions of article 1 in as many revisions, and one of as many articles."""
    from django.contrib.contenttypes.models import ContentType

    article = ContentType.objects.get_for_model(Article).pk
    revision_model, delta_model = get_revision_model(), get_object_delta_model()
    revisions = revision_model.objects.bulk_create([revision_model(description=str(n)) for n in range(count + 1)])
    common = {"content_type_id": article}
    delta_model.objects.bulk_create(
        [
            delta_model(
                revision=revision,
                content_id="1",
                version=version,
                action="U" if version > 1 else "C",
                state={},
                **common,
            )
            for version, revision in enumerate(revisions[:-1], 1)
        ]
    )
    delta_model.objects.bulk_create(
        [
            delta_model(revision=revisions[-1], content_id=str(n), version=1, action="C", state={}, **common)
            for n in range(10, 10 + count)
        ]
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
