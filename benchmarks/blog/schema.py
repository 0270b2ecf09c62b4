"""A GraphQL API whose one mutation saves posts: graphene's alone, or recorded by revy_graphql."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import Any, Final

import graphene
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from graphene_django import DjangoObjectType

from benchmarks.blog.models import Post
from benchmarks.subjects.current import SUBJECT
from benchmarks.workloads import NotRecorded


class PostType(DjangoObjectType):
    class Meta:
        model = Post
        fields = ("id", "title", "status")


class PostInput(graphene.InputObjectType):
    id = graphene.ID(required=True)
    title = graphene.String(required=True)


class SavePosts(graphene.Mutation):
    class Arguments:
        posts = graphene.List(graphene.NonNull(PostInput), required=True)

    posts = graphene.List(graphene.NonNull(PostType), required=True)

    @staticmethod
    def mutate(root: Any, info: Any, posts: list[Any]) -> SavePosts:
        found = Post.objects.in_bulk([given.id for given in posts])
        for given in posts:
            post = found[int(given.id)]
            post.title = given.title
            post.save()
        return SavePosts(posts=found.values())


class Query(graphene.ObjectType):
    posts = graphene.List(PostType)


class Mutation(graphene.ObjectType):
    save_posts = SavePosts.Field()


RESULT: Final = "{ posts { id title status } }"
PLAIN: Final = f"mutation ($posts: [PostInput!]!) {{ savePosts(posts: $posts) {RESULT} }}"
TRACKED: Final = (
    "mutation ($posts: [PostInput!]!, $message: String) "
    f"{{ savePosts(posts: $posts, commitMessage: $message) {RESULT} }}"
)


def _make_schema() -> Any:
    if not SUBJECT.records:
        return graphene.Schema(query=Query, mutation=Mutation)
    import revy_graphql

    return revy_graphql.Schema(query=Query, mutation=Mutation)


_schema: Final = _make_schema()


def save_posts(user: User, titles: dict[int, str], message: str) -> None:
    """Give posts these titles, by primary key, in one mutation of that user, which is one transaction."""
    request = HttpRequest()
    request.user = user
    variables = {"posts": [{"id": str(key), "title": title} for key, title in titles.items()]}
    if SUBJECT.records:
        result = _schema.execute(TRACKED, variables={**variables, "message": message}, context_value=request)
    else:
        # revy_graphql opens a transaction itself; this is the one of graphene-django's ATOMIC_MUTATIONS.
        with transaction.atomic():
            result = _schema.execute(PLAIN, variables=variables, context_value=request)
    assert result.errors is None, result.errors
    assert {int(post["id"]): post["title"] for post in result.data["savePosts"]["posts"]} == titles


def expect_revisions(user: User, messages: list[str], count: int) -> None:
    """Raise NotRecorded unless each mutation was one revision, its message being why and the user who changed `count`.

    The first revision is that of what was there before.
    """
    if not SUBJECT.records:
        return
    from revy.contrib.django.models import Revision

    revisions = Revision.objects.order_by("pk").prefetch_related("object_deltas__actor")[1:]
    for message, revision in zip_longest(messages, revisions):
        actors = revision and Counter(delta.actor for delta in revision.object_deltas.all())
        if (revision and revision.description, actors) != (message, {user: count}):
            raise NotRecorded(f"recorded {revision} with changes by {actors} instead of one revision of each mutation")
