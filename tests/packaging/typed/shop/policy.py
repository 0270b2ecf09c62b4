from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import QuerySet
from graphene_django import DjangoObjectType
from graphql import GraphQLResolveInfo

from revy_graphql import Policy


class ShopPolicy(Policy):
    """Every method that a project may override, with the types that it has."""

    def has_permission(self, info: GraphQLResolveInfo, action: str, model: type[models.Model]) -> bool:
        return super().has_permission(info, action, model)

    def can_view_model(self, info: GraphQLResolveInfo, model: type[models.Model]) -> bool:
        return model._meta.app_label == "shop" or super().can_view_model(info, model)

    def can_restore(self, info: GraphQLResolveInfo, model: type[models.Model], instance: models.Model | None) -> bool:
        return instance is not None and super().can_restore(info, model, instance)

    def get_object_type(self, info: GraphQLResolveInfo, model: type[models.Model]) -> type[DjangoObjectType] | None:
        return super().get_object_type(info, model)

    def get_queryset(self, info: GraphQLResolveInfo, model: type[models.Model]) -> QuerySet[Any]:
        return super().get_queryset(info, model).filter(pk__gt=0)

    def can_view_deleted(self, info: GraphQLResolveInfo, model: type[models.Model]) -> bool:
        return bool(info.context.user.is_staff)

    def can_view_field(
        self, info: GraphQLResolveInfo, model: type[models.Model], field: models.Field[Any, Any]
    ) -> bool:
        return field.name != "price" and super().can_view_field(info, model, field)

    def get_actor_display(self, info: GraphQLResolveInfo, actor: models.Model) -> str | None:
        display = super().get_actor_display(info, actor)
        return None if display is None else display.title()
