"""The read-only list of all revisions, and undoing one."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import router
from django.db.models import OuterRef, Q, Subquery
from django.db.models.query import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from revy.contrib.django.admin.deltas import moment, name_link, person_link
from revy.contrib.django.admin.entries import name_objects, read_entries
from revy.contrib.django.admin.filters import ActionFilter, ActorFilter, ModelFilter, with_visible
from revy.contrib.django.admin.lists import ReadOnlyAdmin
from revy.contrib.django.admin.pages import LAST_KEY, read_number, render
from revy.contrib.django.admin.people import People
from revy.contrib.django.admin.recovery import Task, confirm
from revy.contrib.django.admin.texts import legible
from revy.contrib.django.conf import get_object_delta_model, get_revision_model
from revy.contrib.django.restore import Plan, plan_revert

PAGE_SIZE: Final = 20
# Of so many changes a row of the list tells the objects and actors.
FIRST: Final = 3
# Larger revisions are for code to revert: a page for a million objects helps nobody.
MOST_TO_REVERT: Final = 2_000

_SHORT: Final = 100


class RevisionAdmin(ReadOnlyAdmin):
    """The revisions that have a change which the viewer may see, newest first."""

    list_display = ("number", "why", "who", "what", "when")
    list_display_links = ("number", "why")
    list_filter = (ActorFilter, ModelFilter, ActionFilter, ("created_at", admin.DateFieldListFilter))
    search_fields = ("description",)
    search_help_text = _("Words of the description, or the key of an object.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        viewer = self.viewer(request)
        rows: QuerySet[Any] = get_revision_model()._base_manager.using(viewer.using).order_by(*self.ordering)
        return with_visible(viewer, rows)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term:
            return queryset, False
        viewer = self.viewer(request)
        named = viewer.object_deltas().filter(content_id=search_term)
        return queryset.filter(Q(description__icontains=search_term) | Q(pk__in=named.values("revision_id"))), False

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_revert"
        return [
            path("<int:pk>/revert/", self.admin_site.admin_view(self.revert_view), name=name),
            *super().get_urls(),
        ]

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        viewer = self.viewer(request)
        own = viewer.object_deltas().filter(revision_id=OuterRef("pk")).order_by("pk").values("pk")
        first = {f"revy_{place}": Subquery(own[place : place + 1]) for place in range(FIRST + 1)}
        revisions: QuerySet[Any] = get_revision_model()._base_manager.using(viewer.using)
        found = revisions.filter(pk__in=[row.pk for row in rows]).annotate(**first).values_list("pk", *first)
        keys = {pk: [key for key in some if key is not None] for pk, *some in found}
        shown = {key for some in keys.values() for key in some[:FIRST]}
        deltas = {each.pk: each for each in viewer.object_deltas().filter(pk__in=shown).defer("state")}
        named, people = name_objects(viewer, deltas.values()), People(viewer, deltas.values())
        for row in rows:
            own_deltas = [deltas[key] for key in keys.get(row.pk, ())[:FIRST] if key in deltas]
            row.revy_named = [named[delta.pk] for delta in own_deltas]
            row.revy_people = list(
                dict.fromkeys(people.of(each) for each in own_deltas if not named[each.pk].is_hidden)
            )
            row.revy_has_more = len(keys.get(row.pk, ())) > FIRST

    def show(self, request: HttpRequest, found: Any) -> HttpResponse:
        viewer = self.viewer(request)
        deltas = viewer.object_deltas().filter(revision_id=found.pk).order_by("pk")
        after = read_number(request, "after", LAST_KEY)
        if after is not None:
            deltas = deltas.filter(pk__gt=after)
        read = list(deltas.select_related("revision").prefetch_related("attribute_deltas")[: PAGE_SIZE + 1])
        context = {
            "title": gettext("Revision %d") % found.pk,
            "revision": found,
            "description": legible(found.description),
            "entries": read_entries(viewer, read[:PAGE_SIZE]),
            "next": read[PAGE_SIZE - 1].pk if len(read) > PAGE_SIZE else None,
            "is_first": after is None,
            "can_revert": not self._is_large(viewer.using, found.pk),
        }
        return render(self, request, "revision", context)

    def revert_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what undoing the revision would do; a POST with the token of what was shown does it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        revision = self.get_object(request, str(pk)) if pk <= LAST_KEY else None
        if revision is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))  # type: ignore[attr-defined,no-any-return]
        using = router.db_for_write(get_object_delta_model())
        if self._is_large(using, revision.pk):
            raise PermissionDenied
        viewer, skip = self.viewer(request), (request.POST or request.GET).get("skip") == "1"
        # From where it is going to be written.
        written = get_revision_model()._base_manager.using(using).get(pk=revision.pk)

        def plan() -> Plan:
            return plan_revert(written, skip_conflicts=skip, authorize=viewer.can_change)

        def done(reason: str) -> HttpResponse:
            messages.success(request, gettext("Revision %d was reverted.") % revision.pk)
            return HttpResponseRedirect(viewer.url(self.model, "changelist"))

        context = {
            "title": gettext("Revert revision %d") % revision.pk,
            "subtitle": Truncator(legible(revision.description)).chars(_SHORT),
            "revision": revision,
            "skip": skip,
            "is_revert": True,
        }
        task = Task(plan, done, using, gettext("Reverted revision %d.") % revision.pk)
        return confirm(self, viewer, task, context)

    def _is_large(self, using: str, pk: Any) -> bool:
        rows = get_object_delta_model()._base_manager.using(using).filter(revision_id=pk).order_by("pk")
        return rows.values_list("pk", flat=True)[MOST_TO_REVERT : MOST_TO_REVERT + 1].first() is not None

    @admin.display(description=_("revision"))
    def number(self, row: Any) -> str:
        return f"r{row.pk}"

    @admin.display(description=_("why"))
    def why(self, row: Any) -> str:
        return Truncator(legible(row.description)).chars(_SHORT) or gettext("no description")

    @admin.display(description=_("who"))
    def who(self, row: Any) -> str:
        return format_html_join(", ", "{}", ((person_link(person),) for person in row.revy_people))

    @admin.display(description=_("what"))
    def what(self, row: Any) -> str:
        shown = [name_link(named) for named in row.revy_named]
        return format_html_join(", ", "{}", ((each,) for each in [*shown, *(["…"] if row.revy_has_more else [])]))

    @admin.display(description=_("when"))
    def when(self, row: Any) -> str:
        return moment(row.created_at)
