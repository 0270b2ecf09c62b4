"""The field `revisions`: of the query type, and for the object types of a project."""

from __future__ import annotations

from typing import Any, Final

import graphene
from django.db import models
from graphql import GraphQLResolveInfo

from revy_graphql.filters import Filters
from revy_graphql.own_history import own_histories
from revy_graphql.reading import reads
from revy_graphql.types import DeltaAction, RevisionConnection, window_arguments
from revy_graphql.viewer import Viewer

_OLDEST: Final = "oldest"


class RevisionOrder(graphene.Enum):
    """The order of a list of revisions."""

    class Meta:
        description = "The order of a list of revisions."

    NEWEST = "newest"
    OLDEST = _OLDEST

    @property
    def description(self) -> str:
        return f"The {self.value} ones first."


class ActorInput(graphene.InputObjectType):
    """An actor, by its address."""

    content_type = graphene.String(required=True, description='The model of the actor, "app_label.model".')
    content_id = graphene.ID(required=True, description="The primary key of the actor.")


def filter_arguments() -> dict[str, Any]:
    """Return the arguments that choose and order revisions, new ones for each field."""
    return {
        "actor": ActorInput(description="Only revisions with a change by this actor."),
        "action": DeltaAction(
            description="Only revisions that do this to an object that is asked for: CREATE, UPDATE or DELETE."
        ),
        "field_name": graphene.String(
            description="Only revisions that change this attribute, by its name in the model, as `fieldName` gives it; "
            "creating and deleting an object changes all of them."
        ),
        "since": graphene.DateTime(description="Only revisions made then or later."),
        "until": graphene.DateTime(description="Only revisions made before then."),
        "text": graphene.String(description="Only revisions with this text in their description, in any case."),
        "as_of": graphene.DateTime(
            description="Only changes made until then, in the revisions too: the history as it was known at that time."
        ),
        "order": RevisionOrder(
            default_value=RevisionOrder.NEWEST, description="Which revisions come first: the newest, or the oldest."
        ),
    }


def parse_arguments(viewer: Viewer, arguments: dict[str, Any]) -> tuple[dict[str, Any], Filters]:
    """Return what the field's arguments mean: those of `Window.parse`, and the filters. Raises as these do."""
    given = dict(arguments)
    order: Any = given.pop("order", None)
    window = {name: given.pop(name, None) for name in ("first", "after", "last", "before")}
    window["is_ascending"] = order is not None and order.value == _OLDEST
    if given.get("action") is not None:
        given["action"] = given["action"].value
    return window, Filters.parse(viewer, **given)


class RevisionsField:
    """Gives objects a field with their own history: `class PostType(revy_graphql.RevisionsField, DjangoObjectType)`.

    An object whose history the viewer may not see has an empty one. In a schema that is wrapped by `track`, the
    histories of all objects of a list are read at once.
    """

    revisions = graphene.Field(
        lambda: RevisionConnection,
        **window_arguments(),
        **filter_arguments(),
        required=True,
        description="The revisions that changed this object, newest first, as far as you may see them.",
    )

    @staticmethod
    @reads
    def resolve_revisions(root: models.Model, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        histories = own_histories(root, info)
        return histories.read(root, *parse_arguments(histories.viewer, arguments))
