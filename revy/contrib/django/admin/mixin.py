"""A ModelAdmin whose objects have a history, and whose changes are part of it."""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import models
from django.db.models.query import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from revy.contrib.django.admin import pages, recovery
from revy.contrib.django.admin.policy import shows_deleted, shows_field
from revy.contrib.django.admin.recording import describe, describe_action, describe_deletion, recording

if TYPE_CHECKING:
    _Base = admin.ModelAdmin[Any]
else:
    _Base = object


class HistoryAdminMixin(_Base):
    """Gives a ModelAdmin pages of the past, and records what it writes.

    The history page of an object becomes a timeline, with comparisons, old versions, and a way back; the changelist
    gets a page of what was deleted. What the admin saves and deletes is recorded with the user as actor and the
    admin's own message as description, with or without RevyMiddleware: a description given around it is kept.

    History shows no more than the ModelAdmin does at present; override these where that is not what you need.
    """

    def can_view_deleted(self, request: HttpRequest) -> bool:
        """Tell whether the viewer may see the history of objects that exist no more.

        By default only if `get_queryset` leaves nothing out: where it does, nobody can tell whether it would have shown
        this one.
        """
        return shows_deleted(self, request)

    def can_view_history_field(
        self, request: HttpRequest, field: models.Field[Any, Any], obj: models.Model | None = None
    ) -> bool:
        """Tell whether the viewer may see the recorded values of a field; `obj` is None for one that is gone.

        By default those that the form or the list of this ModelAdmin shows, editable or not, but never a password.
        """
        return shows_field(self, request, field, obj)

    def get_urls(self) -> list[URLPattern]:
        meta = self.opts

        def page(route: str, view: Any, name: str) -> URLPattern:
            def wrapper(*args: Any, **kwargs: Any) -> HttpResponseBase:
                response: HttpResponseBase = self.admin_site.admin_view(view)(*args, **kwargs)
                return response

            wrapper.model_admin = self  # type: ignore[attr-defined]
            return path(route, update_wrapper(wrapper, view), name=f"{meta.app_label}_{meta.model_name}_{name}")

        history = "<path:object_id>/history/"
        return [
            page("deleted/", self.deleted_view, "deleted"),
            page(f"{history}compare/", self.history_compare_view, "history_compare"),
            page(f"{history}<int:version>/", self.history_version_view, "history_version"),
            page(f"{history}<int:version>/restore/", self.history_restore_view, "history_restore"),
            *super().get_urls(),
        ]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the timeline of an object."""
        return pages.show_timeline(self, request, object_id, extra_context or {})

    def history_compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what differs between the versions `from` and `to` of an object."""
        return pages.show_comparison(self, request, object_id)

    def history_version_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """Show an object as it was at a version."""
        return pages.show_version(self, request, object_id, version)

    def history_restore_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        """Show what restoring a version would do, and do it when that is confirmed."""
        return recovery.restore(self, request, object_id, version)

    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        """Show the objects that were deleted and did not come back."""
        return pages.show_deletions(self, request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        with recording(request):
            response = super().changelist_view(request, extra_context)
        return pages.with_deleted_link(self, request, response)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        with recording(request):
            return super().changeform_view(request, object_id, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        with recording(request):
            return super().delete_view(request, object_id, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        """Record what UserAdmin's page for passwords does; other ModelAdmins have none that leads here."""
        with recording(request):
            return super().user_change_password(request, id, form_url)  # type: ignore[misc]

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any) -> Any:
        # Django 6.1 tells the location of the action, too.
        describe_action(self, request, *args, *kwargs.values())
        return super().response_action(request, queryset, *args, **kwargs)

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        describe(message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        describe(message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        describe_deletion()
        return super().log_deletions(request, queryset)
