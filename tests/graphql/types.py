"""The object types of the tested API."""

from __future__ import annotations

from typing import Any

import graphene
from django.contrib.auth.models import User
from graphene import relay
from graphene_django import DjangoObjectType
from graphene_django.registry import Registry

import revy_graphql
from tests.graphql.app.models import Article, Bot, Comment, Draft, Label, Moment, Note, Outline


class UserType(DjangoObjectType):
    class Meta:
        model = User
        fields = "__all__"
        interfaces = (relay.Node,)


class BotType(DjangoObjectType):
    class Meta:
        model = Bot
        fields = ("id", "name")


class PublicType:
    """Shows what is public, and everything to superusers."""

    @classmethod
    def get_queryset(cls, queryset: Any, info: Any) -> Any:
        return queryset if info.context.user.is_superuser else queryset.filter(is_public=True)


class DraftType(PublicType, DjangoObjectType):
    class Meta:
        model = Draft
        fields = ("id", "title", "is_public")
        interfaces = (relay.Node,)


class CommentType(PublicType, DjangoObjectType):
    class Meta:
        model = Comment
        fields = ("id", "article", "text", "is_public")
        interfaces = (relay.Node,)


class OutlineType(PublicType, DjangoObjectType):
    class Meta:
        model = Outline
        fields = ("draft_ptr", "title", "is_public", "depth")


class NoteType(PublicType, DjangoObjectType):
    class Meta:
        model = Note
        fields = ("id", "text", "is_public")
        interfaces = (relay.Node,)


class LabelType(PublicType, DjangoObjectType):
    class Meta:
        model = Label
        fields = ("name", "color", "is_public")


class MomentType(PublicType, DjangoObjectType):
    class Meta:
        model = Moment
        fields = ("at", "is_public")


class SecretArticleType(DjangoObjectType):
    """A second type of the same model, not the registered one, of which no history may be seen."""

    class Meta:
        model = Article
        name = "AAAArticle"
        fields = ("id", "title", "secret")
        interfaces = (relay.Node,)
        registry = Registry()
        skip_registry = True


class ArticleType(revy_graphql.RevisionsField, DjangoObjectType):
    class Meta:
        model = Article
        fields = ("id", "title", "body", "author", "draft")
        interfaces = (relay.Node,)

    shouted = graphene.String()

    @staticmethod
    def resolve_shouted(root: Any, info: Any) -> str:
        return str(root.title).upper()
