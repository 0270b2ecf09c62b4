"""The types of the schema: what is read of a history."""

from __future__ import annotations

from typing import Any

import graphene
from django.db.models import Subquery
from graphene import relay
from graphql import GraphQLResolveInfo
from graphql_relay import from_global_id

from revy.contrib.django import get_object_delta_model, get_revision_model
from revy.contrib.django.keys import parse_key
from revy_graphql.connection import ConnectionRecord, PageInfoRecord
from revy_graphql.cursor import DEFAULT_SIZE, MAX_SIZE, Axis, Window
from revy_graphql.errors import InvalidArgument
from revy_graphql.groups import in_group
from revy_graphql.reading import read, reads
from revy_graphql.revision import RevisionBatch, RevisionRecord, read_deltas
from revy_graphql.viewer import Viewer


def window_arguments() -> dict[str, Any]:
    """Return the arguments of a connection, new ones for each."""
    size = f"{DEFAULT_SIZE} by default, {MAX_SIZE} at most."
    return {
        "first": graphene.Int(description=f"How many, from the start of the list on; {size}"),
        "after": graphene.String(description="Only those behind this cursor."),
        "last": graphene.Int(description=f"How many, from the end of the list on; {size}"),
        "before": graphene.String(description="Only those ahead of this cursor."),
    }


class JSON(graphene.Scalar):
    """Any JSON value."""

    @staticmethod
    def serialize(value: Any) -> Any:
        return value


_ACTION_DESCRIPTIONS = {
    "CREATE": "The object is created, or restored after it was deleted.",
    "UPDATE": "Attributes of the object get other values.",
    "DELETE": "The object is deleted.",
    "SET": "The attribute gets a value.",
    "UNSET": "The attribute becomes null.",
}


class DeltaAction(graphene.Enum):
    """What a delta does: an object is created, updated or deleted, an attribute is set or unset."""

    CREATE = "C"
    UPDATE = "U"
    DELETE = "D"
    SET = "S"
    UNSET = "X"

    @property
    def description(self) -> str:
        return _ACTION_DESCRIPTIONS[self.name]


class Actor(graphene.ObjectType):
    """Who made a change."""

    # Of the node budget: a part of what it is listed in.
    list_size = 1

    content_type = graphene.String(required=True, description='The model of the actor, "app_label.model".')
    content_id = graphene.ID(required=True, description="The primary key of the actor.")
    display = graphene.String(description="What to call the actor; null if the actor exists no more.")
    node = graphene.Field(relay.Node, description="The actor itself, if the schema has a node type for it.")


class Delta(graphene.Interface):
    """One change: of an object, or of one of its attributes."""

    id = graphene.ID(required=True, description="The ID of the object")
    revision = graphene.Field(
        lambda: graphene.NonNull(Revision), description="The revision that the change belongs to."
    )
    actor = graphene.Field(
        Actor, description="Who made the change; null for the system, and for an actor that you may not see."
    )
    action = graphene.Field(DeltaAction, required=True, description="What the change does.")
    description = graphene.String(required=True, description="Why the change was made, if it says so itself.")
    content_type = graphene.String(required=True, description='The model of the changed object, "app_label.model".')
    content_id = graphene.ID(required=True, description="The primary key of the changed object.")
    created_at = graphene.DateTime(required=True, description="When the change was made.")

    @staticmethod
    @reads
    def resolve_revision(root: Any, info: GraphQLResolveInfo) -> Any:
        return root.revision

    @staticmethod
    @reads
    def resolve_actor(root: Any, info: GraphQLResolveInfo) -> Any:
        return root.actor


class AttributeDelta(graphene.ObjectType):
    """One change of one attribute of an object."""

    class Meta:
        interfaces = (Delta,)

    # Of the node budget: a part of what it is listed in.
    list_size = 1

    field_name = graphene.String(required=True, description="The attribute, by its name in the model.")
    old_value = graphene.Field(JSON, description="The value before the change.")
    new_value = graphene.Field(JSON, description="The value after the change.")
    is_masked = graphene.Boolean(
        required=True, description="Whether there are values that you may not see: these are null."
    )


class ObjectDelta(graphene.ObjectType):
    """One change of one object."""

    class Meta:
        interfaces = (relay.Node, Delta)

    id = relay.GlobalID(description="The ID of the object")
    version = graphene.Int(required=True, description="The place of the change in the history of the object: 1, 2, 3 …")
    attribute_deltas = graphene.List(
        graphene.NonNull(AttributeDelta), required=True, description="What was changed, attribute by attribute."
    )
    snapshot = graphene.Field(
        JSON,
        description="The attributes of the object at this version, by name, as far as you may see them; "
        "of a deletion, those before it.",
    )
    object = graphene.Field(relay.Node, description="The object as it is now, if the schema has a node type for it.")

    @staticmethod
    @reads
    def resolve_attribute_deltas(root: Any, info: GraphQLResolveInfo) -> Any:
        return root.attribute_deltas

    @staticmethod
    @reads
    def resolve_snapshot(root: Any, info: GraphQLResolveInfo) -> Any:
        return root.snapshot

    @staticmethod
    @reads
    def resolve_object(root: Any, info: GraphQLResolveInfo) -> Any:
        return root.object

    @classmethod
    def get_node(cls, info: GraphQLResolveInfo, id: str) -> Any:
        return read(info, find_object_delta, info, id)


class CountedConnection(relay.Connection):
    """A page of a list."""

    class Meta:
        abstract = True

    # What `find_page_size` counts where the client gives no size.
    default_page_size = DEFAULT_SIZE

    total_count = graphene.Int(required=True, description="How many there are in all, on this page and beyond.")

    @staticmethod
    def resolve_page_info(root: ConnectionRecord, info: GraphQLResolveInfo) -> Any:
        return PageInfoRecord(root, info)

    @staticmethod
    @reads
    def resolve_total_count(root: ConnectionRecord, info: GraphQLResolveInfo) -> Any:
        return root.count()


class ObjectDeltaConnection(CountedConnection):
    """Object deltas, newest first."""

    class Meta:
        node = ObjectDelta
        strict_types = True


class Revision(graphene.ObjectType):
    """A commit: what was changed at once, with one description."""

    class Meta:
        interfaces = (relay.Node,)

    description = graphene.String(required=True, description="Why the change was made: the commit message.")
    created_at = graphene.DateTime(required=True, description="When the first change was made.")
    actors = graphene.List(
        graphene.NonNull(Actor), required=True, description="Who took part, as far as you may see the actors."
    )
    object_deltas = graphene.Field(
        ObjectDeltaConnection,
        content_type=graphene.String(description='Only changes of objects of this model, "app_label.model".'),
        content_id=graphene.ID(description="Only changes of objects with this primary key."),
        **window_arguments(),
        required=True,
        description="The changes of objects that you may see, newest first.",
    )

    @staticmethod
    @reads
    def resolve_actors(root: RevisionRecord, info: GraphQLResolveInfo) -> Any:
        return root.actors

    @staticmethod
    @reads
    def resolve_object_deltas(
        root: RevisionRecord,
        info: GraphQLResolveInfo,
        content_type: str | None = None,
        content_id: str | None = None,
        **arguments: Any,
    ) -> Any:
        window = Window.parse(Axis.by_key(get_object_delta_model()), **arguments)
        return root.batch.object_deltas(window, content_type, content_id)[root.row.pk]

    @classmethod
    def get_node(cls, info: GraphQLResolveInfo, id: str) -> Any:
        return read(info, find_revision, info, id)


class RevisionConnection(CountedConnection):
    """Revisions, newest first."""

    class Meta:
        node = Revision
        strict_types = True


def find_revision(info: GraphQLResolveInfo, key: str) -> RevisionRecord | None:
    """Return the revision of a primary key if the viewer may see a delta of it, else None."""
    viewer = Viewer(info)
    pk = _parse(get_revision_model(), key)
    # Of many deltas the first one is enough, which databases see from the limit alone.
    first = in_group(viewer.object_deltas(), "revision_id", pk).values("revision_id")[:1]
    rows = viewer.revisions().filter(pk=Subquery(first))
    return next(iter(RevisionBatch(viewer, list(rows)).records.values()), None)


def key_of_revision(global_id: str) -> str:
    """Return the primary key in the ID of a revision. Raises InvalidArgument for what is no such ID."""
    type_name, key = from_global_id(global_id)
    if type_name != Revision._meta.name:
        raise InvalidArgument("The ID is broken: pass one that came with a revision, as it is.")
    return key


def find_object_delta(info: GraphQLResolveInfo, key: str) -> Any:
    """Return the object delta of a primary key if the viewer may see it, else None."""
    viewer = Viewer(info)
    rows = viewer.object_deltas().filter(pk=_parse(get_object_delta_model(), key))
    return next(iter(read_deltas(viewer, list(rows)).records), None)


def _parse(model: Any, key: str) -> Any:
    try:
        return parse_key(model, key)
    except ValueError as error:
        raise InvalidArgument("The ID is broken: pass one that came with an object, as it is.") from error
