"""The GraphQL API of the wiki, asked by its own pages, in process and as the visitor."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest
from graphql import GraphQLError

from demo.schema import schema

_DOCUMENTS: Final = Path(__file__).parent / "documents"


def ask(request: HttpRequest, document: str, **variables: Any) -> dict[str, Any]:
    """Return the data of a document of the folder `documents`, with the visitor's request as its context.

    Raises Http404 for what is missing or hidden, and BadRequest for arguments that make no sense.
    """
    result = schema.execute(_read(document), variables=variables, context=request)
    for error in result.errors or ():
        raise _http_error(error) from error
    data: dict[str, Any] = result.data
    return data


@cache
def _read(document: str) -> str:
    return (_DOCUMENTS / f"{document}.graphql").read_text()


def _http_error(error: GraphQLError) -> Exception:
    code = (error.extensions or {}).get("code")
    if code == "NOT_FOUND":
        return Http404(error.message)
    # A variable that is not of its type is found by GraphQL itself, which has no codes.
    if code == "INVALID" or error.original_error is None:
        return BadRequest(error.message)
    return error
