"""The GraphQL API of the wiki."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import graphene
from django.contrib.auth.models import User
from django.db.models import QuerySet
from graphene import relay
from graphene_django import DjangoConnectionField, DjangoObjectType
from graphql import GraphQLError, GraphQLResolveInfo
from graphql_relay import to_global_id

import revy_graphql
from demo.wiki.models import Page
from revy import Context

WRITING: Final = ("wiki.add_page", "wiki.change_page", "wiki.delete_page")


class PageType(revy_graphql.RevisionsField, DjangoObjectType):
    class Meta:
        model = Page
        name = "Page"
        fields = ("id", "path", "mode", "body")
        interfaces = (relay.Node,)

    content_id = graphene.ID(required=True, description="The primary key, by which the history knows the page.")

    @staticmethod
    def resolve_content_id(root: Page, info: GraphQLResolveInfo) -> int:
        return root.pk

    @classmethod
    def get_queryset(cls, queryset: QuerySet[Page], info: GraphQLResolveInfo) -> QuerySet[Page]:
        return queryset if info.context.user.has_perm("wiki.view_page") else queryset.none()


class UserType(DjangoObjectType):
    class Meta:
        model = User
        name = "User"
        fields = ("id", "username", "first_name")
        interfaces = (relay.Node,)

    @classmethod
    def get_queryset(cls, queryset: QuerySet[User], info: GraphQLResolveInfo) -> QuerySet[User]:
        return queryset if info.context.user.has_perm("auth.view_user") else queryset.none()


class Query(revy_graphql.Query, graphene.ObjectType):
    node = relay.Node.Field()
    page = graphene.Field(PageType, path=graphene.String(required=True))
    pages = DjangoConnectionField(
        PageType,
        search=graphene.String(default_value="", description="Only pages with this in their path, in any case."),
        required=True,
        description="The pages that you may see, by path.",
    )

    @staticmethod
    def resolve_page(root: Any, info: GraphQLResolveInfo, path: str) -> Page | None:
        return PageType.get_queryset(Page.objects.filter(path=path), info).first()

    @staticmethod
    def resolve_pages(root: Any, info: GraphQLResolveInfo, search: str, **window: Any) -> QuerySet[Page]:
        return Page.objects.filter(path__icontains=search)


class PageInput(graphene.InputObjectType):
    path = graphene.String(required=True)
    body = graphene.String(required=True)
    mode = graphene.String(description="What git calls so; without it, that of the page stays as it is.")


class Commit(graphene.Mutation):
    """Write pages and delete pages, all or none."""

    class Arguments:
        write = graphene.List(graphene.NonNull(PageInput), default_value=(), description="Pages to create or change.")
        delete = graphene.List(graphene.NonNull(graphene.String), default_value=(), description="Paths of pages.")

    revision_id = graphene.ID(description="The revision of these changes; null if nothing was changed.")

    @staticmethod
    def mutate(root: Any, info: GraphQLResolveInfo, write: Sequence[Any], delete: Sequence[str]) -> Commit:
        if not info.context.user.has_perms(WRITING):
            raise GraphQLError("You may not write pages. Log in first.")
        for path in delete:
            page = Page.objects.filter(path=path).first()
            if page is None:
                raise GraphQLError(f"There is no page {path!r} to delete.")
            page.delete()
        for given in write:
            page = Page.objects.filter(path=given.path).first() or Page(path=given.path)
            page.body = given.body
            page.mode = given.mode or page.mode
            page.save()
        revision: Any = Context.get_revision()
        return Commit(revision_id=None if revision is None else to_global_id("Revision", revision.pk))


class Mutation(revy_graphql.Mutation, graphene.ObjectType):
    commit = Commit.Field()


# Actors are users, but no field says so.
schema = revy_graphql.Schema(query=Query, mutation=Mutation, types=[UserType])
