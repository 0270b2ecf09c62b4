"""Bringing past states back in the admin: a preview first, and then just that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote
from django.core.exceptions import PermissionDenied
from django.db import models, router
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from revy.contrib.django.admin.pages import about, missing, render, require_subject
from revy.contrib.django.admin.preview import make_preview
from revy.contrib.django.admin.subject import Subject
from revy.contrib.django.admin.texts import legible
from revy.contrib.django.admin.timeline import LAST_POSSIBLE
from revy.contrib.django.admin.viewer import Viewer
from revy.contrib.django.conf import context_class, get_object_delta_model
from revy.contrib.django.restore import Plan, RestoreError, plan_restore
from revy.contrib.django.transactions import write_transaction
from revy.contrib.django.values import key_from_text

_LONGEST_REASON: Final = 10_000


class ReasonForm(forms.Form):
    """Why something is brought back; what the plan was that the viewer has seen."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=_LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text=_("It becomes the description of the revision."),
    )
    token = forms.CharField(widget=forms.HiddenInput, required=False)


def restore(model_admin: Any, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
    """Show what restoring a version would do; a POST with the token of what was shown does it."""
    subject = require_subject(model_admin, request, object_id)
    context = about(model_admin, subject)
    if not context["can_restore"]:
        raise PermissionDenied
    # From where it is going to be written: a replica of that database may be behind.
    hints = {} if subject.instance is None else {"instance": subject.instance}
    history = router.db_for_write(get_object_delta_model(), **hints)
    delta = subject.deltas().using(history).filter(version=version).first() if version <= LAST_POSSIBLE else None
    if delta is None:
        raise missing(subject)
    related = subject.instance is None and (request.POST or request.GET).get("related") == "1"

    def plan() -> Plan:
        using = router.db_for_write(subject.model, **hints)
        return plan_restore(delta, related=related, using=using, authorize=subject.viewer.can_change)

    def done(reason: str) -> HttpResponse:
        return _restored(model_admin, subject, version, reason)

    default = gettext("Restored version %(version)d.") % {"version": version}
    title = _("Recover %(name)s") if subject.instance is None else _("Restore version %(version)d")
    shown = {
        **context,
        "title": title % {"name": model_admin.opts.verbose_name, "version": version},
        "subtitle": subject.text,
        "version": version,
        "related": related,
    }
    first = delta.content_type_id, delta.content_id
    return confirm(model_admin, subject.viewer, Task(plan, done, history, default), shown, first)


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be confirmed: how it is planned, and what follows once it is done, given the reason.

    `using` is the database of its history, `default` the reason if none is given.
    """

    plan: Callable[[], Plan]
    done: Callable[[str], HttpResponse]
    using: str
    default: str


def confirm(
    model_admin: Any, viewer: Viewer, task: Task, context: dict[str, Any], first: tuple[int, str] | None = None
) -> HttpResponse:
    """Show the plan of a task, that of the `first` object on top, or apply it if it is what was shown before."""
    request = viewer.request
    form = ReasonForm(request.POST if request.method == "POST" else None)
    planned = task.plan()
    is_outdated = False
    if request.method == "POST" and form.is_valid():
        reason, token = form.cleaned_data["reason"], form.cleaned_data["token"]
        is_outdated = planned.token != token
        if not is_outdated and not planned.problems and not planned.is_empty:
            try:
                return _apply(viewer, task, planned, token, reason)
            except RestoreError:
                # Somebody else was faster, or the database refused: the plan of now says what is in the way.
                planned, is_outdated = task.plan(), True
    preview = make_preview(viewer, planned, first)
    shown = {**context, "preview": preview, "form": form, "is_outdated": is_outdated, "default_reason": task.default}
    response = render(model_admin, request, "preview", shown)
    response.status_code = 409 if is_outdated else 200
    return response


def _apply(viewer: Viewer, task: Task, plan: Plan, token: str, reason: str) -> HttpResponse:
    context = context_class()
    # As with whatever the admin writes, a description that was given around it counts.
    reason = reason or context.get_revision_description() or task.default
    with write_transaction(task.using), context.via_actor(viewer.request), context.via_revision_description(reason):
        plan.apply(token)
        return task.done(reason)


def _restored(model_admin: Any, subject: Subject, version: int, reason: str) -> HttpResponse:
    """Log the restore as the admin logs any change, say that it is done, and go to the history."""
    request: Any = subject.viewer.request
    key = key_from_text(subject.model, subject.history.content_id)
    objects = model_admin.model._base_manager.using(router.db_for_write(subject.model))
    instance: models.Model = objects.get(pk=key)
    log = model_admin.log_addition if subject.instance is None else model_admin.log_change
    log(request, instance, reason)
    shown = model_admin.get_object(request, str(instance.pk))
    if shown is None or not model_admin.has_view_or_change_permission(request, shown):
        # As it was then, the admin shows it to others only.
        messages.success(request, gettext("It was restored, to what you may not see."))
        return HttpResponseRedirect(subject.viewer.url(subject.model, "changelist"))
    said = format_html(
        gettext("The {name} “{obj}” was restored to version {version}."),
        name=model_admin.opts.verbose_name,
        obj=format_html('<a href="{}">{}</a>', subject.viewer.url_of(instance), legible(str(instance))),
        version=version,
    )
    messages.success(request, said)
    return HttpResponseRedirect(subject.viewer.url(subject.model, "history", quote(instance.pk)))
