"""The setting REVY_GRAPHQL, read when it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

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


def _read(name: str, default: Any) -> Any:
    return getattr(settings, SETTING, {}).get(name, default)


def _read_callable(name: str, default: str | Callable[..., Any]) -> Callable[..., Any]:
    """Return what the setting holds: a callable, or the dotted path of one."""
    value = _read(name, default)
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


def find_actor_getter() -> Callable[[GraphQLResolveInfo], Any]:
    """Return GET_ACTOR: what makes of `info` who acts in a mutation, by default the user of the request."""
    return _read_callable("GET_ACTOR", _user_of)


def find_policy_class() -> Callable[[], Policy]:
    """Return POLICY, the class that decides who may see what."""
    return _read_callable("POLICY", DEFAULT_POLICY)


def get_databases() -> tuple[str, ...]:
    """Return the aliases that a mutation opens a transaction on: DATABASES, or the default one and the revisions'."""
    databases = _read("DATABASES", (DEFAULT_DB_ALIAS, router.db_for_write(get_revision_model())))
    return tuple(dict.fromkeys(databases))
