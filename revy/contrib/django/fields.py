from __future__ import annotations

from typing import Any, Final

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models

MAX_KEY_LENGTH: Final = 255


class KeyField(models.CharField):  # type: ignore[type-arg]  # not generic at run time
    """The primary key of any object as text, told apart letter by letter on every database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", MAX_KEY_LENGTH)
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            # The usual collation of MySQL and MariaDB takes 'a' and 'A' for the same key.
            parameters["collation"] = "utf8mb4_bin"
        return parameters


class ObjectKey(GenericForeignKey):
    """The object that a pair of content type and text key names; None when either is gone or makes no sense today."""

    def contribute_to_class(self, cls: Any, name: str, **kwargs: Any) -> None:  # type: ignore[override]  # as Django's
        super().contribute_to_class(cls, name, **kwargs)
        if name in cls.__dict__:  # not on an abstract model
            setattr(cls, name, _ObjectDescriptor(cls.__dict__[name], f"{self.ct_field}_id"))


class _ObjectDescriptor:
    """Django's descriptor, which raises whatever looking up a stale content type or an odd key leads to."""

    def __init__(self, descriptor: Any, type_attname: str) -> None:
        self._descriptor = descriptor
        self._type_attname = type_attname

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        try:
            return self._descriptor.__get__(instance, owner)
        except (ContentType.DoesNotExist, ValidationError, ValueError, TypeError, OverflowError):
            return None
        except AttributeError:
            if self._has_model(instance):
                raise
            return None

    def _has_model(self, instance: Any) -> bool:
        """Tell whether the content type still has a model class to look in."""
        types = ContentType.objects.db_manager(instance._state.db)
        return types.get_for_id(getattr(instance, self._type_attname)).model_class() is not None

    def __set__(self, instance: Any, value: Any) -> None:
        self._descriptor.__set__(instance, value)
