"""The fields to add to the mutation type."""

from __future__ import annotations

from typing import Any

import graphene
from graphene import relay
from graphql import GraphQLResolveInfo

from revy_graphql.plan_types import RestoreError, RestorePlan
from revy_graphql.reading import reads
from revy_graphql.restoring import RestoreRecord, RevertRecord, Terms, restore_object, revert_revision
from revy_graphql.tracking import PlanningResolver
from revy_graphql.types import ObjectDelta, Revision
from revy_graphql.viewer import Viewer


class RestoreObjectPayload(graphene.ObjectType):
    """What became of a restore: with errors, nothing was changed; with neither errors nor a delta, nothing had to."""

    revision = graphene.Field(Revision, description="The revision that was written.")
    object_delta = graphene.Field(ObjectDelta, description="The change that was written.")
    object = graphene.Field(relay.Node, description="The object, if the schema has a node type for it.")
    plan = graphene.Field(
        RestorePlan,
        description="What was done, or with `dryRun` would be, or what cannot be done; null if you may not know.",
    )
    errors = graphene.List(
        graphene.NonNull(RestoreError), required=True, description="Everything that stands in the way."
    )

    @staticmethod
    @reads
    def resolve_revision(root: RestoreRecord, info: GraphQLResolveInfo) -> Any:
        return root.revision


class RevertRevisionPayload(graphene.ObjectType):
    """What became of a revert: with errors, nothing was changed."""

    revision = graphene.Field(
        Revision,
        description="The revision that was written; null if nothing had to be, and if you may not see anything of it.",
    )
    plan = graphene.Field(
        RestorePlan,
        description="What was done, or with `dryRun` would be, or what cannot be done; null if you may not know.",
    )
    errors = graphene.List(
        graphene.NonNull(RestoreError), required=True, description="Everything that stands in the way."
    )


def terms_arguments() -> dict[str, Any]:
    """Return the arguments that say whether a plan is carried out, new ones for each field."""
    return {
        "dry_run": graphene.Boolean(
            description="Whether only to say what would be done: nothing is written then, and no message needed."
        ),
        "expected_plan": graphene.String(
            description="The token of the plan that you have seen. If it would do something else by now, the error "
            "CONFLICT is given."
        ),
    }


def _restore(
    root: Any,
    info: GraphQLResolveInfo,
    *,
    content_type: str,
    content_id: str,
    version: int | None = None,
    expected_version: int | None = None,
    **options: Any,
) -> RestoreRecord:
    # Among the options is the message, which is used by TrackedResolver, around this.
    viewer, related = Viewer(info), bool(options.get("related"))
    address = content_type, content_id
    return restore_object(viewer, address, version, expected_version, related, Terms.of(options))


def _revert(root: Any, info: GraphQLResolveInfo, *, id: str, **options: Any) -> RevertRecord:
    return revert_revision(Viewer(info), id, bool(options.get("skip_conflicts")), Terms.of(options))


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
        related=graphene.Boolean(
            description="Whether what fell with a deleted object comes back with it: what its deletion took along, and "
            "the references to it that were taken away."
        ),
        **terms_arguments(),
        commit_message=graphene.String(description="Why the object is restored: the description of the revision."),
        required=True,
        # Recorded in every schema, whether that is wrapped or not.
        resolver=PlanningResolver(_restore),
        description="Write a recorded state of an object back, as a new version.",
    )
    revert_revision = graphene.Field(
        RevertRevisionPayload,
        id=graphene.ID(required=True, description="The ID of the revision to undo."),
        skip_conflicts=graphene.Boolean(
            description="Whether to leave out what was changed again since, or what others have come to refer to. By "
            "default, nothing is done then."
        ),
        **terms_arguments(),
        commit_message=graphene.String(description="Why the revision is undone: the description of the new revision."),
        required=True,
        resolver=PlanningResolver(_revert),
        description="Undo what a revision did: delete what it created, bring back what it deleted, and set what it "
        "changed to what it was.",
    )
