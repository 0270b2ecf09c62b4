"""Which models and fields are recorded, and how: one plan per model."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from django.core.signals import setting_changed
from django.db import models
from django.db.models.signals import class_prepared
from django.db.models.sql import Query

from revy import abc
from revy.contrib.django import conf
from revy.contrib.django.batches import in_batches
from revy.contrib.django.transactions import reads_are_stale
from revy.contrib.django.values import Codec

# The table in which Django notes the migrations that were run belongs to no app.
_NEVER = frozenset({"migrations.migration"})
_PLAIN_KEYS = (models.IntegerField, models.CharField, models.UUIDField)


class Plan:
    """How the objects of one concrete model are recorded."""

    __slots__ = (
        "attnames",
        "codecs",
        "concrete_fields",
        "fields",
        "has_plain_key",
        "heirs",
        "links",
        "local_fields",
        "model",
        "names",
        "kept",
    )

    def __init__(self, model: type[models.Model]) -> None:
        meta = model._meta
        excluded = {label.lower() for label in conf.excluded_field_labels()}
        self.model = model
        self.concrete_fields = meta.concrete_fields
        self.fields: tuple[models.Field[Any, Any], ...] = tuple(
            field for field in meta.concrete_fields if field.primary_key or not _field_labels(model, field) & excluded
        )
        self.local_fields = tuple(field for field in self.fields if field in meta.local_concrete_fields)
        self.codecs = {field.attname: Codec(field) for field in self.fields}
        self.attnames = frozenset(self.codecs)
        self.links = tuple(
            link for field in meta.many_to_many if (link := link_of(field.remote_field.through)) is not None
        )
        self.names = self.attnames | {link.field.name for link in self.links}
        self.heirs = tuple(child for child in children_of(model) if is_watched(child))
        # Whether a key is one value, which rows give back as it was given.
        self.has_plain_key = (
            len(meta.pk_fields) == 1 and isinstance(meta.pk, _PLAIN_KEYS) and not self.codecs[meta.pk.attname].converts
        )
        # Statements that were composed, by what they are of.
        self.kept: dict[Any, Any] = {}

    def key_of(self, values: Sequence[Any]) -> Any:
        """Return the primary key of these column values, as something that can be looked up and compared."""
        if self.has_plain_key:
            return values[0]
        fields = self.model._meta.pk_fields
        parts = tuple(self.codecs[field.attname].as_key(value) for field, value in zip(fields, values, strict=True))
        return parts[0] if len(parts) == 1 else parts

    def key_given_by(self, values: Sequence[Any]) -> Any:
        """Return the primary key of a row that was given these values: the text '7' makes the key 7."""
        fields = self.model._meta.pk_fields
        if self.has_plain_key:
            return self.codecs[fields[0].attname].normalize(values[0])
        return self.key_of(
            [self.codecs[field.attname].normalize(value) for field, value in zip(fields, values, strict=True)]
        )

    def no_links(self) -> dict[str, list[Any]]:
        """Return the lists of an object that is not related to anything yet, by field name."""
        return {link.field.name: [] for link in self.links}


class Link:
    """A many-to-many relation through an automatic table: from a source, the declaring side, to targets.

    A source goes by the primary key of the declaring model's row, as `Plan.key_of` returns it.
    """

    __slots__ = ("codec", "field", "owner", "source", "source_codec", "target", "through")

    def __init__(self, field: Any, through: type[models.Model]) -> None:
        self.field = field
        self.owner: type[models.Model] = field.model
        self.through = through
        source: Any = through._meta.get_field(field.m2m_field_name())
        target: Any = through._meta.get_field(field.m2m_reverse_field_name())
        self.source, self.source_codec = source, Codec(source)
        self.target, self.codec = target, Codec(target)

    def read(self, using: str, sources: Sequence[Any]) -> dict[Any, list[Any]]:
        """Return the keys of the targets of each source that has any, encoded and in order."""
        lists: dict[Any, list[Any]] = {}
        for some in in_batches(sources):
            rows: Any = models.QuerySet(model=self.through, using=using)
            if reads_are_stale(using):
                rows = rows.select_for_update()
            rows = rows.filter(**{f"{self.source.name}__in": some})
            for source, target in rows.order_by().values_list(self.source.attname, self.target.attname):
                lists.setdefault(self.source_codec.as_key(source), []).append(self.codec.encode(target))
        return {source: sorted(targets) for source, targets in lists.items()}

    def source_in(self, model: type[models.Model], pk: Any, row: dict[str, Any]) -> Any:
        """Return the key by which an object of the declaring model, or of one that inherits from it, is a source."""
        return pk if model is self.owner else self.source_given_by(row[self.owner._meta.pk.attname])

    def source_given_by(self, value: Any) -> Any:
        """Return the source that a value stands for: encoded, or of another type than a row would give it back as."""
        return self.source_codec.as_key(self.source_codec.normalize(value))

    def sources_of(self, statement: Any, using: str) -> list[Any]:
        """Return the sources of the rows that an UPDATE or DELETE of the table is about to touch."""
        return self._values_for(statement, self.source.get_col(statement.get_initial_alias()), using)

    def sources_given_by(self, statement: Any, using: str) -> list[Any]:
        """Return the sources that an UPDATE, if it is one that changes them, is about to give to those rows."""
        for field, _model, value in getattr(statement, "values", ()):
            if field.attname == self.source.attname:
                given = value.prepare_database_save(field) if hasattr(value, "prepare_database_save") else value
                return self._values_for(statement, given, using) if hasattr(given, "resolve_expression") else [given]
        return []

    def _values_for(self, statement: Any, expression: Any, using: str) -> list[Any]:
        select = statement.chain(klass=Query)
        select.clear_ordering(force=True)
        select.set_annotation_mask(())
        select.set_select((expression,))
        return list(dict.fromkeys(row[0] for row in select.get_compiler(using).results_iter()))


@functools.cache
def link_of(model: type[models.Model] | None) -> Link | None:
    """Return the relation whose automatic table the model is, if it is recorded."""
    owner: Any = None if model is None else model._meta.auto_created
    if model is None or not owner or not is_watched(owner):
        return None
    field = next((field for field in owner._meta.local_many_to_many if field.remote_field.through is model), None)
    excluded = {label.lower() for label in conf.excluded_field_labels()}
    if (
        field is None
        # A relation whose other side is not there yet has no such method.
        or not hasattr(field, "m2m_reverse_field_name")
        or f"{owner._meta.label_lower}.{field.name}" in excluded
    ):
        return None
    return Link(field, model)


def _field_labels(model: type[models.Model], field: models.Field[Any, Any]) -> set[str]:
    owners = {model._meta.label_lower, field.model._meta.label_lower}
    return {f"{owner}.{name}".lower() for owner in owners for name in (field.name, field.attname)}


@functools.cache
def is_watched(model: type[models.Model]) -> bool:
    """Tell whether rows of the model's table belong to a tracked object: its own, or one that inherits from it."""
    concrete = model._meta.concrete_model
    return concrete is not None and (is_tracked(concrete) or any(map(is_watched, children_of(concrete))))


def children_of(model: type[models.Model]) -> list[type[models.Model]]:
    """Return the models whose rows extend a row of this one (multi-table inheritance)."""
    return [
        relation.related_model
        for relation in model._meta.related_objects
        if relation.parent_link and model in relation.related_model._meta.parents
    ]


@functools.cache
def is_tracked(model: type[models.Model]) -> bool:
    """Tell whether changes of the model's objects are recorded; a proxy is as its concrete model."""
    concrete = model._meta.concrete_model
    if concrete is None or issubclass(concrete, abc.Revision | abc.Delta):
        return False
    meta = concrete._meta
    names = {meta.app_label, meta.label_lower}
    if meta.auto_created or meta.swapped or names & (_NEVER | _lowered(conf.excluded_model_labels())):
        return False
    included = _lowered(conf.model_labels())
    return conf.EVERY_MODEL in included or bool(names & included)


@functools.cache
def _cached_plan(model: type[models.Model]) -> Plan:
    return Plan(model)


def plan_for(model: type[models.Model]) -> Plan:
    """Return the plan of the model's concrete model."""
    model = concrete_model(model)
    plan = _cached_plan(model)
    if plan.concrete_fields is not model._meta.concrete_fields:
        forget_plans()
        plan = _cached_plan(model)
    return plan


def concrete_model(model: type[models.Model]) -> type[models.Model]:
    """Return the model itself, or the one that a proxy stands for."""
    return model._meta.concrete_model or model


def key_of_instance(instance: models.Model, model: type[models.Model]) -> Any:
    """Return the primary key of the instance's row in the table of its model, or of one that it inherits from."""
    plan = plan_for(model)
    return plan.key_given_by([getattr(instance, field.attname) for field in plan.model._meta.pk_fields])


def forget_plans(**_: Any) -> None:
    is_tracked.cache_clear()
    is_watched.cache_clear()
    link_of.cache_clear()
    _cached_plan.cache_clear()


def forget_plans_of_changed_setting(*, setting: str, **_: Any) -> None:
    if setting.startswith("REVY_") or setting == "INSTALLED_APPS":
        forget_plans()


def install() -> None:
    # A model that comes later may inherit from one that has a plan.
    class_prepared.connect(forget_plans, dispatch_uid="revy.forget_plans")
    setting_changed.connect(forget_plans_of_changed_setting, dispatch_uid="revy.forget_plans")


def _lowered(labels: Any) -> set[str]:
    # An app label keeps its case in Django; a model's label does not matter in case.
    return {label.lower() if "." in label else label for label in labels}
