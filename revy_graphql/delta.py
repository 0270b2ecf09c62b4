"""Deltas that were read together, and what is read for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import prefetch_related_objects
from graphql_relay import to_global_id

from revy.contrib.django import get_attribute_delta_model, get_object_delta_model
from revy.contrib.django.fields import in_field_order
from revy.contrib.django.models import ObjectState
from revy_graphql.actor import ActorKey, ActorRecord, actor_key, find_actors
from revy_graphql.masking import Mask
from revy_graphql.peers import introduce
from revy_graphql.viewer import Viewer

if TYPE_CHECKING:
    from revy_graphql.revision import RevisionBatch, RevisionRecord


class ObjectDeltaRecord:
    """An object delta that the viewer may see."""

    __typename = "ObjectDelta"

    def __init__(self, row: Any, batch: DeltaBatch) -> None:
        self.row = row
        self.batch = batch
        self.model = batch.viewer.visible_models[row.content_type_id]
        self.id = str(row.pk)
        self.action: str = row.action
        self.description: str = row.description
        self.content_type = self.model._meta.label_lower
        self.content_id: str = row.content_id
        self.created_at = row.created_at
        self.version: int = row.version

    @property
    def revision(self) -> RevisionRecord:
        return self.batch.revisions[self.row.revision_id]

    @property
    def actor(self) -> ActorRecord | None:
        return self.batch.actors.get(actor_key(self.row))

    @property
    def attribute_deltas(self) -> list[AttributeDeltaRecord]:
        return self.batch.attribute_deltas[self.row.pk]

    @property
    def snapshot(self) -> dict[str, Any] | None:
        return self.batch.snapshots[self.row.pk]

    @property
    def object(self) -> models.Model | None:
        return self.batch.objects.get((self.model, self.content_id))


class AttributeDeltaRecord:
    """An attribute delta of an object delta that the viewer may see; its values only if they may see these, too."""

    __typename = "AttributeDelta"

    def __init__(self, row: Any, place: int, object_delta: ObjectDeltaRecord, mask: Mask) -> None:
        self.row = row
        self.object_delta = object_delta
        self.field_name: str = row.field_name
        old, new = (
            mask.is_visible(object_delta.model, row.field_name, value) for value in (row.old_value, row.new_value)
        )
        self.is_masked = not (old and new)
        self.old_value = row.old_value if old else None
        self.new_value = row.new_value if new else None
        # A description may repeat the values, and the action tells whether the new one is empty.
        self.description: str = "" if self.is_masked else row.description
        self.action: str = row.ACTION_SET if self.is_masked else row.action
        # Those that a state implies have no row, and so no primary key.
        self.id = to_global_id("AttributeDelta", f"{object_delta.id}:{place}")
        self.content_type = object_delta.content_type
        self.content_id = object_delta.content_id
        self.created_at = object_delta.created_at

    @property
    def revision(self) -> RevisionRecord:
        return self.object_delta.revision

    @property
    def actor(self) -> ActorRecord | None:
        return self.object_delta.batch.actors.get(actor_key(self.row))


class DeltaBatch:
    """Object deltas that were read together. What they need is read when it is first asked for, for all in one go."""

    def __init__(
        self,
        viewer: Viewer,
        rows: Sequence[Any],
        find_revisions: Callable[[], Mapping[Any, RevisionRecord]],
        parent: RevisionBatch | None = None,
    ) -> None:
        self.viewer = viewer
        self.rows = rows
        self.records = [ObjectDeltaRecord(row, self) for row in rows]
        self._find_revisions = find_revisions
        self._parent = parent

    @cached_property
    def revisions(self) -> Mapping[Any, RevisionRecord]:
        return self._find_revisions()

    @cached_property
    def actors(self) -> dict[ActorKey, ActorRecord]:
        """The actors of the deltas, and of their attribute deltas where these are selected, too: in one pass."""
        selection = self.viewer.selection
        if self._parent is not None and selection.has("actors"):
            return self._parent.actors_by_key
        keys = set(map(actor_key, self.rows))
        if selection.has("actor", below="attributeDeltas"):
            keys.update(actor_key(row) for rows in self._attribute_rows.values() for row in rows)
        return find_actors(self.viewer, keys)

    @cached_property
    def attribute_deltas(self) -> dict[Any, list[AttributeDeltaRecord]]:
        mask = Mask(
            self.viewer,
            (
                (record.model, row.field_name, value)
                for record in self.records
                for row in self._attribute_rows[record.row.pk]
                for value in (row.old_value, row.new_value)
            ),
        )
        return {
            record.row.pk: [
                AttributeDeltaRecord(row, place, record, mask)
                for place, row in enumerate(self._attribute_rows[record.row.pk])
            ]
            for record in self.records
        }

    @cached_property
    def snapshots(self) -> dict[Any, dict[str, Any] | None]:
        deltas = get_object_delta_model()._base_manager.using(self.viewer.using)
        unknown = deltas.filter(pk__in=[row.pk for row in self.rows if row.state is None])
        known = {row.pk: row for row in unknown.annotate(recorded_state=ObjectState())}
        states = {record: known.get(record.row.pk, record.row).get_state() or {} for record in self.records}
        mask = Mask(
            self.viewer,
            ((record.model, name, value) for record, state in states.items() for name, value in state.items()),
        )
        return {record.row.pk: mask.apply(record.model, state) or None for record, state in states.items()}

    @cached_property
    def objects(self) -> dict[tuple[type[models.Model], str], models.Model | None]:
        found = self.viewer.find_objects((record.model, record.content_id) for record in self.records)
        introduce(found.values())
        return {reference: self.viewer.as_node(instance) for reference, instance in found.items()}

    @cached_property
    def _attribute_rows(self) -> dict[Any, list[Any]]:
        """The attribute deltas by object delta, in the order of the model's fields."""
        prefetch_related_objects(self.rows, "attribute_deltas")
        found = {}
        for record in self.records:
            rows = self._with_empty_ones(record)
            places = {
                name: place for place, name in enumerate(in_field_order(record.model, {row.field_name for row in rows}))
            }
            found[record.row.pk] = sorted(rows, key=lambda row: places[row.field_name])
        return found

    def _with_empty_ones(self, record: ObjectDeltaRecord) -> list[Any]:
        """Return the attribute deltas, with those masked ones of a whole state whose values are empty.

        A list without these would tell which of the masked values are empty.
        """
        rows: list[Any] = record.row.get_attribute_deltas()
        if record.row.state is None or record.row.action == record.row.ACTION_UPDATE:
            return rows
        told = {row.field_name for row in rows}
        model = get_attribute_delta_model()
        empty = (
            model(
                object_delta=record.row,
                field_name=name,
                actor_type_id=record.row.actor_type_id,
                actor_id=record.row.actor_id,
            )
            for name in record.row.state
            if name not in told and self.viewer.visible_field(record.model, name) is None
        )
        return [*rows, *empty]
