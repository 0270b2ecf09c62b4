"""The field to add to the mutation type."""

from __future__ import annotations

from typing import Any

import graphene
from graphene import relay
from graphql import GraphQLResolveInfo

from revy_graphql.reading import reads
from revy_graphql.restoring import RestoreRecord, restore_object
from revy_graphql.tracking import TrackedResolver
from revy_graphql.types import ObjectDelta, Revision
from revy_graphql.viewer import Viewer


class RestoreError(graphene.ObjectType):
    """Why an object was not restored."""

    field = graphene.String(description="The attribute that stands in the way; null if it is the object as a whole.")
    message = graphene.String(required=True, description="What stands in the way, for people.")
    code = graphene.String(
        required=True, description="The same for programs: NOT_FOUND, FORBIDDEN, INVALID, CONFLICT and others."
    )


class RestoreObjectPayload(graphene.ObjectType):
    """What became of a restore: with errors, nothing was changed; with neither errors nor a delta, nothing had to."""

    revision = graphene.Field(Revision, description="The revision that was written.")
    object_delta = graphene.Field(ObjectDelta, description="The change that was written.")
    object = graphene.Field(relay.Node, description="The object, if the schema has a node type for it.")
    errors = graphene.List(
        graphene.NonNull(RestoreError), required=True, description="Everything that stands in the way."
    )

    @staticmethod
    @reads
    def resolve_revision(root: RestoreRecord, info: GraphQLResolveInfo) -> Any:
        return root.revision


def _restore(
    root: Any,
    info: GraphQLResolveInfo,
    *,
    content_type: str,
    content_id: str,
    version: int | None = None,
    expected_version: int | None = None,
    commit_message: str | None = None,
) -> RestoreRecord:
    # The message is used by TrackedResolver, around this.
    return restore_object(Viewer(info), content_type, content_id, version, expected_version)


class Mutation(graphene.ObjectType):
    """Mix this into the mutation type: `class Mutation(revy_graphql.Mutation, graphene.ObjectType)`."""

    restore_object = graphene.Field(
        RestoreObjectPayload,
        content_type=graphene.String(required=True, description='The model of the object, "app_label.model".'),
        content_id=graphene.ID(required=True, description="The primary key of the object."),
        version=graphene.Int(
            description="The version to restore; by default the last one, which brings a deleted object back."
        ),
        expected_version=graphene.Int(
            description="The version that you believe to be the last one. If it is not, the error CONFLICT is given."
        ),
        commit_message=graphene.String(description="Why the object is restored: the description of the revision."),
        required=True,
        # Recorded in every schema, whether that is wrapped or not.
        resolver=TrackedResolver(_restore),
        description="Write a recorded state of an object back, as a new version.",
    )
