"""The mutation classes of graphene-django-cud."""

from __future__ import annotations

from typing import Any

import graphene
import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from graphene_django_cud.mutations import (
    DjangoBatchCreateMutation,
    DjangoBatchDeleteMutation,
    DjangoBatchPatchMutation,
    DjangoBatchUpdateMutation,
    DjangoCreateMutation,
    DjangoDeleteMutation,
    DjangoFilterDeleteMutation,
    DjangoFilterUpdateMutation,
    DjangoPatchMutation,
    DjangoUpdateMutation,
)

import revy_graphql
from revy.contrib.django import get_object_delta_model
from tests.graphql.api import is_empty, messages, request_of
from tests.graphql.app.models import Bot
from tests.graphql.types import BotType

pytestmark = pytest.mark.django_db(transaction=True)


def make(base: Any, **meta: Any) -> Any:
    name = base.__name__.removeprefix("Django").replace("Mutation", "Bot")
    return type(name, (base,), {"Meta": type("Meta", (), {"model": Bot, **meta})}).Field()


class Query(graphene.ObjectType):
    hello = graphene.String()


class Mutation(graphene.ObjectType):
    create = make(DjangoCreateMutation)
    patch = make(DjangoPatchMutation)
    update = make(DjangoUpdateMutation)
    delete = make(DjangoDeleteMutation)
    batch_create = make(DjangoBatchCreateMutation)
    batch_patch = make(DjangoBatchPatchMutation)
    batch_update = make(DjangoBatchUpdateMutation)
    batch_delete = make(DjangoBatchDeleteMutation)
    filter_update = make(DjangoFilterUpdateMutation, filter_fields=("name",))
    filter_delete = make(DjangoFilterDeleteMutation, filter_fields=("name",))


schema = revy_graphql.Schema(query=Query, mutation=Mutation, types=[BotType])

# What is asked for, and what is recorded of the bots 1 and 2, which are there before, and of new ones.
KINDS = {
    "create": ('create(input: {name: "new"}, commitMessage: "m") { bot { name } }', ["C"]),
    "patch": ('patch(id: "1", input: {name: "new"}, commitMessage: "m") { bot { name } }', ["U"]),
    "update": ('update(id: "1", input: {name: "new"}, commitMessage: "m") { bot { name } }', ["U"]),
    "delete": ('delete(id: "1", commitMessage: "m") { found }', ["D"]),
    "batch_create": (
        'batchCreate(input: [{name: "a"}, {name: "b"}], commitMessage: "m") { bots { name } }', ["C", "C"],
    ),
    "batch_patch": (
        'batchPatch(input: [{id: "1", name: "a"}, {id: "2", name: "b"}], commitMessage: "m") { bots { name } }',
        ["U", "U"],
    ),
    "batch_update": (
        'batchUpdate(input: [{id: "1", name: "a"}, {id: "2", name: "b"}], commitMessage: "m") { bots { name } }',
        ["U", "U"],
    ),
    "batch_delete": ('batchDelete(ids: ["1", "2"], commitMessage: "m") { deletionCount }', ["D", "D"]),
    "filter_update": (
        'filterUpdate(filter: {name: "one"}, data: {name: "new"}, commitMessage: "m") { updatedCount }', ["U"],
    ),
    "filter_delete": ('filterDelete(input: {name: "one"}, commitMessage: "m") { deletionCount }', ["D"]),
}  # fmt: skip


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture(autouse=True)
def _bots(root: User) -> None:
    Bot.objects.bulk_create([Bot(pk=1, name="one"), Bot(pk=2, name="two")])


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_mutation_of_every_kind_is_one_revision_with_message_and_actor(kind: str, is_async: bool, root: User) -> None:
    query, actions = KINDS[kind]
    execute = async_to_sync(schema.execute_async) if is_async else schema.execute
    result = execute(f"mutation {{ {query} }}", context_value=request_of(root))
    assert result.errors is None
    assert messages() == ["m"]
    deltas = list(get_object_delta_model().objects.order_by("pk"))
    assert [delta.action[0] for delta in deltas] == actions
    assert {delta.actor for delta in deltas} == {root}


def test_batch_of_which_one_is_missing_leaves_nothing(root: User) -> None:
    query = 'batchPatch(input: [{id: "1", name: "a"}, {id: "9", name: "b"}], commitMessage: "m") { bots { name } }'
    result = schema.execute(f"mutation {{ {query} }}", context_value=request_of(root))
    assert [error.path for error in result.errors or ()] == [["batchPatch"]]
    assert list(Bot.objects.order_by("pk").values_list("name", flat=True)) == ["one", "two"]
    assert is_empty()
