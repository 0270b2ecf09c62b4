"""The history of one object: its newest changes with all that belongs to them, and the object as it was."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections, models, router
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.abstract import AbstractObjectDelta
from revy.contrib.django.fields import keep_object
from revy.contrib.django.objects import find_objects
from revy.contrib.django.reading import compose_page, compose_replay
from revy.contrib.django.selects import composed
from revy.contrib.django.snapshot import build_instance
from revy.contrib.django.values import key_to_text


class History:
    """The history of an object: `History(post)`, or `History(Post, pk)` of one that is gone.

    `using` is the database of the history, by default the one that the router names for the object. What was recorded
    is read past the managers of the models. Raises ValueError for an object without primary key, ValidationError for a
    key that the model cannot have.
    """

    def __init__(self, content: models.Model | type[models.Model], pk: Any = None, *, using: str | None = None) -> None:
        hints: dict[str, Any] = {}
        self.model: type[models.Model]
        if isinstance(content, models.Model):
            self.model, pk, hints = type(content), content.pk if pk is None else pk, {"instance": content}
        else:
            self.model = content
        if pk is None or (isinstance(pk, tuple) and None in pk):
            raise ValueError(f"{self.model._meta.label} without primary key: pass the model and the key that it had.")
        self.using: str = using or router.db_for_read(conf.get_object_delta_model(), **hints)
        self.content_type: ContentType = ContentType.objects.db_manager(self.using).get_for_model(self.model)
        self.content_id: str = key_to_text(self.model, pk)

    def newest(self, limit: int = 20, *, before: int | None = None) -> list[AbstractObjectDelta]:
        """Return the newest object deltas, newest first; with `before`, those of the versions below that one.

        Their `revision`, `attribute_deltas` and `actor`, and the actors of the attribute deltas, are read with them:
        one query, and one for each model of actors.
        """
        deltas, changes = self._read(limit, before) if limit > 0 else ([], [])
        actors = find_objects({(each.actor_type_id, each.actor_id) for each in (*deltas, *changes)}, self.using)
        for rows in deltas, changes:
            for row in rows:
                reference = row.actor_type_id, row.actor_id
                keep_object(row, "actor", reference, actors.get(reference))
        return deltas

    def snapshot(self, version: int) -> models.Model | None:
        """Return the object as it was at a version, ready to be saved, as `ObjectSnapshot` does; one query.

        None if the whole state that the version builds upon is gone. Raises ObjectDelta.DoesNotExist if there is no
        such version, UnreadableValue when a recorded value does not fit the field of today.
        """
        model = conf.get_object_delta_model()
        key = "replay", model, conf.get_attribute_delta_model()
        statement = composed(connections[self.using], key, lambda: compose_replay(self.using))
        rows = statement.fetch([self.content_type.pk, self.content_id, version])
        if not rows or rows[-1][0] != version:
            known: QuerySet[Any] = QuerySet(model=model, using=self.using).filter(
                content_type=self.content_type, content_id=self.content_id, version=version
            )
            if known.exists():
                return None
            raise model.DoesNotExist(f"{self.model._meta.label} {self.content_id} has no version {version}.")
        keyframe, _action, state, *_change = rows[0]
        for at, _action, _state, name, value in rows:
            if at > keyframe and name is not None:
                state[name] = value
        action = rows[-1][1]
        is_deleted = action == model.ACTION_DELETE
        return build_instance(self.model, state, self.using, is_deleted=is_deleted, must_fit=True)

    def _read(self, limit: int, before: int | None) -> tuple[list[Any], list[Any]]:
        """Return the object deltas, and the attribute deltas of all of them."""
        parts = conf.get_object_delta_model(), conf.get_revision_model(), conf.get_attribute_delta_model()
        is_open = before is None
        key = "page", parts, is_open
        statement = composed(connections[self.using], key, lambda: compose_page(self.using, is_open=is_open))
        model, revision_model, change_model = parts
        names, revision_names, change_names = (
            [field.attname for field in part._meta.concrete_fields] for part in parts
        )
        begin, end = len(names), len(names) + len(revision_names)
        version, change_key = names.index("version"), end + change_names.index(change_model._meta.pk.attname)
        queryset_class = type(change_model._default_manager.get_queryset())
        deltas: list[Any] = []
        changes: list[Any] = []
        for row in statement.fetch([self.content_type.pk, self.content_id, before, limit]):
            if not deltas or row[version] != deltas[-1].version:
                delta: Any = model.from_db(self.using, names, row[:begin])
                revision = revision_model.from_db(self.using, revision_names, row[begin:end])
                delta._state.fields_cache["revision"] = revision
                rows: Any = queryset_class(model=change_model, using=self.using, hints={"instance": delta})
                _know(delta, rows)
                deltas.append(delta)
            if row[change_key] is not None:
                change: Any = change_model.from_db(self.using, change_names, row[end:])
                change._state.fields_cache["object_delta"] = delta
                rows._result_cache.append(change)
                changes.append(change)
        return deltas, changes


def _know(delta: Any, changes: Any) -> None:
    """Have a delta know the queryset of its changes, as Django's prefetching does with managers that cost far more."""
    changes._deferred_filter = False, (), {"object_delta": delta}
    changes._result_cache = []
    changes._prefetch_done = True
    delta.__dict__["_prefetched_objects_cache"] = {"attribute_deltas": changes}
