"""What clients get told when something goes wrong, and what they do not."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import ClassVar

from django.core.exceptions import PermissionDenied
from graphql import GraphQLError, GraphQLResolveInfo

from revy import RevyError
from revy_graphql.contention import is_contention
from revy_graphql.refusals import find_refusal

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


class CommitMessageRequired(ClientError, ValueError):
    """A mutation without a commit message, where REVY_GRAPHQL["REQUIRE_COMMIT_MESSAGE"] asks for one."""

    code = "COMMIT_MESSAGE_REQUIRED"
    default_message = "Say why: a commit message is required."


class NotFound(ClientError, LookupError):
    """What does not exist, or what the viewer may not know to exist: these must look the same."""

    code = "NOT_FOUND"
    default_message = "Not found."


class Forbidden(ClientError, PermissionDenied):
    """What the viewer may see, but not do."""

    code = "FORBIDDEN"
    default_message = "You may not do this."


class TooComplex(ClientError, ValueError):
    """A request that asks for more than one may have at once; the message has the limit and what was measured."""

    code = "TOO_COMPLEX"


class InternalError(ClientError, RuntimeError):
    """A failure whose text is for the log alone."""

    code = "INTERNAL"
    default_message = "Internal error."


class Retry(ClientError, RuntimeError):
    """A deadlock, a lock timeout or a serialization failure: nothing was changed, and the same may work again."""

    code = "RETRY"
    default_message = "Another change got in the way. Try again."


class masked_errors:
    """Let GraphQL errors out of the block as they are; raise what `public_error` makes of others in their place."""

    __slots__ = ("_info",)

    def __init__(self, info: GraphQLResolveInfo) -> None:
        self._info = info

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception) or isinstance(error, GraphQLError):
            return
        raise public_error(error, f"{self._info.parent_type.name}.{self._info.field_name}") from error


def public_error(error: BaseException, failed: str) -> ClientError:
    """Return what clients are told of an exception that is no GraphQLError, which is logged unless they caused it.

    That is Retry for what another transaction did, and InternalError for a failure.
    """
    refusal = find_refusal(error)
    if refusal is not None:
        return InvalidArgument(refusal)
    if is_contention(error):
        logger.warning("%s gave way to another change: %s", failed, error)
        return Retry()
    logger.error("%s failed.", failed, exc_info=error)
    return InternalError()
