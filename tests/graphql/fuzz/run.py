"""Sending random requests to the view, and judging what comes back."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection, reset_queries, transaction
from django.test.utils import CaptureQueriesContext

from tests.graphql.fuzz.documents import Documents, Request
from tests.graphql.fuzz.judge import Judge
from tests.graphql.fuzz.schema import schema
from tests.graphql.fuzz.ways import Ways
from tests.graphql.fuzz.world import SEEING, VIEWERS, World

WAYS = Ways(schema.graphql_schema)


@dataclass
class Outcome:
    """What was sent, and how it was answered: without data nothing is tested."""

    sent: int = 0
    answered: Counter[str] = field(default_factory=Counter)
    fields: set[str] = field(default_factory=set)
    # Of the SQL queries that they may cause, how many the documents cause at most.
    most_queries: float = 0.0


class Failure(AssertionError):
    pass


def run(world: World, count: int, seed: int) -> Outcome:
    """Send that many documents, each of a seed of its own, so that one that fails can be sent again by itself."""
    outcome = Outcome()
    number = seed
    while outcome.sent < count:
        outcome.sent += send(world, number, outcome)
        number += 1
    return outcome


def send(world: World, seed: int, outcome: Outcome) -> int:
    """Send the request of a seed, judge the answer, and return how many documents there were in it."""
    random = Random(seed)
    documents = Documents(random, world, schema.graphql_schema, WAYS)
    viewer = random.choice([*VIEWERS, *SEEING, *SEEING])
    way = random.choices(["json", "batch", "get", "form"], [80, 10, 5, 5])[0]
    requests = [documents.make() for _ in range(random.randint(1, 4) if way == "batch" else 1)]
    status, content, queries = answer_to(world, viewer, way, requests)
    judge = Judge(requests, status, content, queries)
    complaints = list(judge.complaints(world.forbidden(viewer)))
    if complaints:
        raise Failure(
            f"Seed {seed}, document {outcome.sent + 1}, as {viewer}, by {way}: {'; '.join(complaints[:5])}\n"
            f"{json.dumps([request.body for request in requests], indent=1, default=str)}\n"
            f"{content.decode()[:5_000]}\n" + "\n".join(sql[:200] for sql in queries[:200])
        )
    count(outcome, content)
    outcome.most_queries = max(outcome.most_queries, len(judge.queries) / judge.limit)
    return len(requests)


def answer_to(world: World, viewer: str, way: str, requests: list[Request]) -> tuple[int, bytes, list[str]]:
    """Send requests and take back what they wrote: the world stays as it is."""
    ContentType.objects.clear_cache()
    # The log of queries is of limited length: from there on, nothing would be counted.
    reset_queries()
    client = world.clients[viewer]
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        if way == "batch":
            body = json.dumps([request.body for request in requests])
            response: Any = client.post("/batch", body, content_type="application/json")
        elif way == "json":
            response = client.post("/graphql", json.dumps(requests[0].body), content_type="application/json")
        else:
            fields = {key: encoded(value) for key, value in requests[0].body.items()}
            response = client.get("/graphql", fields) if way == "get" else client.post("/graphql", fields)
        transaction.set_rollback(True)
    return response.status_code, response.content, [query["sql"] for query in captured.captured_queries]


def encoded(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(errors="replace").decode()


def count(outcome: Outcome, content: bytes) -> None:
    answer = json.loads(content)
    for part in answer if isinstance(answer, list) else [answer]:
        data, errors = part.get("data"), part.get("errors")
        outcome.answered[f"{'data' if data else 'none'}{' and errors' if errors else ''}"] += 1
        _add_names(data, outcome.fields)


def _add_names(data: Any, names: set[str]) -> None:
    if isinstance(data, dict):
        for name, value in data.items():
            if value not in (None, [], {}):
                names.add(name)
                _add_names(value, names)
    elif isinstance(data, list):
        for value in data:
            _add_names(value, names)
