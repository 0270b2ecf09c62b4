"""The objects of a model as they were at a moment."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, Generic, Self, TypeVar, cast

from django.db import models, router
from django.db.models.query import QuerySet

from revy.contrib.django import conf
from revy.contrib.django.batches import BATCH
from revy.contrib.django.content_types import content_type_id
from revy.contrib.django.errors import IncompleteHistory
from revy.contrib.django.history.conditions import Conditions, Recorded
from revy.contrib.django.history.moment import Moment
from revy.contrib.django.history.of_object import History
from revy.contrib.django.history.states import States
from revy.contrib.django.snapshot import build_instance, replay_text
from revy.contrib.django.tracking import plan_for

M = TypeVar("M", bound=models.Model)

# So many are read where one or two are asked for.
_FEW: Final = 64


@dataclass(frozen=True, repr=False, eq=False)
class Past(Generic[M]):
    """The objects of a model as they were at a moment; made by `as_of`, which says what that means.

    It is read anew, in batches, whenever it is gone over, and keeps nothing.
    """

    model: type[M]
    using: str
    moment: Moment
    _wanted: tuple[Conditions, ...] = ()
    _unwanted: tuple[Conditions, ...] = ()

    def filter(self, **lookups: Any) -> Self:
        """Return those of which what was recorded meets all of the conditions.

        Raises FieldError for a field or lookup that cannot be tested, ValueError, TypeError or ValidationError for a
        value that the field cannot have.
        """
        return replace(self, _wanted=(*self._wanted, Conditions.parse(self.model, lookups)))

    def exclude(self, **lookups: Any) -> Self:
        """Return those that do not meet all of the conditions. Raises what `filter` does."""
        return replace(self, _unwanted=(*self._unwanted, Conditions.parse(self.model, lookups))) if lookups else self

    def get(self, **lookups: Any) -> M:
        """Return the one that meets the conditions. Raises the model's DoesNotExist or MultipleObjectsReturned."""
        past, model = self.filter(**lookups), cast("Any", self.model)
        found = list(islice(past.iterator(_FEW), 2))
        if len(found) > 1:
            raise model.MultipleObjectsReturned(f"Several {past} meet {lookups}: ask for more, or with filter.")
        if not found:
            raise model.DoesNotExist(f"None of the {past} meets {lookups}.")
        return found[0]

    def first(self) -> M | None:
        """Return the first one, None if there is none."""
        return next(self.iterator(_FEW), None)

    def count(self) -> int:
        """Return how many there were. No state is read unless there are conditions on others than the primary key."""
        if self._is_tested:
            return sum(1 for _ in self._recorded(BATCH))
        return sum(1 for _ in self._texts(BATCH, is_whole=False))

    def exists(self) -> bool:
        """Tell whether there was any, as `count` does."""
        some: Iterator[Any] = self._recorded(_FEW) if self._is_tested else self._texts(_FEW, is_whole=False)
        return any(True for _ in some)

    def iterator(self, chunk_size: int = BATCH) -> Iterator[M]:
        """Yield them with one query for each `chunk_size` objects that have a history, and memory for as many."""
        if chunk_size <= 0:
            raise ValueError(f"chunk_size is how many objects are read at a time, not {chunk_size}.")
        for recorded in self._recorded(chunk_size):
            if recorded.lists:
                recorded.instance._state.revy_lists = recorded.lists  # type: ignore[attr-defined]
            yield recorded.instance  # type: ignore[misc]  # it is one of the model

    def __iter__(self) -> Iterator[M]:
        return self.iterator()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self}>"

    def __str__(self) -> str:
        return f"{self.model._meta.label} objects as of {self.moment}"

    @property
    def _is_tested(self) -> bool:
        return any(conditions.tests for conditions in (*self._wanted, *self._unwanted))

    def _recorded(self, size: int) -> Iterator[Recorded]:
        """Yield what meets the conditions."""
        names = [link.field.name for link in plan_for(self.model).links]
        for key, text in self._texts(size):
            if not text:
                raise self._incomplete(key)
            _action, state = replay_text(text)
            instance = build_instance(self.model, state, self.using, is_deleted=False)
            recorded = Recorded(key, instance, {name: state[name] for name in names if name in state})
            if all(conditions.are_met(recorded) for conditions in self._wanted) and not any(
                conditions.are_met(recorded) for conditions in self._unwanted
            ):
                yield recorded

    def _texts(self, size: int, *, is_whole: bool = True) -> Iterator[tuple[str, str]]:
        """Yield content ids and states of what meets the conditions on the primary key alone."""
        states = States(self.using, content_type_id(self.model, self.using), self.moment, is_whole)
        wanted = [conditions.keys for conditions in self._wanted if conditions.keys is not None]
        keys = frozenset.intersection(*wanted) if wanted else None
        unwanted = frozenset().union(*(each.keys or () for each in self._unwanted if not each.tests))
        is_empty = True
        for key, text in states.read(size) if keys is None else states.find(keys, size):
            is_empty = False
            if key not in unwanted:
                yield key, text
        if is_empty:
            self._check_moment()

    def _check_moment(self) -> None:
        """Raise IncompleteHistory if the moment is a revision without object deltas: nothing tells when that was."""
        deltas: QuerySet[Any] = QuerySet(model=conf.get_object_delta_model(), using=self.using)
        if self.moment.is_revision and not deltas.filter(revision_id=self.moment.value).exists():
            raise IncompleteHistory(f"Of {self.moment} no object delta is there: ask for a time instead.")

    def _incomplete(self, key: str) -> IncompleteHistory:
        return IncompleteHistory(
            f"{self.model._meta.label} {key} as of {self.moment} cannot be rebuilt: the whole state that its version "
            "builds upon is gone. Ask for a later moment, or leave it out: exclude(pk=…)."
        )


def as_of(model: type[M], moment: datetime.datetime | models.Model, *, using: str | None = None) -> Past[M]:
    """Return the objects of a model as they were at a time, or right after a revision: to be gone over, or filtered.

    An object is what its last version says among those recorded up to the time, or up to the last object delta of the
    revision; it is not there if that is a Delete, or if there is none. Objects come in the order of their primary keys
    as texts: 1, 10, 2. They are instances as `History.snapshot` builds them, `recorded_list` has their many-to-many
    lists; a proxy's are those of its concrete model. `using` is the database of the history.

    `filter`, `exclude` and `get` take conditions on recorded values: fields of the model by name, attname or `pk`, with
    the lookups exact, in, gt, gte, lt, lte, range, isnull, and contains, startswith, endswith and iexact with their
    variants; foreign keys with objects or keys; many-to-many lists with one that is in them. `pk` and `pk__in` are
    found by the index of the history. All others are tested in Python, one object after the other, as a state is made
    of many rows: no column holds it. A value that was not recorded meets no condition.

    Raises TypeError for what is no moment, ValueError for a revision of another database, and, while it is read,
    IncompleteHistory for an object whose version cannot be rebuilt, UnreadableValue for a recorded value that does not
    fit the field of today.
    """
    of_moment = moment._state.db if isinstance(moment, models.Model) else None
    using = using or of_moment or router.db_for_read(conf.get_object_delta_model())
    return Past(model, using, Moment.of(moment, using))


def snapshot_at(
    content: M | type[M], moment: datetime.datetime | models.Model, pk: Any = None, *, using: str | None = None
) -> M | None:
    """Return an object as it was at a moment, None if it was not there; one query.

    `snapshot_at(post, moment)`, or `snapshot_at(Post, moment, pk)` of one that is gone. What a moment and the object
    are, and what is raised: see `as_of`, and `History`.
    """
    history = History(content, pk, using=using or (moment._state.db if isinstance(moment, models.Model) else None))
    model: Any = history.model
    past: Past[M] = Past(model, history.using, Moment.of(moment, history.using))
    return replace(past, _wanted=(Conditions((), frozenset({history.content_id})),)).first()


def recorded_list(instance: models.Model, name: str) -> list[Any]:
    """Return the primary keys that a many-to-many field of an object of the past held then.

    The field itself, `instance.groups`, gives what is related today. Raises LookupError if nothing was recorded, or the
    object is not from `as_of` or `snapshot_at`.
    """
    lists: dict[str, Any] = getattr(instance._state, "revy_lists", {})
    link = next((link for link in plan_for(type(instance)).links if link.field.name == name), None)
    if link is None or name not in lists:
        raise LookupError(f"No list {name!r} was recorded of {instance!r}, which is no object of the past or has none.")
    return [link.codec.decode(key) for key in lists[name]]
