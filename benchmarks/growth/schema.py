"""A GraphQL API to the models."""

from __future__ import annotations

from typing import Any

import graphene
from django.contrib.auth.models import User
from graphene import relay
from graphene_django import DjangoObjectType

import revy_graphql
from benchmarks.growth.models import WIDE


def _type(model: Any, *fields: str) -> Any:
    options = {"model": model, "fields": fields or "__all__", "interfaces": (relay.Node,)}
    return type(f"{model.__name__}Type", (DjangoObjectType,), {"Meta": type("Meta", (), options)})


class Query(revy_graphql.Query, graphene.ObjectType):
    node = relay.Node.Field()


class Mutation(revy_graphql.Mutation, graphene.ObjectType):
    pass


TYPES = [_type(User, "id", "username"), *(_type(model) for model in WIDE.values())]
schema = revy_graphql.Schema(query=Query, mutation=Mutation, types=TYPES)
