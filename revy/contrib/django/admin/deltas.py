"""The read-only list of all changes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, prefetch_related_objects
from django.db.models.query import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import localize
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from revy.contrib.django.admin.entries import Named, name_objects, read_entries
from revy.contrib.django.admin.filters import ActionFilter, ActorFilter, ModelFilter
from revy.contrib.django.admin.lists import ReadOnlyAdmin
from revy.contrib.django.admin.pages import render
from revy.contrib.django.admin.people import People, Person
from revy.contrib.django.admin.texts import legible
from revy.contrib.django.admin.timeline import ACTIONS

_SHORT = 80


class ObjectDeltaAdmin(ReadOnlyAdmin):
    """All changes of objects that the viewer may see, newest first."""

    list_display = ("change", "content_link", "who", "why", "when")
    list_display_links = ("change",)
    list_filter = (ActionFilter, ActorFilter, ModelFilter, ("created_at", admin.DateFieldListFilter))
    search_fields = ("description",)
    search_help_text = _("Words of a description, or the key of an object.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.viewer(request).object_deltas().order_by(*self.ordering)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term:
            return queryset, False
        words = Q(description__icontains=search_term) | Q(revision__description__icontains=search_term)
        return queryset.filter(words | Q(content_id=search_term)), False

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        viewer = self.viewer(request)
        # Not joined: databases that expect few rows may read the whole table of revisions for them.
        prefetch_related_objects(rows, "revision")
        named, people = name_objects(viewer, rows), People(viewer, rows)
        for row in rows:
            row.revy_named, row.revy_who = named[row.pk], people.of(row)

    def show(self, request: HttpRequest, found: Any) -> HttpResponse:
        entries = read_entries(self.viewer(request), [found])
        if not entries:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(found.pk))  # type: ignore[attr-defined,no-any-return]
        (entry,) = entries
        title = f"{entry.head.label}: {entry.content.label} “{entry.content.text}”"
        return render(self, request, "delta", {"title": title, "entry": entry})

    @admin.display(description=_("change"))
    def change(self, row: Any) -> str:
        return badge(row.action)

    @admin.display(description=_("object"))
    def content_link(self, row: Any) -> str:
        return name_link(row.revy_named, gettext("version %d") % row.version)

    @admin.display(description=_("who"))
    def who(self, row: Any) -> str:
        return "" if row.revy_named.is_hidden else person_link(row.revy_who)

    @admin.display(description=_("why"))
    def why(self, row: Any) -> str:
        if row.revy_named.is_hidden:
            return ""
        return Truncator(legible(row.description or row.revision.description)).chars(_SHORT)

    @admin.display(description=_("when"))
    def when(self, row: Any) -> str:
        return moment(row.created_at)


def badge(action: str) -> str:
    return format_html('<span class="revy-badge revy-{}">{}</span>', action, ACTIONS[action])


def moment(time: Any) -> str:
    return format_html(
        '<time datetime="{}">{}</time>', time.isoformat(), localize(localtime(time) if is_aware(time) else time)
    )


def person_link(person: Person) -> str:
    """Return the name of an actor, which leads to what else they did."""
    if not person.key and not person.is_system:
        return person.name
    return format_html('<a href="?actor={}"><bdi>{}</bdi></a>', person.key or "system", person.name)


def name_link(named: Named, note: str = "") -> str:
    """Return the name of an object, which leads to its history."""
    if named.is_hidden:
        return gettext("hidden")
    text = Truncator(named.text).chars(_SHORT)
    name = format_html("<bdi>{}</bdi>", text)
    if named.history_url:
        name = format_html('<a href="{}">{}</a>', named.history_url, name)
    after = format_html(' <span class="revy-quiet">{}</span>', note) if note else ""
    return format_html('<span class="revy-quiet">{}</span> {}{}', named.label, name, after)
