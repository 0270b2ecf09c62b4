"""The pages of the wiki. They know nothing but what the GraphQL API tells the visitor."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe
from graphql_relay import to_global_id

from demo.wiki.api import ask
from demo.wiki.asked import parse_version, read_filters, read_text, read_version, read_window

_PAGES_SHOWN: Final = 50
_CHANGES_SHOWN: Final = 10
_DELTAS_SHOWN: Final = 20
_ACTIONS: Final = ("CREATE", "UPDATE", "DELETE")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the pages, or those with `?search=` in their path."""
    search = read_text(request, "search")
    data = ask(request, "pages", search=search, **read_window(request, _PAGES_SHOWN))
    return render(request, "wiki/index.html", {**data, "search": search})


@require_safe
def changes(request: HttpRequest) -> HttpResponse:
    """List what happened in the wiki, newest first."""
    action = read_text(request, "action").upper()
    filters = {**read_filters(request), "action": action if action in _ACTIONS else None}
    data = ask(request, "changes", **filters, **read_window(request, _CHANGES_SHOWN))
    return render(request, "wiki/changes.html", {**data, "filters": filters})


@require_safe
def revision(request: HttpRequest, revision_id: str) -> HttpResponse:
    """Show one revision, and everything that it changed."""
    data = ask(request, "revision", id=revision_id, **read_window(request, _DELTAS_SHOWN))
    if data["revision"] is None:
        raise Http404
    return render(request, "wiki/revision.html", data)


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a page, deleted ones too, as it is or as it was at `?version=`, beside its history."""
    version, filters = read_version(request, "version"), read_filters(request)
    data = ask(
        request,
        "page",
        id=str(pk),
        node=to_global_id("Page", pk),
        version=version,
        atVersion=version is not None,
        **filters,
        **read_window(request, _CHANGES_SHOWN),
    )
    latest = _latest_delta(data)
    shown = latest if version is None else data["asked"]["to"]
    if shown is None and (version is not None or data["page"] is None):
        raise Http404
    values = (data["page"] if shown is None else shown["snapshot"]) or {}
    context = {**data, "pk": pk, "latest": latest, "shown": shown, "values": values, "filters": filters}
    return render(request, "wiki/page.html", context)


@require_safe
def diff(request: HttpRequest, pk: int) -> HttpResponse:
    """Compare the versions `?from=` and `?to=` of a page; by default the last one with the one before it."""
    data = ask(request, "diff", id=str(pk), old=read_version(request, "from"), new=read_version(request, "to"))
    sides = [side for side in (data["diff"]["from"], data["diff"]["to"]) if side is not None]
    return render(request, "wiki/diff.html", {**data["diff"], "pk": pk, "latest": _latest_delta(data), "sides": sides})


@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: HttpRequest, pk: int, version: int) -> HttpResponse:
    """Ask for a message, showing what would change and what stands in the way; then bring the version back."""
    message = request.POST.get("message", "").replace("\r\n", "\n").strip()
    is_sent = request.method == "POST"
    expected = parse_version(request.POST.get("expected", "")) if is_sent else None
    asked = {"version": version, "expectedVersion": expected, "message": message, "dryRun": not is_sent}
    payload = ask(request, "restore", id=str(pk), **asked)["restoreObject"]
    errors = payload["errors"]
    if is_sent and not errors:
        notice = "restored" if payload["objectDelta"] else "unchanged"
        return redirect(f"{reverse('page', args=[pk])}?notice={notice}")
    _raise_if_hopeless(errors)
    latest = _latest_delta(ask(request, "latest", id=str(pk)))
    if latest is None:
        raise Http404
    data = ask(request, "diff", id=str(pk), old=latest["version"], new=version)
    context = {**data["diff"], "pk": pk, "latest": latest, "errors": errors, "message": message, "is_sent": is_sent}
    return render(request, "wiki/restore.html", context, status=409 if is_sent else 200)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def _latest_delta(data: dict[str, Any]) -> Any:
    for edge in data["latest"]["edges"]:
        for inner in edge["node"]["objectDeltas"]["edges"]:
            return inner["node"]
    return None


def _raise_if_hopeless(errors: list[dict[str, Any]]) -> None:
    codes = {error["code"] for error in errors}
    if "NOT_FOUND" in codes:
        raise Http404
    if "FORBIDDEN" in codes:
        raise PermissionDenied
