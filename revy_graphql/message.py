"""Where the commit message of a mutation comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import GraphQLResolveInfo

from revy.contrib.django.conf import context_class
from revy.contrib.django.text import is_storable
from revy_graphql.errors import CommitMessageRequired, InvalidArgument

MAX_LENGTH: Final = 10_000
HEADER: Final = "HTTP_X_COMMIT_MESSAGE"
_OWN_NAMES: Final = ("commit_message", "commitMessage")


def find_commit_message(given: str | None, info: GraphQLResolveInfo, args: Mapping[str, Any], *, required: bool) -> str:
    """Return the message of a mutation; where there is none, that of the context around it, or nothing.

    `given` is the value of the argument that revy added. After it come the mutation's own argument `commit_message`,
    the field of that name in its `input`, and the header X-Commit-Message. Where one is `required`, blank ones do not
    count.

    Raises InvalidArgument for a message that is too long or that no database can store, CommitMessageRequired.
    """
    for message in (given, _own_argument(args), _own_argument(args.get("input")), _header(info.context)):
        if message is not None and (message.strip() or not required):
            return _validated(message)
    message = context_class().get_revision_description() or ""
    if required and not message.strip():
        raise CommitMessageRequired
    return message


def _validated(message: str) -> str:
    if len(message) > MAX_LENGTH:
        raise InvalidArgument(f"The commit message is longer than {MAX_LENGTH:,} characters.")
    if not is_storable(message):
        raise InvalidArgument("The commit message contains characters that cannot be stored.")
    return message


def _own_argument(args: Any) -> str | None:
    if not isinstance(args, Mapping):
        return None
    return next((args[name] for name in _OWN_NAMES if isinstance(args.get(name), str)), None)


def _header(context: Any) -> str | None:
    value = getattr(context, "META", {}).get(HEADER)
    if value is None:
        return None
    try:
        # HTTP servers hand over the bytes of a header decoded as Latin-1; clients send UTF-8.
        return str(value).encode("latin-1").decode()
    except UnicodeError:
        return str(value)
