"""Who acted, as far as a viewer may know."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.translation import gettext

from revy.contrib.django.admin.texts import legible, name_of, texts_of
from revy.contrib.django.admin.viewer import Model, Viewer
from revy.contrib.django.objects import find_objects
from revy.contrib.django.values import key_to_text

# The id of the content type and the key of an actor; both None for the system itself.
ActorKey = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """An actor to show; `key` is what the lists are filtered by, if the viewer may know who it is."""

    name: str
    url: str = ""
    is_system: bool = False
    is_hidden: bool = False
    key: str = ""


def actor_key(delta: Any) -> ActorKey:
    return delta.actor_type_id, delta.actor_id


class People:
    """The actors of some deltas, with one query for each of their models."""

    def __init__(self, viewer: Viewer, deltas: Iterable[Any]) -> None:
        self._viewer = viewer
        deltas = list(deltas)
        keys = {actor_key(delta) for delta in deltas}
        # The history of one object has its actors with it.
        known = {actor_key(delta): delta.actor for delta in deltas if "actor" in delta._state.fields_cache}
        found = {key: actor for key, actor in known.items() if actor is not None}
        found |= find_objects({key for key in keys - known.keys() if None not in key}, viewer.using)
        visible = list(self._visible(found))
        texts = dict(zip(visible, texts_of(found[key] for key in visible), strict=True))
        self._people = {key: self._person(key, found.get(key), texts.get(key)) for key in keys}

    def of(self, delta: Any) -> Person:
        return self._people[actor_key(delta)]

    def of_change(self, object_delta: Any, attribute_deltas: Iterable[Any]) -> list[Person]:
        """Return the actor of a change and those of its attributes, each once."""
        return list(dict.fromkeys(self.of(delta) for delta in (object_delta, *attribute_deltas)))

    def _visible(self, found: dict[ActorKey, Any]) -> set[ActorKey]:
        references = {(type(actor), key_to_text(type(actor), actor.pk)): key for key, actor in found.items()}
        by_model: dict[Model, list[str]] = {}
        for model, text in references:
            by_model.setdefault(model, []).append(text)
        visible = set()
        for model, texts in by_model.items():
            visibility = self._viewer.visibility_of(model)
            if visibility is None:
                continue
            # What was read for the history already is not read again for who may see all of it.
            seen = texts if visibility.is_total else visibility.find_existing(texts)
            visible |= {references[model, text] for text in seen}
        return {key for key in visible if self._viewer.can_view(found[key])}

    def _person(self, key: ActorKey, actor: Any, text: str | None) -> Person:
        if None in key:
            return Person(gettext("System"), is_system=True)
        chosen = f"{key[0]}-{key[1]}"
        if actor is None:
            model = self._viewer.model_of(key[0])
            if model is None:
                return Person(gettext("Somebody"), is_hidden=True)
            name = f"{model._meta.verbose_name} {name_of(key[1])}"
            return Person(gettext("%(name)s (deleted)") % {"name": name}, key=chosen)
        if text is not None:
            return Person(text, self._viewer.url_of(actor), key=chosen)
        if isinstance(actor, get_user_model()) or actor == self._viewer.request.user:
            # As the history pages of Django have it: whoever may see a change may know the name of who made it.
            return Person(legible(actor.get_username()), key=chosen)
        return Person(gettext("Somebody"), is_hidden=True)
