"""Which objects of one model a viewer may see, and the same as a condition on object deltas."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models, router
from django.db.models import Case, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.lookups import Exact, IsNull

from revy.contrib.django.conf import get_object_delta_model
from revy.contrib.django.keys import key_expression, parse_keys
from revy.contrib.django.values import key_to_text


class Visibility:
    """The objects of a model that a viewer may see: those of a queryset, and perhaps those that exist no more."""

    def __init__(self, model: type[models.Model], queryset: QuerySet[Any], *, shows_deleted: bool) -> None:
        self.model = model
        self.shows_deleted = shows_deleted
        self.is_total = shows_deleted and not is_filtered(queryset)
        if queryset.query.is_sliced:
            # As a list, since MySQL and MariaDB take no LIMIT in such a subquery.
            queryset = self._base().filter(pk__in=list(queryset.values_list("pk", flat=True)))
        elif queryset.query.combinator:
            queryset = self._base().filter(pk__in=queryset.values("pk"))
        self._queryset = queryset.order_by()

    def find(self, texts: Iterable[str]) -> dict[str, models.Model | None]:
        """Return the visible ones of the objects of these keys; None for one that exists no more.

        One query; another one if objects are missing and the viewer may see deleted ones, but not all others.
        """
        wanted = set(texts)
        visible: dict[str, models.Model | None] = {**self.find_existing(wanted)}
        missing = wanted - visible.keys()
        if not missing or not self.shows_deleted:
            return visible
        keys = parse_keys(self.model, missing)
        existing = set() if self.is_total else self._existing(list(keys.values()))
        return {**visible, **{text: None for text in missing if keys.get(text) not in existing}}

    def find_existing(self, texts: Iterable[str]) -> dict[str, models.Model]:
        """Return the visible ones of the objects of these keys that exist; one query."""
        keys = parse_keys(self.model, set(texts))
        rows = {row.pk: row for row in self._queryset.filter(pk__in=keys.values())} if keys else {}
        return {text: rows[pk] for text, pk in keys.items() if pk in rows}

    def restrict(self, deltas: QuerySet[Any], content_type_id: int) -> tuple[QuerySet[Any], Q]:
        """Return the queryset of object deltas, and the condition on it for those of visible objects."""
        is_own = Q(content_type_id=content_type_id)
        deltas, key = self._with_key(deltas, content_type_id)
        return deltas, is_own & (self._listed if key is None else self._looked_up(key, deltas.db))

    def restrict_to_gone(self, deltas: QuerySet[Any], content_type_id: int) -> QuerySet[Any]:
        """Return those of the object deltas whose objects exist no more, whoever may see them."""
        deltas, key = self._with_key(deltas.filter(content_type_id=content_type_id), content_type_id)
        if key is None:
            return deltas.exclude(content_id__in=self._texts(self._base()))
        return deltas.filter(self._is_gone(key, deltas.db))

    def _with_key(self, deltas: QuerySet[Any], content_type_id: int) -> tuple[QuerySet[Any], OuterRef | None]:
        """Return the queryset with the key of each object, and a reference to it; None where SQL cannot tell it."""
        expression = key_expression(self.model, deltas.db) if _shares_database(self.model) else None
        if expression is None:
            return deltas, None
        is_key, key = expression
        alias = f"revy_key_{content_type_id}"
        # Databases evaluate conditions in any order: only CASE keeps them from converting the keys of other models.
        is_own = Q(content_type_id=content_type_id) & is_key
        return deltas.alias(**{alias: Case(When(is_own, then=key), default=None)}), OuterRef(alias)

    def _looked_up(self, key: OuterRef, using: str) -> Q:
        found = Q(Exact(one_of(self._queryset.using(using).filter(pk=key)), 1))
        if not self.shows_deleted:
            return found
        return found | self._is_gone(key, using)

    def _is_gone(self, key: OuterRef, using: str) -> Q:
        return Q(IsNull(one_of(self._base().using(using).filter(pk=key)), True))

    @cached_property
    def _listed(self) -> Q:
        """Return the condition where SQL cannot tell which object a key names: a list of keys, of any length."""
        visible = self._texts(self._queryset)
        if not self.shows_deleted:
            return Q(content_id__in=visible)
        return ~Q(content_id__in=self._texts(self._base()) - visible)

    def _texts(self, objects: QuerySet[Any]) -> set[str]:
        return {key_to_text(self.model, pk) for pk in objects.values_list("pk", flat=True)}

    def _existing(self, pks: list[Any]) -> set[Any]:
        return set(self._base().filter(pk__in=pks).values_list("pk", flat=True))

    def _base(self) -> QuerySet[Any]:
        return self.model._base_manager.all()


def one_of(objects: QuerySet[Any]) -> Subquery:
    """Return 1 in SQL if there are such objects, else NULL.

    Not EXISTS: where PostgreSQL expects to ask some hundred times, it would read the whole table instead.
    """
    return Subquery(objects.annotate(revy_one=Value(1)).values("revy_one")[:1])


def _shares_database(model: type[models.Model]) -> bool:
    """Tell whether the objects live in the database of their history, so that one query can ask for both."""
    return router.db_for_write(model) == router.db_for_write(get_object_delta_model())


def is_filtered(queryset: QuerySet[Any]) -> bool:
    """Tell whether a queryset may leave objects out."""
    query = queryset.query
    return bool(query.where or query.is_sliced or query.combinator)


def is_password(model: type[models.Model], field: models.Field[Any, Any]) -> bool:
    """Tell whether the field holds the password of a user, which nobody may see."""
    is_user = issubclass(model, AbstractBaseUser) or model._meta.label_lower == settings.AUTH_USER_MODEL.lower()
    return is_user and field.name == "password"
