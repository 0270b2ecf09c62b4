"""The admin of the library."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from revy.contrib.django.admin import HistoryAdminMixin, register_history
from tests.admin.app.models import Author, Book, Chapter, Draft, Tag

site = AdminSite("library")


class ChapterInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Chapter
    extra = 1


@admin.register(Book, site=site)
class BookAdmin(HistoryAdminMixin, admin.ModelAdmin):
    exclude = ("secret",)
    list_display = ("title", "kind", "is_lent")
    list_editable = ("is_lent",)
    inlines = (ChapterInline,)
    actions = ("lend",)

    @admin.action(description="Lend selected %(verbose_name_plural)s")
    def lend(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        queryset.update(is_lent=True)


@admin.register(Author, site=site)
class AuthorAdmin(HistoryAdminMixin, admin.ModelAdmin):
    pass


@admin.register(Chapter, site=site)
class ChapterAdmin(HistoryAdminMixin, admin.ModelAdmin):
    pass


@admin.register(Draft, site=site)
class DraftAdmin(HistoryAdminMixin, admin.ModelAdmin):
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(owner=request.user.get_username())


@admin.register(User, site=site)
class UserAdmin(HistoryAdminMixin, DjangoUserAdmin):
    pass


# One that knows nothing of history.
site.register(Tag)
register_history(site)
