"""An admin site over some of the machine's models."""

from __future__ import annotations

from django.contrib.admin import AdminSite, ModelAdmin
from django.urls import path

from tests.machine.app.models import Code, Place


class CodeAdmin(ModelAdmin):
    list_display = ("id", "label")
    list_editable = ("label",)


class PlaceAdmin(ModelAdmin):
    fields = ("name", "tags")


site = AdminSite()
site.register(Code, CodeAdmin)
site.register(Place, PlaceAdmin)
urlpatterns = [path("admin/", site.urls)]
