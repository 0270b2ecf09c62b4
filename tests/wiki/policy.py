from __future__ import annotations

from typing import Any

from django.db import models
from graphql import GraphQLResolveInfo

from revy_graphql import Policy


class ReadersPolicy(Policy):
    """Masks the text of pages for those who may not change them."""

    def can_view_field(
        self, info: GraphQLResolveInfo, model: type[models.Model], field: models.Field[Any, Any]
    ) -> bool:
        if field.name == "body" and not self.has_permission(info, "change", model):
            return False
        return super().can_view_field(info, model, field)
