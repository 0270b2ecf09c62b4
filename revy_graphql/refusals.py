"""What graphene and graphene-django refuse with other exceptions than GraphQLError."""

from __future__ import annotations

import traceback
from typing import Final

from django.core.exceptions import ValidationError
from django.db import DataError

_LIBRARIES: Final = ("graphene", "graphene_django", "graphql_relay")
# Django's fields refuse values with these, its databases with the last two.
_REFUSALS: Final = (AssertionError, ValidationError, ValueError, OverflowError, DataError)


def find_refusal(error: BaseException) -> str | None:
    """Return what clients are told of an exception that an argument of theirs caused, in the code of a library.

    These are a page of graphene-django's connections that is too large, and an ID that `relay.Node` cannot read or that
    is no primary key of its model. None stands for any other exception, which clients are told nothing of.
    """
    modules = [str(frame.f_globals.get("__name__", "")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    if modules and modules[-1].startswith("graphene.relay."):
        return "The ID is broken: pass one that came with an object, as it is."
    if modules and modules[-1] == "graphene_django.fields" and isinstance(error, TypeError):
        return "An argument is not valid."  # a broken cursor beside `offset`
    callers = [module for module in modules if _package(module) not in ("django", "psycopg", "psycopg_binary")]
    if not callers or _package(callers[-1]) not in _LIBRARIES or not isinstance(error, _REFUSALS):
        return None
    # What a library itself says is meant for clients; what Django says repeats the value, in the words of Python.
    said = callers[-1] == modules[-1] and isinstance(error, AssertionError | ValueError)
    return str(error) if said else "An argument is not valid."


def _package(module: str) -> str:
    return module.partition(".")[0]
