"""The system check of the setting REVY_GRAPHQL. Its ids are stable; docs/graphql.md explains each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from revy_graphql import conf
from revy_graphql.event_loop import is_coroutine_function
from revy_graphql.policy import Policy

KEYS = (
    "DATABASES",
    "GET_ACTOR",
    "INTROSPECTION",
    "IS_FAILURE",
    "POLICY",
    "REQUIRE_COMMIT_MESSAGE",
    *conf.LIMITS,
)
# graphql-core calls itself ten times for every level that it executes, and Python allows 1,000 calls.
HIGHEST_DEPTH = 50


def check_setting(**_: Any) -> list[CheckMessage]:
    value = getattr(settings, conf.SETTING, {})
    if not isinstance(value, Mapping):
        return [Error(f"REVY_GRAPHQL is {value!r}, not a dict.", hint=_hint(), id="revy_graphql.E001")]
    return [
        *_unknown_keys(value),
        *_actor_errors(),
        *_policy_errors(),
        *_database_errors(value),
        *_failure_errors(),
        *_message_errors(value),
        *_limit_errors(value),
        *_introspection_errors(value),
    ]


def _hint() -> str:
    return f"Its keys are {', '.join(KEYS)}; each may be left out."


def _unknown_keys(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for key in value:
        if key not in KEYS:
            yield Error(f"REVY_GRAPHQL has no key {key!r}.", hint=_hint(), id="revy_graphql.E001")


def _actor_errors() -> Iterator[CheckMessage]:
    hint = "It is a function that is called with `info` and returns the actor, in the thread of the database."
    try:
        get_actor = conf.MutationSettings().get_actor
    except ImproperlyConfigured as error:
        yield Error(str(error), hint=hint, id="revy_graphql.E002")
        return
    if is_coroutine_function(get_actor):
        yield Error("REVY_GRAPHQL['GET_ACTOR'] is a coroutine function.", hint=hint, id="revy_graphql.E002")


def _policy_errors() -> Iterator[CheckMessage]:
    hint = "Name a subclass of revy_graphql.Policy."
    try:
        policy = conf.find_policy_class()
    except ImproperlyConfigured as error:
        yield Error(str(error), hint=hint, id="revy_graphql.E003")
        return
    if not isinstance(policy, type) or not issubclass(policy, Policy):
        yield Error(f"REVY_GRAPHQL['POLICY'] is {policy!r}, not a policy class.", hint=hint, id="revy_graphql.E003")


def _database_errors(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    databases = value.get("DATABASES", ())
    if (
        isinstance(databases, str)
        or not isinstance(databases, Iterable)
        or not set(databases) <= set(settings.DATABASES)
    ):
        yield Error(
            f"REVY_GRAPHQL['DATABASES'] is {databases!r}, not a list of aliases of DATABASES.",
            hint="List the databases that mutations write to, or leave it out.",
            id="revy_graphql.E004",
        )


def _failure_errors() -> Iterator[CheckMessage]:
    hint = "It is a function that is called with the result of a mutation and `info`, in the thread of the database."
    try:
        is_failure = conf.MutationSettings().is_failure
    except ImproperlyConfigured as error:
        yield Error(str(error), hint=hint, id="revy_graphql.E005")
        return
    if is_coroutine_function(is_failure):
        yield Error("REVY_GRAPHQL['IS_FAILURE'] is a coroutine function.", hint=hint, id="revy_graphql.E005")


def _message_errors(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    required = value.get("REQUIRE_COMMIT_MESSAGE", False)
    if not isinstance(required, bool):
        yield Error(
            f"REVY_GRAPHQL['REQUIRE_COMMIT_MESSAGE'] is {required!r}, neither True nor False.",
            hint="With True, mutations without a commit message are refused.",
            id="revy_graphql.E006",
        )


def _limit_errors(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for name, default in conf.LIMITS.items():
        limit = value.get(name, default)
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            text = f"REVY_GRAPHQL[{name!r}] is {limit!r}, not a whole number above 0."
            hint = f"Leave it out for the default, {default:,}. There is no value for `no limit`."
            yield Error(text, hint=hint, id="revy_graphql.E007")
        elif name == "MAX_DEPTH" and limit > HIGHEST_DEPTH:
            text = (
                f"REVY_GRAPHQL['MAX_DEPTH'] is {limit}, and more than {HIGHEST_DEPTH} may be more than Python's stack."
            )
            yield Error(text, hint=f"Set {HIGHEST_DEPTH} or less.", id="revy_graphql.E007")


def _introspection_errors(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    introspection = value.get("INTROSPECTION", False)
    if not isinstance(introspection, bool):
        text = f"REVY_GRAPHQL['INTROSPECTION'] is {introspection!r}, neither True nor False."
        yield Error(text, hint="Leave it out to allow introspection only with DEBUG.", id="revy_graphql.E008")
