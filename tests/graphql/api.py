"""The API as a client sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from revy import Context
from revy.contrib.django import get_object_delta_model, get_revision_model


@dataclass
class Answer:
    status: int
    data: Any
    errors: list[dict[str, Any]]

    @property
    def codes(self) -> list[str | None]:
        return [error.get("extensions", {}).get("code") for error in self.errors]


class Api:
    """Posts documents to the GraphQL view, as one user."""

    def __init__(self, client: Client) -> None:
        self.client = client
        client.raise_request_exception = True

    @classmethod
    def of(cls, user: User) -> Api:
        client = Client()
        client.force_login(user)
        return cls(client)

    def __call__(self, query: str, path: str = "/graphql", headers: Any = None, **variables: Any) -> Answer:
        body = {"query": query, "variables": variables}
        response = self.client.post(path, json.dumps(body), content_type="application/json", headers=headers)
        answer = json.loads(response.content)
        return Answer(response.status_code, answer.get("data"), answer.get("errors", []))

    def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of an answer without errors."""
        answer = self(query, **variables)
        assert answer.errors == []
        assert answer.status == 200
        return answer.data


def grant(user: User, *codenames: str) -> User:
    found = list(Permission.objects.filter(codename__in=codenames, content_type__app_label__in=("gqlapp", "auth")))
    assert {permission.codename for permission in found} == set(codenames)
    user.user_permissions.add(*found)
    return User.objects.get(pk=user.pk)


def request_of(user: Any) -> Any:
    """What resolvers get as `info.context`, without HTTP."""
    return SimpleNamespace(user=user, META={})


@contextmanager
def recorded(actor: Any = None, message: str = "") -> Iterator[None]:
    """Record the block as one revision."""
    with Context.via_actor(actor), Context.via_revision_description(message):
        yield


def messages() -> list[str]:
    """Return the descriptions of all revisions, oldest first."""
    return list(get_revision_model().objects.order_by("pk").values_list("description", flat=True))


def history_of(instance: Any) -> list[Any]:
    content_type = ContentType.objects.get_for_model(instance)
    deltas = get_object_delta_model().objects.filter(content_type=content_type, content_id=str(instance.pk))
    return list(deltas.order_by("version"))


def is_empty() -> bool:
    return not get_revision_model().objects.exists() and not get_object_delta_model().objects.exists()


class counted_queries(CaptureQueriesContext):
    """Counts the queries of a block, and can print them."""

    def __init__(self) -> None:
        super().__init__(connection)

    def __str__(self) -> str:
        return "\n".join(query["sql"][:300] for query in self.captured_queries)
