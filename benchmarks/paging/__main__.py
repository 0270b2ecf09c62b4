"""Measure pages of the GraphQL API in a large history: `python -m benchmarks.paging --help`, or `make bench-paging`.

Pages are read by a superuser, and by a viewer to whom `get_queryset` shows some of the objects. Each number is the
median of several calls.
"""

from __future__ import annotations

import argparse
import base64
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final

from benchmarks.urls import own_url

REPEATS: Final = 15
DELTAS: Final = """edges { cursor node { id description createdAt actors { display }
    objectDeltas(first: 5) { edges { node { action version actor { display }
        attributeDeltas { fieldName oldValue newValue actor { display } } } } } } }"""
OF_OBJECT: Final = f"""query ($id: ID!, $after: String, $before: String, $first: Int, $last: Int) {{
    revisions(contentType: "gqlapp.article", contentId: $id, first: $first, after: $after, last: $last, before: $before)
    {{ {DELTAS} }} }}"""
OF_ALL: Final = f"query ($after: String) {{ revisions(first: 20, after: $after) {{ {DELTAS} }} }}"
OF_ACTOR: Final = f"""query ($actor: ActorInput!, $after: String) {{
    revisions(first: 20, after: $after, actor: $actor) {{ {DELTAS} }} }}"""
NESTED: Final = """query ($id: ID!, $after: String) { revision(id: $id) { description
    objectDeltas(first: 20, after: $after) { edges { cursor node { action version actor { display }
        attributeDeltas { fieldName oldValue newValue actor { display } } } } } } }"""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paging", description=__doc__)
    parser.add_argument("--database", required=True, metavar="URL", help="postgres://…; _paging is put behind its name")
    parser.add_argument("--revisions", type=int, default=1_000_000)
    parser.add_argument("--keep", action="store_true", help="use the history that is there, and leave it there")
    return parser.parse_args(arguments)


@contextmanager
def _timed(connection: Any) -> Iterator[list[float]]:
    """Collect the seconds of each statement that the block runs."""
    timings: list[float] = []

    def run(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        begin = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            timings.append(time.perf_counter() - begin)

    with connection.execute_wrapper(run):
        yield timings


def _cursor(kind: str, value: int) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{value}".encode()).decode().rstrip("=")


def _cases(count: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    from django.contrib.auth.models import User
    from graphql_relay import to_global_id

    for depth in (0, 1_000, count // 2, count - 30):
        after = _cursor("version", count - depth) if depth else None
        yield f"an object's history, at depth {depth:,}", OF_OBJECT, {"id": "1", "first": 20, "after": after}
    yield "an object's history, from the end", OF_OBJECT, {"id": "1", "last": 20}
    for depth in (0, 1_000, count // 2, count - 30):
        yield f"all, at depth {depth:,}", OF_ALL, {"after": _cursor("revision", count + 1 - depth) if depth else None}
    author = User.objects.get(username="author 0")
    actor = {"contentType": "auth.user", "contentId": str(author.pk)}
    yield "all by a busy actor", OF_ACTOR, {"actor": actor, "after": _cursor("revision", count + 1)}
    idle = User.objects.get(username="root")
    yield "all by an idle actor", OF_ACTOR, {"actor": {**actor, "contentId": str(idle.pk)}}
    for depth in (0, count // 2, count - 30):
        after = _cursor("objectdelta", 3 * count - depth) if depth else None
        yield (
            f"a revision's {count:,} changes, at depth {depth:,}",
            NESTED,
            {"id": to_global_id("Revision", count + 1), "after": after},
        )


def _measure(user: Any, document: str, variables: dict[str, Any]) -> tuple[float, float, int, int]:
    """Return the milliseconds in all and in the database, the number of statements, and that of edges."""
    from django.contrib.auth.models import User
    from django.db import connection

    from tests.graphql.schema import schema

    rows = []
    for _ in range(REPEATS):
        # Found anew, so that permissions are asked for as they are in every request.
        request = SimpleNamespace(user=User.objects.get(pk=user.pk), META={})
        with _timed(connection) as statements:
            begin = time.perf_counter()
            result = schema.execute(document, variables=variables, context_value=request)
            rows.append((time.perf_counter() - begin, sum(statements), len(statements)))
        assert result.errors is None, result.errors
    (found,) = result.data.values()
    edges = found["edges"] if "edges" in found else found["objectDeltas"]["edges"]
    whole, database, count = (statistics.median(column) for column in zip(*rows, strict=True))
    return whole * 1000, database * 1000, int(count), len(edges)


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    os.environ["DATABASE_URL"] = own_url(options.database, "paging")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from benchmarks import databases
    from benchmarks.paging.filling import fill

    if not options.keep:
        databases.create()
        call_command("migrate", run_syncdb=True, verbosity=0)
        fill(options.revisions)
    for name in ("root", "reader"):
        print(f"\n{name:52}{'ms in all':>10}{'in the database':>17}{'statements':>12}{'edges':>7}")
        for title, document, variables in _cases(options.revisions):
            whole, database, count, edges = _measure(User.objects.get(username=name), document, variables)
            print(f"{title:52}{whole:10.1f}{database:17.1f}{count:12}{edges:7}", flush=True)
    if not options.keep:
        databases.drop()


if __name__ == "__main__":
    main(sys.argv[1:])
