"""Changes of any objects, as the pages of revisions and deltas show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.utils import quote
from django.db import models
from django.utils.text import capfirst

from revy.contrib.django import conf
from revy.contrib.django.admin.people import People
from revy.contrib.django.admin.rows import RowMaker, Rows
from revy.contrib.django.admin.texts import past_texts, texts_of
from revy.contrib.django.admin.timeline import Head, changes_of, make_head
from revy.contrib.django.admin.viewer import Model, Viewer


@dataclass(frozen=True, slots=True)
class Named:
    """The object of a delta: what it is called, and where its history is; `is_hidden` if the viewer may not see it."""

    model: Model | None
    instance: models.Model | None
    text: str
    history_url: str = ""
    is_hidden: bool = False

    @property
    def label(self) -> str:
        return "" if self.model is None else str(capfirst(self.model._meta.verbose_name))


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """A change of some object: which, its head, and what changed."""

    content: Named
    head: Head
    rows: Rows
    pk: Any

    @property
    def is_update(self) -> bool:
        return self.head.action == conf.get_object_delta_model().ACTION_UPDATE


def name_objects(viewer: Viewer, deltas: Iterable[Any]) -> dict[Any, Named]:
    """Return what to call the objects of visible deltas, by the keys of the deltas; one query a model, and one more."""
    deltas = list(deltas)
    models_by_delta = {delta.pk: viewer.visible_models.get(delta.content_type_id) for delta in deltas}
    listed = viewer.find_listed(
        (model, delta.content_id) for delta in deltas if (model := models_by_delta[delta.pk]) is not None
    )
    live = {pair: instance for pair, instance in listed.items() if viewer.can_view(instance)}
    texts: dict[Any, str] = dict(zip(live, texts_of(live.values()), strict=True))
    gone = [delta for delta in deltas if (models_by_delta[delta.pk], delta.content_id) not in listed]
    texts |= _texts_of_gone(viewer, gone, models_by_delta)
    named = {}
    for delta in deltas:
        model = models_by_delta[delta.pk]
        pair = model, delta.content_id
        # The text of an object that is there is its own; those that are gone had one at each of their versions.
        text = texts.get(pair) or texts.get(delta.pk)
        if model is None or text is None:
            named[delta.pk] = Named(model, None, "", is_hidden=True)
            continue
        url = viewer.url(model, "history", quote(delta.content_id))
        named[delta.pk] = Named(model, live.get((model, delta.content_id)), text, url)
    return named


def _texts_of_gone(viewer: Viewer, deltas: list[Any], models_by_delta: dict[Any, Model | None]) -> dict[Any, str]:
    rows = conf.get_object_delta_model()._base_manager.using(viewer.using)
    # The lists leave the states away, which may be large.
    states = dict(rows.filter(pk__in=[delta.pk for delta in deltas]).values_list("pk", "state")) if deltas else {}
    past = {
        delta.pk: (model, delta.content_id, states.get(delta.pk))
        for delta in deltas
        if (model := models_by_delta[delta.pk]) is not None
    }
    return dict(zip(past, past_texts(viewer, past.values(), viewer.using), strict=True))


def read_entries(viewer: Viewer, deltas: Iterable[Any]) -> list[ObjectEntry]:
    """Return visible object deltas, with their revisions and attribute deltas, as entries; hidden ones are left out."""
    named = name_objects(viewer, deltas := list(deltas))
    shown = [delta for delta in deltas if not named[delta.pk].is_hidden]
    changes = {delta.pk: delta.get_attribute_deltas() for delta in shown}
    people = People(viewer, [one for delta in shown for one in (delta, *changes[delta.pk])])
    told = {
        delta.pk: changes_of(model, delta, changes[delta.pk], people)
        for delta in shown
        if (model := named[delta.pk].model) is not None
    }
    contents = [(named[delta.pk], told[delta.pk]) for delta in shown]
    maker = RowMaker(viewer, [(each.model, each.instance, some) for each, some in contents if each.model is not None])
    return [
        ObjectEntry(
            each,
            make_head(viewer, delta, people, changes[delta.pk]),
            maker.rows(each.model, each.instance, some),
            delta.pk,
        )
        for delta, (each, some) in zip(shown, contents, strict=True)
        if each.model is not None
    ]
