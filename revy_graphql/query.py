"""The fields to add to the query type."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import graphene
from graphql import GraphQLResolveInfo

from revy_graphql.diff import read_diff
from revy_graphql.diff_types import ObjectDiff
from revy_graphql.errors import InvalidArgument
from revy_graphql.history import read_revisions
from revy_graphql.moment import parse_moment
from revy_graphql.past import find_object_as_of
from revy_graphql.reading import reads
from revy_graphql.revisions_field import filter_arguments, parse_arguments
from revy_graphql.types import (
    ObjectDelta,
    Revision,
    RevisionConnection,
    find_revision,
    key_of_revision,
    window_arguments,
)
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
        from_as_of=graphene.DateTime(description="In place of `from`: the version that was the last one at that time."),
        to_as_of=graphene.DateTime(description="In place of `to`: the version that was the last one at that time."),
        required=True,
        description="What differs between two versions of an object.",
    )

    object_as_of = graphene.Field(
        ObjectDelta,
        content_type=graphene.String(required=True, description='The model of the object, "app_label.model".'),
        content_id=graphene.ID(required=True, description="The primary key of the object."),
        as_of=graphene.DateTime(description="The time at which to look."),
        revision=graphene.ID(description="In place of `asOf`: the ID of the revision after which to look."),
        description="The object as it was then, by the last change until then: its `snapshot` is all that was recorded "
        "of the object. Null if the object was not there: not yet, or not any more.",
    )

    @staticmethod
    @reads
    def resolve_diff(
        root: Any,
        info: GraphQLResolveInfo,
        content_type: str,
        content_id: str,
        **ends: Any,
    ) -> Any:
        from_ = _read_end("from", ends.get("from_"), ends.get("from_as_of"))
        to = _read_end("to", ends.get("to"), ends.get("to_as_of"))
        return read_diff(Viewer(info), content_type, content_id, from_, to)

    @staticmethod
    @reads
    def resolve_object_as_of(
        root: Any,
        info: GraphQLResolveInfo,
        content_type: str,
        content_id: str,
        as_of: datetime | None = None,
        revision: str | None = None,
    ) -> Any:
        moment = parse_moment("asOf", as_of) if revision is None else key_of_revision(revision)
        if moment is None or (as_of is not None and revision is not None):
            raise InvalidArgument("Pass either `asOf` or `revision`.")
        return find_object_as_of(Viewer(info), content_type, content_id, moment)

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


def _read_end(name: str, version: int | None, moment: datetime | None) -> int | datetime | None:
    if version is not None and moment is not None:
        raise InvalidArgument(f"Pass `{name}` or `{name}AsOf`, not both.")
    return parse_moment(f"{name}AsOf", moment) if version is None else version
