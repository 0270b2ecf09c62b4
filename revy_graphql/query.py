"""The fields to add to the query type."""

from __future__ import annotations

from typing import Any

import graphene
from graphql import GraphQLResolveInfo
from graphql_relay import from_global_id

from revy.contrib.django import get_revision_model
from revy_graphql.cursor import Window
from revy_graphql.errors import InvalidArgument
from revy_graphql.history import read_revisions
from revy_graphql.reading import reads
from revy_graphql.types import PAGE_SIZE, Revision, RevisionConnection, find_revision
from revy_graphql.viewer import Viewer


class Query(graphene.ObjectType):
    """Mix this into the query type: `class Query(revy_graphql.Query, graphene.ObjectType)`."""

    revisions = graphene.Field(
        RevisionConnection,
        content_type=graphene.String(description='Only changes of objects of this model, "app_label.model".'),
        content_id=graphene.ID(description="Only changes of the object with this primary key; needs contentType."),
        first=graphene.Int(description=f"How many, from the newest on; {PAGE_SIZE}"),
        after=graphene.String(description="Only those behind this cursor."),
        last=graphene.Int(description=f"How many, from the oldest on; {PAGE_SIZE}"),
        before=graphene.String(description="Only those before this cursor."),
        required=True,
        description="The history that you may see, newest first.",
    )
    revision = graphene.Field(
        Revision,
        id=graphene.ID(required=True, description="The ID of the revision."),
        description="One revision; null if it does not exist, or if you may not see any of its changes.",
    )

    @staticmethod
    @reads
    def resolve_revisions(
        root: Any,
        info: GraphQLResolveInfo,
        content_type: str | None = None,
        content_id: str | None = None,
        **window: Any,
    ) -> Any:
        return read_revisions(Viewer(info), Window.parse(get_revision_model(), **window), content_type, content_id)

    @staticmethod
    @reads
    def resolve_revision(root: Any, info: GraphQLResolveInfo, id: str) -> Any:
        return find_revision(info, _key_of_revision(id))


def _key_of_revision(global_id: str) -> str:
    type_name, key = from_global_id(global_id)
    if type_name != Revision._meta.name:
        raise InvalidArgument("The ID is broken: pass one that came with a revision, as it is.")
    return key
