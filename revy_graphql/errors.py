"""What clients get told when something goes wrong, and what they do not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from django.core.exceptions import PermissionDenied
from graphql import GraphQLError, GraphQLResolveInfo

from revy import RevyError

logger = logging.getLogger("revy_graphql")


class ClientError(RevyError, GraphQLError):
    """An error that is meant for clients, who tell it by its code."""

    code: ClassVar[str]
    default_message: ClassVar[str] = ""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.default_message, extensions={"code": self.code})


class InvalidArgument(ClientError, ValueError):
    """An argument that makes no sense."""

    code = "INVALID"


class NotFound(ClientError, LookupError):
    """What does not exist, or what the viewer may not know to exist: these must look the same."""

    code = "NOT_FOUND"
    default_message = "Not found."


class Forbidden(ClientError, PermissionDenied):
    """What the viewer may see, but not do."""

    code = "FORBIDDEN"
    default_message = "You may not do this."


class InternalError(ClientError, RuntimeError):
    """A failure whose text is for the log alone."""

    code = "INTERNAL"
    default_message = "Internal error."


@contextmanager
def masked_errors(info: GraphQLResolveInfo) -> Iterator[None]:
    """Let GraphQL errors out of the block as they are; log everything else and raise InternalError in its place."""
    try:
        yield
    except GraphQLError:
        raise
    except Exception as error:
        logger.error("%s.%s failed.", info.parent_type.name, info.field_name, exc_info=True)
        raise InternalError from error
