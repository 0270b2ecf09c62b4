"""The types of the schema: what differs between two versions."""

from __future__ import annotations

import graphene

from revy_graphql.types import JSON, ObjectDelta


class AttributeDiff(graphene.ObjectType):
    """What differs in one attribute."""

    field_name = graphene.String(required=True, description="The attribute, by its name in the model.")
    old_value = graphene.Field(JSON, description="The value at the version that the diff starts from.")
    new_value = graphene.Field(JSON, description="The value at the version that the diff ends with.")
    unified_diff = graphene.String(
        description="The lines that differ, for texts, as `diff -u` has them; null for what is no text, and for texts "
        "with more than 2,000 lines between the first difference and the last."
    )
    is_masked = graphene.Boolean(
        required=True,
        description="Whether there are values that you may not see: these are null, and perhaps they do not differ.",
    )


class ObjectDiff(graphene.ObjectType):
    """What differs between two versions of an object."""

    from_ = graphene.Field(
        ObjectDelta,
        name="from",
        description="The change that made the version to start from; null before the first one.",
    )
    to = graphene.Field(
        ObjectDelta, description="The change that made the version to end with; null before the first one."
    )
    attributes = graphene.List(
        graphene.NonNull(AttributeDiff),
        required=True,
        description="The attributes that differ, in the order of the model. After a deletion there are no values.",
    )
