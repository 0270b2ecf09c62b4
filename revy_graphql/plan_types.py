"""The types of the schema: what a restore or a revert is going to do."""

from __future__ import annotations

from typing import Any

import graphene
from graphene import relay
from graphql import GraphQLResolveInfo

from revy_graphql.cursor import DEFAULT_SIZE, MAX_SIZE
from revy_graphql.errors import InvalidArgument
from revy_graphql.plan import ObjectPlanRecord, PlanRecord
from revy_graphql.reading import reads
from revy_graphql.types import JSON, DeltaAction


class RestoreError(graphene.ObjectType):
    """Why nothing was restored or reverted."""

    # Of the node budget: a part of what it is listed in.
    list_size = 1

    field = graphene.String(description="The attribute that stands in the way; null if it is the object as a whole.")
    message = graphene.String(required=True, description="What stands in the way, for people.")
    code = graphene.String(
        required=True, description="The same for programs: NOT_FOUND, FORBIDDEN, INVALID, CONFLICT and others."
    )


class PlannedChange(graphene.ObjectType):
    """One attribute of an object, and what is to become of it."""

    # Of the node budget: a part of what it is listed in.
    list_size = 1

    field_name = graphene.String(required=True, description="The attribute, by its name in the model.")
    now = graphene.Field(JSON, description="The value as it is; null if there is no object.")
    then = graphene.Field(JSON, description="The value as it is to be; null if the object is to go.")
    is_masked = graphene.Boolean(
        required=True,
        description="Whether there are values that you may not see: these are null, and perhaps they do not differ.",
    )


class ObjectPlan(graphene.ObjectType):
    """What is to become of one object."""

    # What `find_page_size` counts where the client gives no size.
    default_page_size = DEFAULT_SIZE

    content_type = graphene.String(required=True, description='The model of the object, "app_label.model".')
    content_id = graphene.ID(required=True, description="The primary key of the object.")
    action = DeltaAction(
        description="What happens to the object: CREATE, UPDATE or DELETE; null if nothing is to be done."
    )
    changes = graphene.List(
        graphene.NonNull(PlannedChange), required=True, description="The attributes that change, and all masked ones."
    )
    conflicts = graphene.List(
        graphene.NonNull(PlannedChange),
        required=True,
        description="The attributes that were changed again since, and are left as they are.",
    )
    problems = graphene.List(
        graphene.NonNull(RestoreError), required=True, description="What stands in the way at this object."
    )
    object = graphene.Field(relay.Node, description="The object as it is now, if the schema has a node type for it.")

    @staticmethod
    @reads
    def resolve_changes(root: ObjectPlanRecord, info: GraphQLResolveInfo) -> Any:
        return root.changes

    @staticmethod
    @reads
    def resolve_conflicts(root: ObjectPlanRecord, info: GraphQLResolveInfo) -> Any:
        return root.conflicts

    @staticmethod
    @reads
    def resolve_object(root: ObjectPlanRecord, info: GraphQLResolveInfo) -> Any:
        return root.object


class RestorePlan(graphene.ObjectType):
    """What a restore or a revert is going to do, or has done."""

    objects = graphene.List(
        graphene.NonNull(ObjectPlan),
        first=graphene.Int(description=f"How many; {DEFAULT_SIZE} by default, {MAX_SIZE} at most."),
        offset=graphene.Int(description="How many to leave out at the start."),
        required=True,
        description="The objects that change, and those at which something stands in the way, by model and key.",
    )
    object_count = graphene.Int(required=True, description="How many objects there are in all.")
    token = graphene.String(
        required=True,
        description="The same for plans that do the same: pass it as `expectedPlan` to have this one carried out.",
    )
    is_empty = graphene.Boolean(required=True, description="Whether there is nothing to do, and nothing in the way.")

    @staticmethod
    def resolve_objects(
        root: PlanRecord, info: GraphQLResolveInfo, first: int | None = None, offset: int | None = None
    ) -> Any:
        size, begin = DEFAULT_SIZE if first is None else first, offset or 0
        if not 0 <= size <= MAX_SIZE:
            raise InvalidArgument(f"`first` must be at least 0 and at most {MAX_SIZE}.")
        if begin < 0:
            raise InvalidArgument("`offset` must be at least 0.")
        return root.objects[begin : begin + size]

    @staticmethod
    def resolve_object_count(root: PlanRecord, info: GraphQLResolveInfo) -> int:
        return len(root.objects)
