"""A mutation of every kind."""

from __future__ import annotations

from typing import Any

import graphene
from django import forms
from graphene import relay
from graphene_django.forms.mutation import DjangoFormMutation, DjangoModelFormMutation
from graphene_django.rest_framework.mutation import SerializerMutation
from graphql import GraphQLError
from rest_framework import serializers

from revy import Context
from revy_graphql import MutationNamespace
from revy_graphql.types import Revision
from tests.graphql.app.models import Article
from tests.graphql.types import ArticleType


class CreateArticle(graphene.Mutation):
    class Arguments:
        title = graphene.String(required=True)
        body = graphene.String()
        author = graphene.ID()

    article = graphene.Field(ArticleType)

    @staticmethod
    def mutate(root: Any, info: Any, title: str, body: str = "", author: str | None = None) -> Any:
        return CreateArticle(article=Article.objects.create(title=title, body=body, author_id=author))


class UpdateArticle(relay.ClientIDMutation):
    class Input:
        pk = graphene.ID(required=True)
        body = graphene.String()
        secret = graphene.String()

    article = graphene.Field(ArticleType)

    @classmethod
    def mutate_and_get_payload(cls, root: Any, info: Any, pk: str, **values: Any) -> Any:
        article = Article.objects.get(pk=pk)
        for name, value in values.items():
            setattr(article, name, value)
        article.save()
        return cls(article=article)


class DeleteArticle(graphene.Mutation):
    class Arguments:
        pk = graphene.ID(required=True)

    ok = graphene.Boolean()

    @staticmethod
    def mutate(root: Any, info: Any, pk: str) -> Any:
        Article.objects.get(pk=pk).delete()
        return DeleteArticle(ok=True)


class FailArticle(graphene.Mutation):
    class Arguments:
        title = graphene.String(required=True)
        kind = graphene.String(required=True)

    ok = graphene.Boolean()

    @staticmethod
    def mutate(root: Any, info: Any, title: str, kind: str) -> Any:
        Article.objects.create(title=title)
        if kind == "returned":
            return ValueError("secret text")
        if kind == "database":
            Article.objects.create(title=title)
        if kind == "graphql":
            raise GraphQLError("for clients")
        raise ValueError("secret text")


class ArticleForm(forms.ModelForm):
    class Meta:
        model = Article
        fields = ("title", "body")


class SavingForm(forms.Form):
    """Writes first and finds out later that it must not."""

    title = forms.CharField()

    def clean(self) -> Any:
        Article.objects.create(title=self.cleaned_data["title"])
        if self.cleaned_data["title"].startswith("bad"):
            raise forms.ValidationError("bad title")
        return self.cleaned_data


class FormArticle(DjangoFormMutation):
    class Meta:
        form_class = SavingForm


class ModelFormArticle(DjangoModelFormMutation):
    class Meta:
        form_class = ArticleForm


class ArticleSerializer(serializers.ModelSerializer):
    class Meta:
        model = Article
        fields = ("id", "title", "body")


class SerializeArticle(SerializerMutation):
    class Meta:
        serializer_class = ArticleSerializer


class OwnMessageArticle(graphene.Mutation):
    """With an argument of its own for the message."""

    class Arguments:
        title = graphene.String(required=True)
        commit_message = graphene.String()

    heard = graphene.String()

    @staticmethod
    def mutate(root: Any, info: Any, title: str, commit_message: str | None = None) -> Any:
        Article.objects.create(title=title)
        return OwnMessageArticle(heard=commit_message)


class InputMessageArticle(relay.ClientIDMutation):
    class Input:
        title = graphene.String(required=True)
        commit_message = graphene.String()

    heard = graphene.String()

    @classmethod
    def mutate_and_get_payload(
        cls, root: Any, info: Any, title: str, commit_message: str | None = None, client_mutation_id: str | None = None
    ) -> Any:
        Article.objects.create(title=title)
        return cls(heard=commit_message)


class AsyncArticle(graphene.Mutation):
    class Arguments:
        title = graphene.String(required=True)
        fails = graphene.Boolean()

    title = graphene.String()

    @staticmethod
    async def mutate(root: Any, info: Any, title: str, fails: bool = False) -> Any:
        article = await Article.objects.acreate(title=title)
        article.body = "second write"
        await article.asave()
        if fails:
            raise ValueError("secret text")
        return AsyncArticle(title=article.title)


class AsyncInputArticle(relay.ClientIDMutation):
    class Input:
        title = graphene.String(required=True)

    title = graphene.String()

    @classmethod
    async def mutate_and_get_payload(cls, root: Any, info: Any, title: str) -> Any:
        await Article.objects.acreate(title=title)
        return cls(title=title)


class HistoryArticle(graphene.Mutation):
    """Whose payload leads to a connection of revy."""

    class Arguments:
        title = graphene.String(required=True)

    revision = graphene.Field(Revision)

    @staticmethod
    def mutate(root: Any, info: Any, title: str) -> Any:
        Article.objects.create(title=title)
        return HistoryArticle(revision=None)


class ArticleMutations(graphene.ObjectType):
    """A namespace that is found by its Mutation field."""

    create = CreateArticle.Field()
    fail = FailArticle.Field()
    acreate = AsyncArticle.Field()
    plain = graphene.String(title=graphene.String(required=True))
    again = graphene.Field(lambda: ArticleMutations)

    @staticmethod
    def resolve_again(root: Any, info: Any) -> Any:
        return {}

    @staticmethod
    def resolve_plain(root: Any, info: Any, title: str) -> str:
        return str(Article.objects.create(title=title).title)


class MarkedMutations(MutationNamespace, graphene.ObjectType):
    """A namespace without Mutation classes."""

    plain = graphene.String(title=graphene.String(required=True))
    resolve_plain = ArticleMutations.resolve_plain


class OuterMutations(graphene.ObjectType):
    articles = graphene.Field(ArticleMutations, required=True)

    @staticmethod
    def resolve_articles(root: Any, info: Any) -> Any:
        return {}


class PlainResult(graphene.ObjectType):
    ok = graphene.Boolean()


class Mutations(graphene.ObjectType):
    create_article = CreateArticle.Field()
    update_article = UpdateArticle.Field()
    delete_article = DeleteArticle.Field()
    fail_article = FailArticle.Field()
    form_article = FormArticle.Field()
    model_form_article = ModelFormArticle.Field()
    serialize_article = SerializeArticle.Field()
    own_message_article = OwnMessageArticle.Field()
    input_message_article = InputMessageArticle.Field()
    async_article = AsyncArticle.Field()
    async_input_article = AsyncInputArticle.Field()
    history_article = HistoryArticle.Field()
    articles = graphene.Field(ArticleMutations)
    scoped = graphene.Field(ArticleMutations, pk=graphene.ID())
    marked = graphene.Field(MarkedMutations)
    outer = graphene.Field(OuterMutations)
    plain_article = graphene.Field(PlainResult)
    context_message_article = graphene.String()

    @staticmethod
    def resolve_articles(root: Any, info: Any) -> Any:
        return {}

    resolve_marked = resolve_outer = resolve_articles

    @staticmethod
    def resolve_scoped(root: Any, info: Any, pk: str | None = None) -> Any:
        return {}

    @staticmethod
    def resolve_plain_article(root: Any, info: Any) -> Any:
        Article.objects.create(title="plain")
        return PlainResult(ok=True)

    @staticmethod
    def resolve_context_message_article(root: Any, info: Any) -> str:
        Context.set_revision_description("set in the resolver")
        return str(Article.objects.create(title="context").title)
