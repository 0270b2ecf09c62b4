"""Receivers of signals that write as well, connected for one step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from django.db.models import F
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from revy import Context
from tests.machine.app import models as app
from tests.machine.contexts import Blame
from tests.machine.expected import Expected
from tests.machine.history import SYSTEM
from tests.machine.rows import concrete_models

SIGNALS = (pre_save, post_save, m2m_changed, pre_delete, post_delete)
KINDS = [None, None, None, None, None, None, "log", "log as the system", "edit", "link", "link as the system"]
MANY = 99


@contextmanager
def receiving(kind: str | None, blame: Blame) -> Iterator[Expected]:
    """Connect the receivers of a kind. Gives what they add to what a step should lead to."""
    system = replace(blame, actor=SYSTEM, object_description="logged", attribute_description="changed")
    expected = Expected(
        receives=kind is not None,
        aside={app.Log: system if kind == "log as the system" else blame},
        # What is edited, and linked, is so at every save of a step, and perhaps undone by the next.
        at_most=MANY if kind in ("edit", "link") else 0,
        may_return=kind in ("edit", "link"),
    )
    busy: list[Any] = []

    def receive(sender: Any, instance: Any, signal: Any, using: str, **details: Any) -> None:
        # Receivers do not receive what they write.
        if busy or _owner(sender) not in concrete_models():
            return
        busy.append(sender)
        try:
            match kind:
                case "log":
                    _log(signal, using)
                case "log as the system":
                    with _system():
                        _log(signal, using)
                case "edit":
                    _edit(signal, instance, using, details)
                case "link":
                    _link(signal, instance, using, details)
                case "link as the system" if details.get("action") == "post_add" and isinstance(instance, app.Thing):
                    other = app.Thing.objects.using(using).exclude(pk=instance.pk).order_by("pk").first()
                    if other is not None:
                        with _system():
                            _toggle(other)
                        expected.aside[app.Thing, other.pk] = system
        finally:
            busy.pop()

    with ExitStack() as connected:
        if kind is not None:
            for signal in SIGNALS:
                signal.connect(receive)
                connected.callback(signal.disconnect, receive)
        yield expected


@contextmanager
def _system() -> Iterator[None]:
    with (
        Context.via_actor(None),
        Context.via_object_delta_description("logged"),
        Context.via_attribute_delta_description("changed"),
    ):
        yield


def _owner(sender: Any) -> Any:
    return sender._meta.auto_created or sender._meta.concrete_model


def _log(signal: Any, using: str) -> None:
    rows = app.Log.objects.using(using)
    if signal in (pre_save, pre_delete):
        rows.update(count=F("count") + 1)
    else:
        rows.create(text="logged")


def _edit(signal: Any, instance: Any, using: str, details: dict[str, Any]) -> None:
    """Change the object that is being saved: before it is, behind its back; after that, by saving it again."""
    if not hasattr(instance, "edits"):
        return
    if signal in (pre_save, pre_delete):
        rows = type(instance)._base_manager.using(using).filter(pk=instance.pk)
        rows.update(edits=F("edits") + 1)
    elif signal is post_save or details.get("action", "").startswith("post_"):
        instance.edits += 1
        instance.save(using=using)


def _link(signal: Any, instance: Any, using: str, details: dict[str, Any]) -> None:
    """Change relations in the middle of a call that does, or of a deletion that takes some away."""
    if details.get("action") == "post_add" and isinstance(instance, app.Thing):
        _toggle(instance)
    elif signal is post_delete and isinstance(instance, app.Tag):
        for thing in app.Thing.objects.using(using).order_by("pk")[:2]:
            _toggle(thing)


def _toggle(thing: app.Thing) -> None:
    tag = app.Tag.objects.using(thing._state.db).order_by("name").first()
    thing.tags.add(tag) if tag not in thing.tags.all() else thing.tags.remove(tag)
