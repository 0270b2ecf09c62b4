from __future__ import annotations

from typing import Any, assert_type

import graphene
from graphene_django import DjangoObjectType
from graphene_django.views import GraphQLView
from graphql import GraphQLError, GraphQLResolveInfo, parse, validate

import revy_graphql
from shop.models import Product


class ProductType(revy_graphql.RevisionsField, DjangoObjectType):
    class Meta:
        model = Product
        fields = ("id", "name")


class Rename(graphene.Mutation):
    class Arguments:
        pk = graphene.ID(required=True)
        name = graphene.String(required=True)

    product = graphene.Field(ProductType)

    @staticmethod
    def mutate(root: Any, info: GraphQLResolveInfo, pk: str, name: str) -> Rename:
        product = Product.objects.get(pk=pk)
        product.name = name
        product.save()
        return Rename(product=product)


class ProductMutations(revy_graphql.MutationNamespace, graphene.ObjectType):
    rename = Rename.Field()


class Query(revy_graphql.Query, graphene.ObjectType):
    product = graphene.Field(ProductType)


class Mutation(revy_graphql.Mutation, graphene.ObjectType):
    products = graphene.Field(ProductMutations, required=True)

    @staticmethod
    def resolve_products(root: Any, info: GraphQLResolveInfo) -> dict[str, Any]:
        return {}


class ShopSchema(graphene.Schema):
    pass


schema = revy_graphql.Schema(query=Query, mutation=Mutation)
# What is given comes back, with its own type.
tracked = assert_type(revy_graphql.track(ShopSchema(query=Query, mutation=Mutation)), ShopSchema)
view = revy_graphql.GraphQLView.as_view(schema=schema)
bare_view = GraphQLView.as_view(
    schema=schema, validation_rules=revy_graphql.VALIDATION_RULES, middleware=[revy_graphql.RevyMutationMiddleware()]
)


def check(text: str) -> list[GraphQLError]:
    return validate(schema.graphql_schema, parse(text), revy_graphql.VALIDATION_RULES)
