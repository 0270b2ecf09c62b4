"""The setting REVY_GRAPHQL, read when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, router
from django.utils.module_loading import import_string
from graphql import GraphQLResolveInfo

from revy.contrib.django import get_revision_model

if TYPE_CHECKING:
    from revy_graphql.policy import Policy

SETTING = "REVY_GRAPHQL"
DEFAULT_POLICY = "revy_graphql.policy.Policy"

LIMITS: Final[Mapping[str, int]] = {
    "MAX_ALIASES": 30,
    "MAX_BATCH": 10,
    "MAX_DEPTH": 20,
    "MAX_FIELDS": 1_000,
    "MAX_MUTATIONS": 10,
    "MAX_NODES": 500_000,
    "MAX_OPERATIONS": 10,
    "MAX_TOKENS": 15_000,
}


def _read() -> Any:
    return getattr(settings, SETTING, {})


def _import(name: str, value: Any) -> Callable[..., Any]:
    """Return what a setting holds: a callable, or the dotted path of one."""
    if isinstance(value, str):
        try:
            value = import_string(value)
        except ImportError as error:
            raise ImproperlyConfigured(f"{SETTING}[{name!r}] is {value!r}, which cannot be imported.") from error
    if not callable(value):
        raise ImproperlyConfigured(f"{SETTING}[{name!r}] must be a callable or the dotted path of one, not {value!r}.")
    return value  # type: ignore[no-any-return]


def _user_of(info: GraphQLResolveInfo) -> Any:
    return getattr(info.context, "user", None)


def find_policy_class() -> Callable[[], Policy]:
    """Return POLICY, the class that decides who may see what."""
    return _import("POLICY", _read().get("POLICY", DEFAULT_POLICY))


class MutationSettings:
    """What the setting says about mutations, at the moment when one begins."""

    def __init__(self) -> None:
        self._values = _read()

    @property
    def get_actor(self) -> Callable[[GraphQLResolveInfo], Any]:
        """GET_ACTOR: what makes of `info` who acts in a mutation, by default the user of the request."""
        return _import("GET_ACTOR", self._values.get("GET_ACTOR", _user_of))

    @property
    def is_failure(self) -> Callable[[Any, GraphQLResolveInfo], Any] | None:
        """IS_FAILURE: what tells by the result of a mutation whether to roll it back, or None if that is not set."""
        return _import("IS_FAILURE", self._values["IS_FAILURE"]) if "IS_FAILURE" in self._values else None

    @property
    def requires_commit_message(self) -> bool:
        return self._values.get("REQUIRE_COMMIT_MESSAGE", False)  # type: ignore[no-any-return]

    @property
    def databases(self) -> Iterable[str]:
        """The aliases that a mutation opens a transaction on: DATABASES, or the default one and the revisions'."""
        if "DATABASES" in self._values:
            return dict.fromkeys(self._values["DATABASES"])
        return dict.fromkeys((DEFAULT_DB_ALIAS, router.db_for_write(get_revision_model())))


def get_limit(name: str) -> int:
    """Return one of LIMITS, as the setting has it or by default."""
    return int(_read().get(name, LIMITS[name]))


def allows_introspection() -> bool:
    """Return INTROSPECTION: whether clients may read the schema; by default only with DEBUG."""
    return bool(_read().get("INTROSPECTION", settings.DEBUG))
