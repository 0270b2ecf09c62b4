"""History in the admin, as a typed project has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from revy.contrib.django.admin import HistoryAdminMixin, ObjectDeltaAdmin, RevisionAdmin, register_history
from shop.models import Order, Product

if TYPE_CHECKING:
    ProductAdminBase = admin.ModelAdmin[Product]
else:
    ProductAdminBase = admin.ModelAdmin


@admin.register(Product)
class ProductAdmin(HistoryAdminMixin, ProductAdminBase):
    list_display = ("name", "price")

    def can_view_deleted(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def can_view_history_field(
        self, request: HttpRequest, field: models.Field[Any, Any], obj: models.Model | None = None
    ) -> bool:
        shown = super().can_view_history_field(request, field, obj)
        assert_type(shown, bool)
        return shown and field.name != "price"


class ShopRevisionAdmin(RevisionAdmin):
    list_per_page = 20


class ShopDeltaAdmin(ObjectDeltaAdmin):
    list_per_page = 20


site = admin.AdminSite("shop")
site.register(Order)
register_history(site)
