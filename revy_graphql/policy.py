"""Who may see and restore what."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_permission_codename
from django.db import models
from django.db.models import Manager, QuerySet
from graphene_django import DjangoObjectType
from graphql import GraphQLResolveInfo

from revy.contrib.django.visibility import is_filtered, is_password
from revy_graphql import exposure


class Policy:
    """History shows no more than the present does. Override what is different in your project: REVY_GRAPHQL["POLICY"].

    Every method gets the `info` of a resolver; `info.context` is the request. A history is hidden unless these say
    otherwise:

    - `can_view_model`: the viewer has the `view` permission of the model;
    - `get_queryset`: the object is among those that the object type of the model shows to the viewer;
    - `can_view_deleted`: for objects that exist no more, which nobody can look up;
    - `can_view_field`: the value of a field is masked unless the object type shows the field.

    What is restored or reverted changes objects, each of which the viewer has to see, and is asked about by
    `can_restore` or, if it is to go, by `can_delete`.
    """

    def has_permission(self, info: GraphQLResolveInfo, action: str, model: type[models.Model]) -> bool:
        """Tell whether the viewer has the permission of Django for an action: view, add, change or delete."""
        user = getattr(info.context, "user", None)
        permission = f"{model._meta.app_label}.{get_permission_codename(action, model._meta)}"
        return user is not None and bool(user.has_perm(permission))

    def can_view_model(self, info: GraphQLResolveInfo, model: type[models.Model]) -> bool:
        return self.has_permission(info, "view", model)

    def can_restore(self, info: GraphQLResolveInfo, model: type[models.Model], instance: models.Model | None) -> bool:
        """Tell whether the viewer may restore an object that they may see; `instance` is None if it exists no more."""
        return self.has_permission(info, "add" if instance is None else "change", model)

    def can_delete(self, info: GraphQLResolveInfo, model: type[models.Model], instance: models.Model) -> bool:
        """Tell whether the viewer may have an object that they may see deleted, by reverting what created it."""
        return self.has_permission(info, "delete", model)

    def get_object_type(self, info: GraphQLResolveInfo, model: type[models.Model]) -> type[DjangoObjectType] | None:
        """Return the type that shows the model's objects at present. Without one, all values are masked."""
        return exposure.get_registered_type(info.schema, model)

    def get_queryset(self, info: GraphQLResolveInfo, model: type[models.Model]) -> QuerySet[Any]:
        """Return the objects that the viewer may see at present, as `get_queryset` of the object type has it."""
        queryset: Any = model._default_manager.all()
        object_type = self.get_object_type(info, model)
        if object_type is not None:
            queryset = object_type.get_queryset(queryset, info)
        if isinstance(queryset, Manager):
            queryset = queryset.get_queryset()
        if not isinstance(queryset, QuerySet):
            raise TypeError(
                f"{object_type}.get_queryset returned a {type(queryset).__name__}. Return a QuerySet, so that the "
                f"history of {model._meta.label} can be filtered by it."
            )
        return queryset

    def can_view_deleted(self, info: GraphQLResolveInfo, model: type[models.Model]) -> bool:
        """Tell whether the viewer may see the history of objects that exist no more.

        By default only if `get_queryset` shows all objects to the viewer: where it does not, nobody can tell whether it
        would have shown this one.
        """
        return not is_filtered(self.get_queryset(info, model))

    def can_view_field(
        self, info: GraphQLResolveInfo, model: type[models.Model], field: models.Field[Any, Any]
    ) -> bool:
        """Tell whether the viewer may see the values of a field of the objects that they may see.

        The values of a foreign key are masked, too, where they refer to an object that the viewer may not see. The
        password of a user is masked even if the object type shows it.
        """
        if is_password(model, field):
            return False
        object_type = self.get_object_type(info, model)
        # The primary key is part of every delta.
        return object_type is not None and (field.primary_key or exposure.shows(object_type, field))

    def get_actor_display(self, info: GraphQLResolveInfo, actor: models.Model) -> str | None:
        """Return what to call an actor that the viewer may see."""
        return None if self.get_object_type(info, type(actor)) is None else str(actor)
