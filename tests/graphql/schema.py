"""The tested API: once wrapped, once bare."""

from __future__ import annotations

from typing import Any

import graphene
from graphene import relay
from graphene_django import DjangoConnectionField, DjangoListField
from graphql import GraphQLError

import revy_graphql
from tests.graphql import types
from tests.graphql.app.models import Article
from tests.graphql.mutations import Mutations


class Query(revy_graphql.Query, graphene.ObjectType):
    node = relay.Node.Field()
    hello = graphene.String()
    secret_articles = graphene.List(types.SecretArticleType)
    articles = DjangoListField(types.ArticleType)
    article_pages = DjangoConnectionField(types.ArticleType)
    plain_articles = graphene.List(types.ArticleType)
    async_articles = graphene.List(types.ArticleType)
    failing = graphene.String(kind=graphene.String(required=True))
    must = graphene.String(required=True)

    @staticmethod
    def resolve_hello(root: Any, info: Any) -> str:
        return "hello"

    @staticmethod
    def resolve_articles(root: Any, info: Any) -> Any:
        return Article.objects.order_by("pk")

    @staticmethod
    def resolve_plain_articles(root: Any, info: Any) -> Any:
        return Article.objects.order_by("pk")

    @staticmethod
    async def resolve_async_articles(root: Any, info: Any) -> Any:
        return [article async for article in Article.objects.order_by("pk")]

    @staticmethod
    def resolve_failing(root: Any, info: Any, kind: str) -> str:
        if kind == "graphql":
            raise GraphQLError("for clients")
        raise ValueError("secret text")

    @staticmethod
    def resolve_secret_articles(root: Any, info: Any) -> Any:
        return Article.objects.none()


class Mutation(Mutations, revy_graphql.Mutation, graphene.ObjectType):
    pass


TYPES = [
    types.SecretArticleType, types.ArticleType, types.BotType, types.CommentType, types.DraftType, types.LabelType,
    types.MomentType, types.NoteType, types.OutlineType, types.UserType,
]  # fmt: skip

schema = revy_graphql.Schema(query=Query, mutation=Mutation, types=TYPES)
bare_schema = graphene.Schema(query=Query, mutation=Mutation, types=TYPES)
