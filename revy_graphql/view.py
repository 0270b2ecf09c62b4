"""The HTTP door: graphene-django's view with limits, and with errors that give nothing away."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from graphene_django.utils.utils import set_rollback
from graphene_django.views import GraphQLView as DjangoGraphQLView
from graphene_django.views import HttpError
from graphql import ExecutionContext, ExecutionResult, GraphQLError, OperationDefinitionNode

from revy_graphql import conf
from revy_graphql.budget import check_operation
from revy_graphql.document import refuse_document
from revy_graphql.errors import ClientError, InternalError, InvalidArgument, TooComplex, public_error
from revy_graphql.validation import VALIDATION_RULES

logger = logging.getLogger("revy_graphql")

# What Django answers itself, or the middleware of the project.
_ANSWERED_BY_DJANGO = (BadRequest, Http404, PermissionDenied, SuspiciousOperation)


class LimitedExecutionContext(ExecutionContext):
    """Checks the node budget of an operation, with the values of its variables, before any field is resolved."""

    def execute_operation(self, operation: OperationDefinitionNode, root_value: Any) -> Any:
        check_operation(self.context_value, self.schema, operation, self.fragments, self.variable_values)
        return super().execute_operation(operation, root_value)


class GraphQLView(DjangoGraphQLView):
    """Takes what graphene-django's GraphQLView takes, and has VALIDATION_RULES by default.

    Every error has a code in its extensions. The text of unexpected exceptions is for the log `revy_graphql` alone;
    clients get the code INTERNAL.
    """

    validation_rules = VALIDATION_RULES
    execution_context_class = LimitedExecutionContext

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = super().dispatch(request, *args, **kwargs)
        except _ANSWERED_BY_DJANGO:
            raise
        except Exception:
            logger.exception("The request failed.")
            set_rollback()
            return JsonResponse({"errors": [InternalError().formatted]}, status=500)
        return response

    def parse_body(self, request: HttpRequest) -> Any:
        """Return what was posted: with `batch` a list of dicts, else a dict. Raises HttpError for anything else."""
        try:
            data = super().parse_body(request)
        except (UnicodeDecodeError, RecursionError) as error:
            raise _Refused(InvalidArgument("The body is not UTF-8, or nested too deeply.")) from error
        if not self.batch:
            if not hasattr(data, "get"):
                raise _Refused(InvalidArgument("The body has to be a JSON object."))
            return data
        if not isinstance(data, list) or not data or not all(isinstance(entry, dict) for entry in data):
            raise _Refused(InvalidArgument("The body has to be a JSON list of requests, one at least."))
        limit = conf.get_limit("MAX_BATCH")
        if len(data) > limit:
            raise _Refused(TooComplex(f"The batch has {len(data):,} requests; at most {limit:,} are allowed."))
        return data

    @staticmethod
    def get_graphql_params(request: HttpRequest, data: Any) -> Any:
        """Return the query, the variables, the name of the operation and the id. Raises HttpError for wrong types."""
        query, variables, operation_name, id = DjangoGraphQLView.get_graphql_params(request, data)
        if not isinstance(query, str | None):
            raise _Refused(InvalidArgument("`query` has to be text."))
        if not isinstance(variables or {}, dict):
            raise _Refused(InvalidArgument("`variables` has to be an object."))
        if not isinstance(operation_name, str | None):
            raise _Refused(InvalidArgument("`operationName` has to be text."))
        return query, variables or None, operation_name, id

    def execute_graphql_request(self, request: HttpRequest, data: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            refuse_document(query or "")
        except TooComplex as error:
            return ExecutionResult(errors=[error])
        return super().execute_graphql_request(request, data, query, *args, **kwargs)

    @staticmethod
    def format_error(error: Exception) -> Any:
        """Return what clients get of an error; what is not meant for them is logged."""
        if isinstance(error, HttpError):
            return (error.error if isinstance(error, _Refused) else InvalidArgument(error.message)).formatted
        if isinstance(error, GraphQLError) and isinstance(error.original_error, GraphQLError | None):
            return _with_code(error)
        shown = public_error(getattr(error, "original_error", error), "A field")
        return {**shown.formatted, **_place(error)}


def _place(error: Exception) -> dict[str, Any]:
    """Return where in the document and in the answer an error belongs."""
    formatted: Mapping[str, Any] = error.formatted if isinstance(error, GraphQLError) else {}
    return {key: formatted[key] for key in ("locations", "path") if key in formatted}


def _with_code(error: GraphQLError) -> dict[str, Any]:
    """Return the error with the code of what GraphQL itself refuses, unless it has a code, or a field raised it."""
    formatted: dict[str, Any] = {**error.formatted}
    if error.path is None:
        formatted["extensions"] = {"code": InvalidArgument.code, **formatted.get("extensions", {})}
    return formatted


class _Refused(HttpError):
    """The status 400, for a reason that clients may read."""

    def __init__(self, error: ClientError) -> None:
        super().__init__(HttpResponseBadRequest(), error.message)
        self.error = error
