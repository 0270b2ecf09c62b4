"""The pages of a ModelAdmin that show the past."""

from __future__ import annotations

from typing import Any, Final

import django
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext

from revy.contrib.django.admin.comparison import compare, read_snapshot
from revy.contrib.django.admin.deletions import read_deletions
from revy.contrib.django.admin.subject import Subject, find_subject
from revy.contrib.django.admin.timeline import LAST_POSSIBLE, read_timeline
from revy.contrib.django.admin.viewer import Viewer
from revy.contrib.django.tracking import concrete_model, is_tracked

# The largest key that all databases take, and how many digits it has.
LAST_KEY: Final = 2**63 - 1
_DIGITS: Final = 19


def show_timeline(model_admin: Any, request: HttpRequest, object_id: str, extra: dict[str, Any]) -> HttpResponse:
    viewer = Viewer(request, model_admin.admin_site, model_admin)
    subject = find_subject(viewer, model_admin, object_id)
    if subject is None:
        gone: HttpResponse = model_admin._get_obj_does_not_exist_redirect(request, model_admin.opts, object_id)
        return gone
    context = {
        **about(model_admin, subject),
        "title": gettext("History of %(name)s") % {"name": subject.text},
        "crumb": gettext("History"),
        "timeline": read_timeline(subject, read_number(request, "before")),
        "is_tracked": is_tracked(subject.model),
        **extra,
    }
    return render(model_admin, request, "timeline", context, model_admin.object_history_template)


def show_comparison(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    subject = require_subject(model_admin, request, object_id)
    last = subject.last_version
    new = read_number(request, "to") or last
    old = read_number(request, "from") or max(new - 1, 1)
    # Whichever was chosen first: time runs forward.
    comparison = compare(subject, min(old, new), max(old, new))
    if comparison is None:
        raise missing(subject)
    context = {
        **about(model_admin, subject),
        "title": gettext("Versions %(old)d and %(new)d") % {"old": min(old, new), "new": max(old, new)},
        "subtitle": subject.text,
        "comparison": comparison,
        "last_version": last,
    }
    return render(model_admin, request, "comparison", context)


def show_version(model_admin: Any, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
    subject = require_subject(model_admin, request, object_id)
    snapshot = read_snapshot(subject, version) if version <= LAST_POSSIBLE else None
    if snapshot is None:
        raise missing(subject)
    last = subject.last_version
    context = {
        **about(model_admin, subject),
        "title": gettext("Version %(version)d of %(last)d") % {"version": version, "last": last},
        "subtitle": subject.text,
        "snapshot": snapshot,
        "last_version": last,
        "older": version - 1,
        "newer": version + 1 if version < last else None,
    }
    return render(model_admin, request, "version", context)


def show_deletions(model_admin: Any, request: HttpRequest) -> HttpResponse:
    if not model_admin.has_view_or_change_permission(request) or not model_admin.can_view_deleted(request):
        raise PermissionDenied
    viewer = Viewer(request, model_admin.admin_site, model_admin)
    before = read_number(request, "before", LAST_KEY)
    context = {
        "title": gettext("Deleted %(name)s") % {"name": model_admin.opts.verbose_name_plural},
        "deletions": read_deletions(viewer, concrete_model(model_admin.model), before),
        "is_first": before is None,
        "can_restore": model_admin.has_add_permission(request),
    }
    return render(model_admin, request, "deletions", context)


def with_deleted_link(model_admin: Any, request: HttpRequest, response: Any) -> Any:
    """Return the page of a changelist with a link to what was deleted, on top of whichever template it has."""
    is_list = isinstance(response, TemplateResponse) and "cl" in (response.context_data or {})
    if not is_list or response.is_rendered or not model_admin.can_view_deleted(request):
        return response
    url = Viewer(request, model_admin.admin_site, model_admin).url(concrete_model(model_admin.model), "deleted")
    base = response.resolve_template(response.template_name)
    response.context_data.update(revy_deleted_url=url, revy_base=base)
    response.template_name = "revy/admin/change_list.html"
    return response


def require_subject(model_admin: Any, request: HttpRequest, object_id: str) -> Subject:
    """Return the object of that quoted key. Raises Http404 if the viewer may not know of it."""
    subject = find_subject(Viewer(request, model_admin.admin_site, model_admin), model_admin, object_id)
    if subject is None:
        raise Http404(f"There is no history of {model_admin.opts.verbose_name} {object_id}.")
    return subject


def missing(subject: Subject) -> Http404:
    return Http404(f"{subject.model._meta.label} {subject.history.content_id} has no such version.")


def about(model_admin: Any, subject: Subject) -> dict[str, Any]:
    """Return what all pages about one object need to know."""
    request, instance = subject.viewer.request, subject.instance
    may_restore = (
        model_admin.has_add_permission(request)
        if instance is None
        else model_admin.has_change_permission(request, instance)
    )
    return {
        "object": instance,
        "object_text": subject.text,
        "object_id": quote(subject.history.content_id if instance is None else instance.pk),
        "is_gone": instance is None,
        "can_restore": may_restore,
    }


def render(
    model_admin: Any, request: HttpRequest, name: str, context: dict[str, Any], template: str | None = None
) -> HttpResponse:
    """Return a page of the admin; projects may put a template of their own for a model or an app in front."""
    meta = model_admin.opts
    request.current_app = model_admin.admin_site.name
    places = (f"{meta.app_label}/{meta.model_name}/", f"{meta.app_label}/", "")
    shown = {
        **model_admin.admin_site.each_context(request),
        "opts": meta,
        "subtitle": None,
        "here": context.get("crumb", context["title"]),
        "trail": _trail(model_admin, request, context),
        # Until Django 6.1 it was no list.
        "is_trail_list": django.VERSION >= (6, 1),
        **context,
    }
    return TemplateResponse(request, template or [f"revy/admin/{place}{name}.html" for place in places], shown)


def _trail(model_admin: Any, request: HttpRequest, context: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the way to a page, as addresses and names; the page itself has no address."""
    meta, site = model_admin.opts, model_admin.admin_site
    viewer = Viewer(request, site, model_admin)
    trail = [
        (reverse(f"{site.name}:index"), gettext("Home")),
        (reverse(f"{site.name}:app_list", args=[meta.app_label]), str(meta.app_config.verbose_name)),
        (viewer.url(model_admin.model, "changelist"), str(capfirst(meta.verbose_name_plural))),
    ]
    if "object_id" in context:
        url = "" if context["is_gone"] else viewer.url(model_admin.model, "change", context["object_id"])
        trail.append((url, context["object_text"]))
        if "crumb" not in context:
            trail.append((viewer.url(model_admin.model, "history", context["object_id"]), gettext("History")))
    if "revision" in context and context.get("is_revert"):
        trail.append((viewer.url(model_admin.model, "change", context["revision"].pk), gettext("Revision")))
    return trail


def read_number(request: HttpRequest, name: str, most: int = LAST_POSSIBLE) -> int | None:
    """Return a positive number of the query string, or None where it makes no sense."""
    text = request.GET.get(name, "")
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS else 0
    return min(number, most) if number else None
