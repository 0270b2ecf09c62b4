"""A history in which everything has a canary: a text or key that occurs nowhere else, and those who may see it."""

from __future__ import annotations

import datetime
import uuid
from contextlib import ExitStack
from typing import Any, Final

from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from graphql_relay import to_global_id

from revy import Context
from revy.contrib.django import get_object_delta_model, get_revision_model
from tests.graphql.api import grant, recorded
from tests.graphql.app.models import Article, Bot, Comment, Draft, Label, Moment, Note, Outline, Untyped

VIEWERS: Final = ("anonymous", "inactive", "nobody", "editor", "reader", "keeper", "staff", "root")
# Those who see something, and so may see too much.
SEEING: Final = ("editor", "reader", "keeper", "root")
NOBODY: Final = frozenset[str]()
ROOT: Final = frozenset({"root"})
READERS: Final = frozenset({"reader", "keeper", "root"})
EDITORS: Final = frozenset({"editor", "reader", "keeper", "root"})
MODELS: Final = ("article", "comment", "draft", "note", "label", "moment", "outline", "untyped", "bot")
# How many objects of each kind there are: a query for each of them is noticed.
COUNT: Final = 12


class World:
    """What is recorded, and the canaries in it by those who may see them."""

    def __init__(self) -> None:
        self.canaries: dict[str, frozenset[str]] = {}
        self.users = self._make_users()
        self.clients = {name: self._client(name) for name in VIEWERS}
        self.labels = [f"gqlapp.{name}" for name in MODELS] + ["auth.user"]
        for number in range(COUNT):
            self._write(number)
        self.addresses, self.node_ids, self.cursors = self._read()

    def forbidden(self, viewer: str) -> list[str]:
        return [canary for canary, seen_by in self.canaries.items() if viewer not in seen_by]

    def text(self, seen_by: frozenset[str]) -> str:
        canary = f"canary{len(self.canaries):04}x"
        self.canaries[canary] = seen_by
        return canary

    def key(self, seen_by: frozenset[str]) -> int:
        # The ids of users are 32 bits long.
        canary = 1_770_000_000 + len(self.canaries)
        self.canaries[str(canary)] = seen_by
        return canary

    def _make_users(self) -> dict[str, Any]:
        users: dict[str, Any] = {"anonymous": None}
        for name in VIEWERS[1:]:
            password = self.text(NOBODY)
            users[name] = User.objects.create(
                username=name, password=password, is_active=name != "inactive",
                is_staff=name == "staff", is_superuser=name == "root",
            )  # fmt: skip
        views = [f"view_{name}" for name in (*MODELS, "user")]
        users["reader"] = grant(users["reader"], *views)
        users["editor"] = grant(
            users["editor"], "view_article", "change_article", "add_article", "view_user", "view_bot"
        )
        # Of what they see, they may do everything.
        doings = [f"{action}_{name}" for action in ("add", "change", "delete") for name in (*MODELS, "user")]
        users["keeper"] = grant(users["keeper"], *views, *doings)
        users["inactive"] = grant(users["inactive"], *views)
        return users

    def _client(self, name: str) -> Client:
        client = Client()
        if self.users[name] is not None:
            client.force_login(self.users[name])
        return client

    def _write(self, number: int) -> None:
        """Record objects of each kind: what is seen, what is masked, what is hidden, and all of it in one revision."""
        with recorded():
            hidden_user = User.objects.create(
                pk=self.key(ROOT), username=f"hidden{self.text(ROOT)}", first_name=self.text(ROOT),
                last_name=self.text(NOBODY), password=self.text(NOBODY),
            )  # fmt: skip
            user = User.objects.create(
                username=self.text(EDITORS), first_name=self.text(EDITORS), email=self.text(NOBODY),
                password=self.text(NOBODY),
            )  # fmt: skip
        bot = Bot.objects.create(name=self.text(EDITORS))
        hidden_bot = Bot.objects.create(pk=self.key(ROOT), name=f"hidden{self.text(ROOT)}")
        actors = [hidden_user, user, bot, hidden_bot]
        with recorded(actors[number % 4], self.text(EDITORS)):
            article = self._write_article(user, hidden_user, number)
            if number % 2:
                self._make(Comment, ROOT, pk=self.key(ROOT), article=article, text=self.text(ROOT))
            self._make(Comment, READERS, article=article, text=self.text(READERS), is_public=True)
            hidden = self._write_objects(ROOT, number, is_public=False)
            public = self._write_objects(READERS, number, is_public=True)
            self._make(Untyped, READERS, title=self.text(NOBODY), pk=self.key(READERS))
        with recorded(hidden_user, self.text(ROOT)):
            self._change(hidden, ROOT)
            hidden[1].delete()
        with recorded(bot, self.text(READERS)):
            self._change(public, READERS)
        with recorded(user, self.text(EDITORS)):
            self._change_article(article)
            if number % 3 == 0:
                article.delete()

    def _write_article(self, user: User, hidden_user: User, number: int) -> Article:
        secret_draft = Draft.objects.create(pk=self.key(ROOT), title=self.text(ROOT))
        return self._make(
            Article, EDITORS, title=self.text(EDITORS), body=self.text(EDITORS), secret=self.text(NOBODY),
            author=hidden_user if number % 2 else user, draft=secret_draft,
        )  # fmt: skip

    def _change_article(self, article: Article) -> None:
        with self._described(EDITORS, EDITORS):
            article.body = f"{self.text(EDITORS)}\nline\n"
        with Context.via_attribute_delta_description(self.text(NOBODY)):
            article.secret = self.text(NOBODY)
        with Context.via_object_delta_description(self.text(EDITORS)):
            article.draft = None
            article.save()

    def _write_objects(self, seen_by: frozenset[str], number: int, *, is_public: bool) -> list[Any]:
        day = datetime.datetime(1901 + is_public, 1 + number, 3, 4, 5, 6, 789012, tzinfo=datetime.UTC)
        note_id = uuid.uuid4()
        self.canaries[str(note_id)] = seen_by
        self.canaries[day.isoformat()[:10]] = seen_by
        common: dict[str, Any] = {"is_public": is_public}
        return [
            self._make(Draft, seen_by, pk=self.key(seen_by), title=self.text(seen_by), **common),
            self._make(Note, seen_by, pk=note_id, text=self.text(seen_by), **common),
            self._make(Label, seen_by, name=self.text(seen_by), color=self.text(seen_by), **common),
            self._make(Moment, seen_by, at=day, **common),
            self._make(Outline, seen_by, pk=self.key(seen_by), title=self.text(seen_by), **common),
        ]

    def _change(self, objects: list[Any], seen_by: frozenset[str]) -> None:
        for instance in objects:
            for field in ("title", "text", "color"):
                if hasattr(instance, field):
                    with self._described(seen_by, seen_by):
                        setattr(instance, field, self.text(seen_by))
            instance.save()

    def _make(self, model: type[models.Model], seen_by: frozenset[str], **values: Any) -> Any:
        with Context.via_object_delta_description(self.text(seen_by)):
            return model._default_manager.create(**values)

    def _described(self, object_seen_by: frozenset[str], attribute_seen_by: frozenset[str]) -> ExitStack:
        stack = ExitStack()
        stack.enter_context(Context.via_object_delta_description(self.text(object_seen_by)))
        stack.enter_context(Context.via_attribute_delta_description(self.text(attribute_seen_by)))
        return stack

    def _read(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]:
        """Return the addresses of all objects, and the ids and cursors that clients could have of all there is."""
        deltas = get_object_delta_model().objects.select_related("content_type").order_by("pk")
        addresses = [
            (f"{delta.content_type.app_label}.{delta.content_type.model}", delta.content_id) for delta in deltas
        ]
        sources: list[tuple[str, Any]] = [
            ("ObjectDelta", get_object_delta_model()), ("Revision", get_revision_model()), ("ArticleType", Article),
            ("CommentType", Comment), ("DraftType", Draft), ("NoteType", Note), ("UserType", User),
        ]  # fmt: skip
        nodes = [
            (kind, to_global_id(kind, pk))
            for kind, model in sources
            for pk in model._default_manager.order_by("pk").values_list("pk", flat=True)
        ]
        return sorted(set(addresses)), nodes, self._cursors()

    def _cursors(self) -> list[tuple[str, str]]:
        query = """{ revisions(first: 50) { edges { cursor node { objectDeltas { edges { cursor } } } } }
          notes { revisions { edges { cursor } } } }"""
        data = self.clients["root"].post("/graphql", {"query": query}).json()["data"]
        edges = data["revisions"]["edges"]
        found = edges + [edge for note in data["notes"] for edge in note["revisions"]["edges"]]
        inner = [edge for one in edges for edge in one["node"]["objectDeltas"]["edges"]]
        return [("RevisionConnection", edge["cursor"]) for edge in found] + [
            ("ObjectDeltaConnection", edge["cursor"]) for edge in inner
        ]
