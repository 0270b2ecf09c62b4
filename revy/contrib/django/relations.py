"""Many-to-many relations through automatic tables: an attribute of the declaring side, whichever side was touched.

Statements on such a table are turned into lists: what the list of an object was before, and what it is once the call
(`add`, `set`, a deletion) is over. One call is one attribute delta for each object.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connections, models, router
from django.db.models.fields import related_descriptors
from django.db.models.query import QuerySet

from revy.contrib.django import operation
from revy.contrib.django.changes import UPDATE, RowChange
from revy.contrib.django.observation import is_recording
from revy.contrib.django.patching import replace
from revy.contrib.django.pending import Lists, changing
from revy.contrib.django.rows import Lock, RowReader, has_other_writers
from revy.contrib.django.tracking import Link, is_watched, link_of, plan_for
from revy.contrib.django.transactions import write_transaction
from revy.frame import current

_METHODS = ("add", "remove", "clear", "set")


class Tracker:
    """The lists that a call is changing, as they were before it. `is_call`: of a manager's method, not a deletion.

    `outer` is what the call is made in the middle of, by a receiver: what that has changed by then comes first.
    """

    def __init__(self, outer: Tracker | None, *, is_call: bool) -> None:
        self.outer = outer
        self.is_call = is_call
        self.frame = current.get()
        self.operation = operation.running_now()
        self._before: dict[tuple[str, Link], Lists] = {}

    def touch(self, using: str, link: Link, sources: Iterable[Any]) -> None:
        """Keep the lists of these objects, and lock the objects: their versions are about to be counted up."""
        known = self._before.setdefault((using, link), {})
        given = {link.source_given_by(source) for source in sources if source is not None}
        unknown = sorted(given - known.keys())
        if not unknown:
            return
        _lock(using, link, unknown)
        if self.outer is not None:
            self.outer.let_change(using, link, unknown)
        found = link.read(using, unknown)
        known.update({source: found.get(source, []) for source in unknown})

    def lists(self, using: str, link: Link, sources: Iterable[Any]) -> Lists:
        known = self._before.get((using, link), {})
        return {source: known[source] for source in sources if source in known}

    def forget(self, using: str, link: Link, sources: Iterable[Any]) -> None:
        for source in sources:
            self._before.get((using, link), {}).pop(source, None)

    def let_change(self, using: str, link: Link, sources: Sequence[Any]) -> None:
        """Somebody else is about to change the lists of these objects: record what has become of them so far."""
        if self.outer is not None:
            self.outer.let_change(using, link, sources)
        before = self.lists(using, link, sources)
        self.forget(using, link, before)
        with operation.acting_as(self.frame):
            self.operation.receive(using, _changed_lists(using, link, before))
            self.operation.flush()

    def flush(self) -> None:
        for (using, link), before in self._before.items():
            operation.emit(using, _changed_lists(using, link, before))
        self._before = {}


def _lock(using: str, link: Link, sources: Sequence[Any]) -> None:
    """Lock the objects, in the order of their keys.

    PostgreSQL finds no row where one was deleted and made again while its lock was waited for: it takes another look.
    """
    if not has_other_writers(using):
        return
    reader = RowReader(plan_for(link.owner), (), using, Lock.UPDATE)
    objects: Any = QuerySet(model=link.owner, using=using)
    rest = list(sources)
    while rest:
        locked = {pk for pk, _values in reader.with_keys(rest)}
        rest = [source for source in rest if source not in locked]
        if connections[using].vendor != "postgresql":
            return
        there = set(objects.filter(pk__in=rest).values_list("pk", flat=True)) if rest else ()
        rest = [source for source in rest if source in there]


def _changed_lists(using: str, link: Link, before: Lists) -> list[RowChange]:
    after = link.read(using, list(before))
    name = link.field.name
    return [
        RowChange(link.owner, source, UPDATE, {name: old}, {name: after.get(source, [])})
        for source, old in before.items()
        if old != after.get(source, [])
    ]


@contextmanager
def tracking_links(*, is_call: bool) -> Iterator[None]:
    """Record the relations that the block changes at its end; those of a block inside it belong to it.

    Unless somebody else acts there: a receiver may enter a context of its own.
    """
    outer: Tracker | None = changing.get()
    if outer is not None and outer.frame is current.get() and (outer.is_call or not is_call):
        yield
        return
    tracker = Tracker(outer, is_call=is_call)
    token = changing.set(tracker)
    try:
        yield
    finally:
        changing.reset(token)
    tracker.flush()


@contextmanager
def observing_links(using: str, link: Link, sources: Iterable[Any]) -> Iterator[None]:
    """Observe a statement that changes the lists of these objects."""
    with tracking_links(is_call=False):
        tracker = changing.get()
        if tracker is not None:
            tracker.touch(using, link, sources)
        yield


def execute_on_links(query: Any, using: str, link: Link, execute: Callable[[], Any], nothing: Any) -> Any:
    """Execute an UPDATE or DELETE of the relation's table, on rows of objects that are locked by now.

    Returns what `execute` does, or `nothing` if there are no such rows.
    """
    touched = link.sources_of(query, using)
    with write_transaction(using), observing_links(using, link, [*touched, *link.sources_given_by(query, using)]):
        if has_other_writers(using):
            if not touched:
                return nothing
            query.add_filter(f"{link.source.name}__in", touched)
        return execute()


def lock_before_deletion(using: str, instances: Mapping[type[models.Model], Iterable[models.Model]]) -> None:
    """Keep the lists of objects that are about to be deleted, whose relations are deleted first.

    Whoever gave them another relation between the two could leave it to an object that gets the same key.
    """
    tracker = changing.get()
    if tracker is None or not has_other_writers(using):
        return
    for model, objects in instances.items():
        if not is_watched(model):
            continue
        for link in plan_for(model).links:
            tracker.touch(using, link, [instance._get_pk_val(link.owner._meta) for instance in objects])


def lists_before_deletion(using: str, link: Link, sources: Iterable[Any], *, is_last: bool) -> Lists:
    """Return the lists of objects that are being deleted and whose relations are deleted already.

    `is_last`: nothing is left of the objects afterwards, so that their relations are recorded with this.
    """
    tracker: Tracker | None = changing.get()
    if tracker is None:
        return {}
    lists = tracker.lists(using, link, sources)
    if is_last:
        tracker.forget(using, link, lists)
    return lists


def _make_manager_class(original: Callable[..., Any]) -> Any:
    def create_forward_many_to_many_manager(superclass: Any, rel: Any, reverse: bool) -> Any:
        manager_class = original(superclass, rel, reverse)
        for name in _METHODS:
            setattr(manager_class, name, _as_one_call(getattr(manager_class, name)))
        return manager_class

    return create_forward_many_to_many_manager


def _as_one_call(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_recording():
            return method(self, *args, **kwargs)
        using = self._db or router.db_for_write(self.through, instance=self.instance)
        if method.__name__ == "set" and args:
            # As Django does first of all: what is no list has to fail before there is a transaction to break.
            args = (tuple(args[0]), *args[1:])
        with write_transaction(using), tracking_links(is_call=True):
            link = link_of(self.through)
            tracker = changing.get()
            if link is not None and tracker is not None:
                tracker.touch(using, link, _several_sources(self, link, using, method.__name__, args))
            return method(self, *args, **kwargs)

    return call


def _several_sources(manager: Any, link: Link, using: str, method: str, args: tuple[Any, ...]) -> set[Any]:
    """Return the objects that a call touches with more than one statement: they have to be locked at once, in order."""
    if not manager.symmetrical and not (manager.reverse and method == "set"):
        return set()
    given = args[0] if method == "set" and args else args
    sources = {item.pk if isinstance(item, models.Model) else link.source.get_prep_value(item) for item in given}
    if manager.symmetrical:
        sources.add(manager.instance.pk)
    if method in ("set", "clear"):
        rows: Any = QuerySet(model=manager.through, using=using)
        sources |= set(
            rows.filter(**{link.target.attname: manager.instance.pk}).values_list(link.source.attname, flat=True)
        )
    return sources


def install() -> None:
    replace(related_descriptors, "create_forward_many_to_many_manager", _make_manager_class)
