"""The fields to add to the query type."""

from __future__ import annotations

from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from revy_graphql.diff import read_diff
from revy_graphql.diff_types import ObjectDiff
from revy_graphql.history import read_revisions
from revy_graphql.reading import reads
from revy_graphql.revisions_field import filter_arguments, parse_arguments
from revy_graphql.types import Revision, RevisionConnection, find_revision, key_of_revision, window_arguments
from revy_graphql.viewer import Viewer


class Query(graphene.ObjectType):
    """Mix this into the query type: `class Query(revy_graphql.Query, graphene.ObjectType)`."""

    revisions = graphene.Field(
        RevisionConnection,
        content_type=graphene.String(description='Only changes of objects of this model, "app_label.model".'),
        content_id=graphene.ID(description="Only changes of the object with this primary key; needs contentType."),
        **window_arguments(),
        **filter_arguments(),
        required=True,
        description="The history that you may see, newest first.",
    )
    revision = graphene.Field(
        Revision,
        id=graphene.ID(required=True, description="The ID of the revision."),
        description="One revision; null if it does not exist, or if you may not see any of its changes.",
    )

    diff = graphene.Field(
        ObjectDiff,
        content_type=graphene.String(required=True, description='The model of the object, "app_label.model".'),
        content_id=graphene.ID(required=True, description="The primary key of the object."),
        from_=graphene.Int(
            name="from", description="The version to start from; by default the one before `to`. 0 is before the first."
        ),
        to=graphene.Int(description="The version to end with; by default the last one."),
        required=True,
        description="What differs between two versions of an object.",
    )

    @staticmethod
    @reads
    def resolve_diff(
        root: Any,
        info: GraphQLResolveInfo,
        content_type: str,
        content_id: str,
        from_: int | None = None,
        to: int | None = None,
    ) -> Any:
        return read_diff(Viewer(info), content_type, content_id, from_, to)

    @staticmethod
    @reads
    def resolve_revisions(
        root: Any,
        info: GraphQLResolveInfo,
        content_type: str | None = None,
        content_id: str | None = None,
        **arguments: Any,
    ) -> Any:
        viewer = Viewer(info)
        return read_revisions(viewer, *parse_arguments(viewer, arguments), content_type, content_id)

    @staticmethod
    @reads
    def resolve_revision(root: Any, info: GraphQLResolveInfo, id: str) -> Any:
        return find_revision(info, key_of_revision(id))
