"""The context in which the admin writes: who is logged in, and what the admin says of the change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext

from revy.contrib.django.conf import context_class

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_MOST_MESSAGES: Final = 5


class Recording:
    """The revision that a request makes; what is said of it is known only once everything is written."""

    def __init__(self, *, is_described: bool) -> None:
        self._is_described = is_described
        self._messages: list[str] = []

    def begin(self, message: str) -> None:
        """Say what is going to be done, until something is said of what was."""
        if not self._is_described:
            context_class().set_revision_description(message)

    def add(self, message: str) -> None:
        """Say what was done; messages of several objects are joined."""
        if self._is_described or not message or message in self._messages:
            return
        self._messages.append(message)
        if len(self._messages) <= _MOST_MESSAGES:
            context_class().set_revision_description(" ".join(self._messages))


_running: ContextVar[Recording | None] = ContextVar("revy_admin_recording", default=None)


@contextmanager
def recording(request: HttpRequest) -> Iterator[None]:
    """Record what is written in the block, as one revision; nothing is entered for requests that only read.

    A description that was given around it, as the X-Commit-Message header is by RevyMiddleware, is kept.
    """
    if request.method in _SAFE_METHODS or _running.get() is not None:
        yield
        return
    context = context_class()
    is_described = bool(context.get_revision_description())
    # A block that describes its revision has one of its own, which can be described anew as long as it runs.
    described = context() if is_described else context.via_revision_description("")
    token = _running.set(Recording(is_described=is_described))
    try:
        with context.via_actor(request), described:
            yield
    finally:
        _running.reset(token)


def describe(change_message: Any) -> None:
    """Say what the admin logs: in the language of the site, since everybody reads it."""
    running = _running.get()
    if running is not None:
        from django.contrib.admin.models import LogEntry  # noqa: PLC0415 - cannot be loaded where the admin is not installed

        stored = json.dumps(change_message) if isinstance(change_message, list) else str(change_message)
        with translation.override(settings.LANGUAGE_CODE):
            running.add(LogEntry(change_message=stored).get_change_message())


def describe_deletion() -> None:
    running = _running.get()
    if running is not None:
        with translation.override(settings.LANGUAGE_CODE):
            running.add(gettext("Deleted."))


def describe_action(model_admin: Any, request: HttpRequest, location: Any = None) -> None:
    """Say which action is about to run, as its menu does: that of a list or, since Django 6.1, of an object's page."""
    running = _running.get()
    is_form = getattr(location, "value", "") == "CHANGE_FORM"
    names = request.POST.getlist("CHANGE_FORM-action" if is_form else "action")
    if running is None or not names:
        return
    place = request.POST.get("index", "0")
    # There may be a menu above the list and one below it.
    name = names[int(place)] if place.isdecimal() and int(place) < len(names) else names[-1]
    with translation.override(settings.LANGUAGE_CODE):
        choices = model_admin.get_action_choices(request, **({"action_location": location} if is_form else {}))
        running.begin(str(dict(choices).get(name, "")))
