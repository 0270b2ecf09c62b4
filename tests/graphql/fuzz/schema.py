"""An API whose types show objects only to those who have the permission, as its history has to do."""

from __future__ import annotations

from typing import Any

import graphene
from django.contrib.auth.models import User
from graphene import relay
from graphene_django import DjangoConnectionField, DjangoListField, DjangoObjectType
from graphene_django.registry import Registry
from graphql import GraphQLError

import revy_graphql
from revy.contrib.django.text import is_storable
from tests.graphql.app.models import Article, Bot, Comment, Draft, Label, Moment, Note, Outline

# The types of the other tests are those of the global registry.
OWN = Registry()


class Permitted:
    """Shows objects to those who may view the model, but not those whose name begins with `hidden`."""

    name_field = ""

    @classmethod
    def get_queryset(cls, queryset: Any, info: Any) -> Any:
        user = info.context.user
        if not user.has_perm(f"{queryset.model._meta.app_label}.view_{queryset.model._meta.model_name}"):
            return queryset.none()
        if cls.name_field and not user.is_superuser:
            return queryset.exclude(**{f"{cls.name_field}__startswith": "hidden"})
        return queryset


class Public(Permitted):
    """The same, and to others than superusers only what is public."""

    @classmethod
    def get_queryset(cls, queryset: Any, info: Any) -> Any:
        queryset = super().get_queryset(queryset, info)
        return queryset if info.context.user.is_superuser else queryset.filter(is_public=True)


class UserType(Permitted, DjangoObjectType):
    name_field = "username"

    class Meta:
        model = User
        fields = ("id", "username", "first_name")
        interfaces = (relay.Node,)
        registry = OWN


class BotType(Permitted, DjangoObjectType):
    name_field = "name"

    class Meta:
        model = Bot
        fields = ("id", "name")
        registry = OWN


class DraftType(Public, DjangoObjectType):
    class Meta:
        model = Draft
        fields = ("id", "title", "is_public")
        interfaces = (relay.Node,)
        registry = OWN


class CommentType(Public, DjangoObjectType):
    class Meta:
        model = Comment
        fields = ("id", "text", "is_public")
        interfaces = (relay.Node,)
        registry = OWN


class OutlineType(Public, DjangoObjectType):
    class Meta:
        model = Outline
        fields = ("draft_ptr", "title", "is_public", "depth")
        registry = OWN


class NoteType(revy_graphql.RevisionsField, Public, DjangoObjectType):
    class Meta:
        model = Note
        fields = ("id", "text", "is_public")
        interfaces = (relay.Node,)
        registry = OWN


class LabelType(Public, DjangoObjectType):
    class Meta:
        model = Label
        fields = ("name", "color", "is_public")
        registry = OWN


class MomentType(Public, DjangoObjectType):
    class Meta:
        model = Moment
        fields = ("at", "is_public")
        registry = OWN


class ArticleType(revy_graphql.RevisionsField, Permitted, DjangoObjectType):
    class Meta:
        model = Article
        fields = ("id", "title", "body", "author", "draft")
        interfaces = (relay.Node,)
        registry = OWN


def require(info: Any, action: str, *texts: str) -> None:
    if not info.context.user.has_perm(f"gqlapp.{action}_article"):
        raise GraphQLError("You may not do this.")
    if not all(is_storable(text) for text in texts):
        raise GraphQLError("This text cannot be stored.")


class CreateArticle(graphene.Mutation):
    class Arguments:
        title = graphene.String(required=True)

    article = graphene.Field(ArticleType)

    @staticmethod
    def mutate(root: Any, info: Any, title: str) -> Any:
        require(info, "add", title)
        if len(title) > 100 or Article.objects.filter(title=title).exists():
            raise GraphQLError("This title cannot be taken.")
        return CreateArticle(article=Article.objects.create(title=title))


class UpdateArticle(relay.ClientIDMutation):
    class Input:
        id = graphene.ID(required=True)
        body = graphene.String()

    article = graphene.Field(ArticleType)

    @classmethod
    def mutate_and_get_payload(cls, root: Any, info: Any, id: str, body: str | None = None) -> Any:
        require(info, "change", body or "")
        article = relay.Node.get_node_from_global_id(info, id, only_type=ArticleType)
        if article is None:
            raise GraphQLError("Not found.")
        article.body = body or ""
        article.save()
        return cls(article=article)


class ArticleMutations(graphene.ObjectType):
    create = CreateArticle.Field()


class Query(revy_graphql.Query, graphene.ObjectType):
    node = relay.Node.Field()
    hello = graphene.String()
    articles = DjangoListField(ArticleType)
    article_pages = DjangoConnectionField(ArticleType)
    notes = DjangoListField(NoteType)


class Mutation(revy_graphql.Mutation, graphene.ObjectType):
    create_article = CreateArticle.Field()
    update_article = UpdateArticle.Field()
    articles = graphene.Field(ArticleMutations)

    @staticmethod
    def resolve_articles(root: Any, info: Any) -> Any:
        return {}


TYPES = [BotType, CommentType, DraftType, LabelType, MomentType, OutlineType, UserType]
schema = revy_graphql.Schema(query=Query, mutation=Mutation, types=TYPES)
