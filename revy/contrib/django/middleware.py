"""A context around every request: one line that has whatever views write recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBadRequest
from django.http.response import HttpResponseBase

from revy.contrib.django.conf import context_class
from revy.contrib.django.text import is_storable

HEADER: Final = "HTTP_X_COMMIT_MESSAGE"
MAX_LENGTH: Final = 10_000

GetResponse = Callable[[HttpRequest], Any]


class RevyMiddleware:
    """Enters a context for each request: its actor is the request's user, its description the X-Commit-Message header.

    The user is looked up at the first write, and so may be found by later middleware or by the view. The context ends
    when the response is returned: what a streaming response writes while it is sent is outside. A message that is too
    long, or that no database can store, is answered with status 400. Works in sync and async code.
    """

    sync_capable: ClassVar = True
    async_capable: ClassVar = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        message = find_message(request)
        problem = None if message is None else _problem_of(message)
        if self.is_async:
            return self._respond_async(request, message, problem)
        if problem is not None:
            return _refusal(problem)
        with _entered(request, message):
            response: HttpResponseBase = self.get_response(request)
        return response

    async def _respond_async(self, request: HttpRequest, message: str | None, problem: str | None) -> HttpResponseBase:
        if problem is not None:
            return _refusal(problem)
        with _entered(request, message):
            response: HttpResponseBase = await self.get_response(request)
        return response


def find_message(request: HttpRequest) -> str | None:
    """Return what the X-Commit-Message header says, or None without one."""
    value = request.META.get(HEADER)
    if value is None:
        return None
    try:
        # HTTP servers hand over the bytes of a header decoded as Latin-1; clients send UTF-8.
        return str(value).encode("latin-1").decode()
    except UnicodeError:
        return str(value)


def _problem_of(message: str) -> str | None:
    if len(message) > MAX_LENGTH:
        return f"it is longer than {MAX_LENGTH:,} characters"
    if not is_storable(message):
        return "it contains characters that cannot be stored"
    return None


def _refusal(problem: str) -> HttpResponseBadRequest:
    return HttpResponseBadRequest(f"The header X-Commit-Message is refused: {problem}.\n", content_type="text/plain")


@contextmanager
def _entered(request: HttpRequest, message: str | None) -> Iterator[None]:
    context = context_class()
    with context.via_actor(request):
        if message is None:
            yield
            return
        with context.via_revision_description(message):
            yield
