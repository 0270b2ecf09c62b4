"""The system check of the setting REVY_GRAPHQL. Its ids are stable; docs/graphql.md explains each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from revy_graphql import conf
from revy_graphql.policy import Policy

KEYS = ("DATABASES", "GET_ACTOR", "POLICY")


def check_setting(**_: Any) -> list[CheckMessage]:
    value = getattr(settings, conf.SETTING, {})
    if not isinstance(value, Mapping):
        return [Error(f"REVY_GRAPHQL is {value!r}, not a dict.", hint=_hint(), id="revy_graphql.E001")]
    return [*_unknown_keys(value), *_actor_errors(), *_policy_errors(), *_database_errors(value)]


def _hint() -> str:
    return f"Its keys are {', '.join(KEYS)}; each may be left out."


def _unknown_keys(value: Mapping[str, Any]) -> Iterator[CheckMessage]:
    for key in value:
        if key not in KEYS:
            yield Error(f"REVY_GRAPHQL has no key {key!r}.", hint=_hint(), id="revy_graphql.E001")


def _actor_errors() -> Iterator[CheckMessage]:
    try:
        conf.find_actor_getter()
    except ImproperlyConfigured as error:
        yield Error(str(error), hint="It is called with `info` and returns the actor.", id="revy_graphql.E002")


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
    if isinstance(databases, str) or not set(databases) <= set(settings.DATABASES):
        yield Error(
            f"REVY_GRAPHQL['DATABASES'] is {databases!r}, not a list of aliases of DATABASES.",
            hint="List the databases that mutations write to, or leave it out.",
            id="revy_graphql.E004",
        )
