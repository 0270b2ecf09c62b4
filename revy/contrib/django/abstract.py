"""The abstract bases of the three swappable models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from revy import abc
from revy.contrib.django import conf
from revy.contrib.django.deltas import ObjectDeltaQuerySet
from revy.contrib.django.fields import KeyField, ObjectKey, TypeKey, database_of, keep_object
from revy.contrib.django.renames import model_of, names_of_today

if TYPE_CHECKING:
    from revy.contrib.django.values import Json


def _content_type(**options: Any) -> Any:
    """A reference that neither deletes history nor fails when the content type goes away."""
    return TypeKey(
        ContentType, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", **options
    )


def _unique(actors: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for actor in actors:
        if actor not in found:
            found.append(actor)
    return found


class AbstractRevision(models.Model):
    """A commit: everything that was changed in one scope, with one description."""

    id = models.BigAutoField(primary_key=True)
    description = models.TextField(_("description"), blank=True, default="")
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    object_deltas: Any

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"r{self.pk} {self.description}".rstrip()

    def get_description(self) -> str:
        return self.description

    def get_actors(self) -> list[Any]:
        """Return who took part, None for the system, each once, in the order of their first change."""
        return _unique(actor for delta in self.get_object_deltas() for actor in delta.get_actors())

    def get_object_deltas(self) -> Iterable[Any]:
        return self.object_deltas.order_by("pk")  # type: ignore[no-any-return]


class AbstractDelta(models.Model):
    """Who made a change, and why."""

    id = models.BigAutoField(primary_key=True)
    actor_type = _content_type(null=True, blank=True, verbose_name=_("actor type"))
    actor_id = KeyField(_("actor id"), null=True, blank=True)
    description = models.TextField(_("description"), blank=True, default="")

    actor = ObjectKey("actor_type", "actor_id")

    class Meta:
        abstract = True

    def get_actor(self) -> Any:
        """Return the actor, or None: the system itself, or an actor that exists no more."""
        return self.actor

    def get_description(self) -> str:
        return self.description


class AbstractObjectDelta(AbstractDelta):
    """One change of one object: its place in the object's history, and the whole state where one is stored."""

    ACTION_CREATE: ClassVar = "C"
    ACTION_UPDATE: ClassVar = "U"
    ACTION_DELETE: ClassVar = "D"
    ACTIONS: ClassVar = (
        (ACTION_CREATE, _("Create")),
        (ACTION_UPDATE, _("Update")),
        (ACTION_DELETE, _("Delete")),
    )

    revision = models.ForeignKey(
        conf.swappable_label(conf.REVISION_SETTING),
        on_delete=models.CASCADE,
        db_index=False,
        related_name="object_deltas",
        verbose_name=_("revision"),
    )
    action = models.CharField(_("action"), max_length=1, choices=ACTIONS)
    content_type = _content_type(verbose_name=_("content type"))
    content_id = KeyField(_("content id"))
    version = models.PositiveIntegerField(_("version"))
    state = models.JSONField(_("state"), null=True, blank=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    content = ObjectKey("content_type", "content_id")
    attribute_deltas: Any

    objects = ObjectDeltaQuerySet.as_manager()

    class Meta(AbstractDelta.Meta):
        abstract = True
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["content_type", "content_id", "version"], name="%(app_label)s_%(class)s_version"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["actor_type", "actor_id"]),
            # With the key, so that a page of a revision with a million changes is read without sorting them.
            models.Index(fields=["revision", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.content_type_id}:{self.content_id} v{self.version}"

    def get_revision(self) -> Any:
        return self.revision

    def get_action(self) -> str:
        return self.action

    def get_content(self) -> Any:
        """Return the object as it is now, or None."""
        return self.content

    def get_actors(self) -> list[Any]:
        """Return the actor of the change and those of its attributes, each once."""
        return _unique([self.get_actor(), *(delta.get_actor() for delta in self.attribute_deltas.all())])

    def get_attribute_deltas(self) -> list[Any]:
        """Return every attribute delta, building those that a Create or Delete leaves to its state.

        The built ones are not saved; their actor is the object delta's.
        """
        # What was read in advance needs no manager: making one takes longer than all the rest.
        read = self.__dict__.get("_prefetched_objects_cache", {}).get("attribute_deltas")
        stored = sorted(self.attribute_deltas.all() if read is None else read, key=lambda delta: delta.pk)
        if self.action == self.ACTION_UPDATE or self.state is None:
            return stored
        told = {delta.field_name for delta in stored}
        return [
            *(
                self._implied(name, value)
                for name, value in self.state.items()
                if name not in told and value is not None
            ),
            *stored,
        ]

    def get_state(self) -> dict[str, Json] | None:
        """Return every recorded attribute of the object at this version, encoded, by attname.

        One query, or none where the state is stored or was annotated as `recorded_state`. None if the version that it
        builds upon is gone.
        """
        from revy.contrib.django.snapshot import state_of  # noqa: PLC0415 - snapshots are built from these models

        return state_of(self)

    def _implied(self, name: str, value: Json) -> Any:
        old, new = (value, None) if self.action == self.ACTION_DELETE else (None, value)
        model: Any = conf.get_attribute_delta_model()
        delta = model(
            object_delta=self,
            field_name=name,
            old_value=old,
            new_value=new,
            actor_type_id=self.actor_type_id,
            actor_id=self.actor_id,
        )
        delta._state.db = self._state.db
        if "actor" in self._state.fields_cache:
            keep_object(delta, "actor", (self.actor_type_id, self.actor_id), self.actor)
        return delta


class AbstractAttributeDelta(AbstractDelta):
    """One change of one attribute."""

    ACTION_SET: ClassVar = "S"
    ACTION_UNSET: ClassVar = "X"

    object_delta = models.ForeignKey(
        conf.swappable_label(conf.OBJECT_DELTA_SETTING),
        on_delete=models.CASCADE,
        related_name="attribute_deltas",
        verbose_name=_("object delta"),
    )
    field_name = models.CharField(_("field name"), max_length=255)
    old_value = models.JSONField(_("old value"), null=True, blank=True)
    new_value = models.JSONField(_("new value"), null=True, blank=True)

    class Meta(AbstractDelta.Meta):
        abstract = True

    def __str__(self) -> str:
        return f"{self.field_name}: {self.old_value!r} → {self.new_value!r}"

    @property
    def action(self) -> str:
        return self.ACTION_UNSET if self.new_value is None else self.ACTION_SET

    def get_revision(self) -> Any:
        return self.object_delta.revision

    def get_action(self) -> str:
        return self.action

    def get_object_delta(self) -> Any:
        return self.object_delta

    def get_attribute_name(self) -> str:
        """Return what the attribute is called today, by REVY_RENAMES; `field_name` is what it was called then."""
        if not conf.renames():
            return self.field_name
        model = model_of(self.object_delta.content_type_id, database_of(self.object_delta))
        return self.field_name if model is None else names_of_today(model).get(self.field_name, self.field_name)

    def get_old_value(self) -> Json:
        return self.old_value

    def get_new_value(self) -> Json:
        return self.new_value


for _interface, _model in (
    (abc.Revision, AbstractRevision),
    (abc.ObjectDelta, AbstractObjectDelta),
    (abc.AttributeDelta, AbstractAttributeDelta),
):
    # Registered, not inherited: a model that users migrate has no bases that are not models.
    _interface.register(_model)
