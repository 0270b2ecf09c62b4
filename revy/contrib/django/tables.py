"""Going over tables of any size: a bounded number of rows at a time, and locks that cannot end in a deadlock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import connections, models
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.recorder import history_database
from revy.contrib.django.tracking import plan_for
from revy.contrib.django.values import key_to_text


class TrackedTable:
    """The objects of a tracked model in database `using`, and the history that goes with them."""

    def __init__(self, model: type[models.Model], using: str) -> None:
        self.model = plan_for(model).model
        self.using = using
        self.history = history_database(using)
        content_type = ContentType.objects.db_manager(self.history).get_for_model(self.model)
        self.content_type_id = content_type.pk
        self.label = self.model._meta.label

    @property
    def rows(self) -> QuerySet[Any]:
        return QuerySet(model=self.model, using=self.using)

    @property
    def deltas(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = QuerySet(model=conf.get_object_delta_model(), using=self.history)
        return rows.filter(content_type_id=self.content_type_id)

    def key_pages(self, size: int) -> Iterator[list[Any]]:
        """Yield all primary keys in order, `size` at a time."""
        keys = self.rows.order_by("pk").values_list("pk", flat=True)
        page = list(keys[:size])
        while page:
            yield page
            page = list(keys.filter(pk__gt=page[-1])[:size])

    def without_history(self, pks: Sequence[Any]) -> list[Any]:
        by_key = {key_to_text(self.model, pk): pk for pk in pks}
        known = set(self.deltas.filter(content_id__in=by_key).values_list("content_id", flat=True).distinct())
        return [pk for key, pk in by_key.items() if key not in known]

    def lock(self, pks: Sequence[Any]) -> list[Any]:
        """Lock rows until the transaction ends, as an UPDATE would, and return the keys of those that are locked.

        Several rows are locked without waiting where the database can: whoever holds many locks and waits for another
        takes part in deadlocks. The rows that somebody else has locked are left out then; lock them one by one.
        """
        features = connections[self.using].features
        locked = self.rows.filter(pk__in=pks).select_for_update(
            skip_locked=len(pks) > 1 and features.has_select_for_update_skip_locked,
            no_key=features.has_select_for_no_key_update,
        )
        # The first column of every table that the objects are made of: only tables that are read are locked.
        fields = [field for field in self.model._meta.concrete_fields if not field.primary_key]
        columns = {field.model: field.attname for field in reversed(fields)}
        return [pk for pk, *_values in locked.values_list("pk", *columns.values())]
