"""What must be true of every answer."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, GraphQLError, OperationDefinitionNode, parse

from tests.graphql.fuzz.documents import Request

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_EXCEPTION: Final = re.compile(r"\b[A-Z]\w*(?:Error|Exception|DoesNotExist|Warning)\b|Traceback|File \"")
_SQL: Final = re.compile(r"\bSELECT\b|\bINSERT INTO\b|\bDELETE FROM\b|\bgqlapp_\w+|\brevy_\w+|\bauth_\w+")
# Names of types, which are no exceptions.
_KNOWN: Final = frozenset({"RestoreError", "ErrorType"})

# How many SQL queries a field may cause, whatever it finds: one a model where objects of all models can be found.
BASE: Final = 6
COSTS: Final = {
    "object": 6, "node": 6, "actor": 2, "actors": 3, "revisions": 4, "revision": 2, "diff": 6, "attributeDeltas": 3,
    "objectAsOf": 8, "snapshot": 3, "attributes": 2, "restoreObject": 60, "revertRevision": 120, "changes": 4,
    "conflicts": 4, "createArticle": 10, "updateArticle": 10, "create": 10,
    "objectDeltas": 2, "from": 1, "to": 1, "objectDelta": 2, "totalCount": 1, "hasNextPage": 1, "hasPreviousPage": 1,
    "articlePages": 2, "articles": 1, "notes": 1,
}  # fmt: skip
# Fields of the tested project which graphene-django reads for each object.
RELATIONS: Final = frozenset({"author", "draft", "draftPtr"})


class Judge:
    def __init__(self, requests: list[Request], status: int, content: bytes, queries: list[str]) -> None:
        self.requests = requests
        self.sent = _readable(json.dumps([request.body for request in requests], ensure_ascii=False, default=str))
        self.status = status
        self.content = content
        self.queries = [sql for sql in queries if not re.match(r"SAVEPOINT|RELEASE|ROLLBACK", sql)]
        self.limit = BASE + sum(_cost(request.query, COSTS) for request in requests)
        self.repetitions = BASE + sum(_cost(request.query, dict.fromkeys(COSTS, 1)) for request in requests)

    def complaints(self, forbidden: list[str]) -> Iterator[str]:
        """Yield what is wrong with the answer; `forbidden` are the canaries that the viewer may not see."""
        if self.status >= 500:
            yield f"the status is {self.status}"
        try:
            answer = json.loads(self.content, parse_constant=_refuse)
        except ValueError as error:
            yield f"it is no JSON: {error}"
            return
        errors = [error for part in (answer if isinstance(answer, list) else [answer]) for error in _errors(part)]
        if any(error.get("extensions", {}).get("code") == "INTERNAL" for error in errors):
            yield "there is an internal error"
        said = json.dumps(errors, ensure_ascii=False)
        for pattern in _EXCEPTION, _SQL:
            for found in set(pattern.findall(said)) - _KNOWN:
                if found not in self.sent:
                    yield f"an error says {found!r}"
        shown = _readable(json.dumps(answer, ensure_ascii=False))
        for canary in forbidden:
            if canary in shown and canary not in self.sent:
                yield f"it has {canary}"
        if len(self.queries) > self.limit:
            yield f"it took {len(self.queries)} SQL queries, and not {self.limit}"
        shapes = Counter(re.sub(r"'[^']*'|\d+", "?", sql) for sql in self.queries)
        if shapes and max(shapes.values()) > self.repetitions:
            yield f"it took one SQL query {max(shapes.values())} times, and not {self.repetitions}"


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON.")


def _errors(part: Any) -> list[Any]:
    return part.get("errors", []) if isinstance(part, dict) else []


def _readable(text: str) -> str:
    """Return the text, and what is encoded in it: cursors and ids."""
    found = [text]
    for word in set(_BASE64.findall(text)):
        try:
            found.append(
                base64.urlsafe_b64decode(word.replace("/", "_").replace("+", "-") + "=" * (-len(word) % 4)).decode()
            )
        except (binascii.Error, UnicodeDecodeError):
            continue
    return "\n".join(found)


def _cost(query: Any, costs: dict[str, int]) -> float:
    """Return how many SQL queries a document may cause: the sum over its fields, fragments expanded."""
    try:
        document = parse(query if isinstance(query, str) else "")
    except GraphQLError:
        return 0
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    return sum(_cost_below(operation, fragments, costs, frozenset()) for operation in operations)


def _cost_below(node: Any, fragments: dict[str, Any], costs: dict[str, int], within: frozenset[str]) -> float:
    total = 0.0
    for selected in node.selection_set.selections if node.selection_set is not None else ():
        if isinstance(selected, FragmentSpreadNode):
            name = selected.name.value
            if name in fragments and name not in within:
                total += _cost_below(fragments[name], fragments, costs, within | {name})
            continue
        if isinstance(selected, FieldNode):
            if selected.name.value in RELATIONS:
                return float("inf")
            total += costs.get(selected.name.value, 0)
        total += _cost_below(selected, fragments, costs, within) if selected.selection_set is not None else 0
    return total
