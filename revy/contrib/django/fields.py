from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models


class KeyField(models.CharField):  # type: ignore[type-arg]  # not generic at run time
    """The primary key of any object as text, told apart letter by letter on every database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 255)
        super().__init__(*args, **kwargs)

    def db_parameters(self, connection: Any) -> dict[str, Any]:
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            # The usual collation of MySQL and MariaDB takes 'a' and 'A' for the same key.
            parameters["collation"] = "utf8mb4_bin"
        return parameters


class ObjectKey(GenericForeignKey):
    """The object that a pair of content type and text key names; None when either is gone or makes no sense today."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        try:
            return super().__get__(instance, cls)
        except (ContentType.DoesNotExist, ValidationError, ValueError, TypeError, OverflowError):
            return None
        except AttributeError:
            # A content type whose model no longer exists has no model class to look in.
            return None
