from __future__ import annotations

from typing import Any

import pytest
from django.core.checks.registry import registry
from django.test.utils import override_settings

from revy_graphql import Policy
from revy_graphql.checks import check_setting


async def coroutine_function(*_: Any) -> None:
    """What none of the settings may be."""


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"POLICY": "revy_graphql.Policy", "GET_ACTOR": len, "DATABASES": ["default"]},
        {"POLICY": type("Own", (Policy,), {}), "DATABASES": ()},
        {"IS_FAILURE": len, "REQUIRE_COMMIT_MESSAGE": True},
        {"IS_FAILURE": "tests.graphql.test_payload_errors.has_errors", "REQUIRE_COMMIT_MESSAGE": False},
        {"MAX_DEPTH": 50, "MAX_NODES": 10**9, "MAX_BATCH": 1, "INTROSPECTION": True},
    ],
)
def test_right_settings_pass(value: Any) -> None:
    with override_settings(REVY_GRAPHQL=value):
        assert check_setting() == []


@pytest.mark.parametrize(
    ("value", "id"),
    [
        ([], "revy_graphql.E001"),
        ({"POLICIES": 1}, "revy_graphql.E001"),
        ({"GET_ACTOR": "no.such.path"}, "revy_graphql.E002"),
        ({"GET_ACTOR": 42}, "revy_graphql.E002"),
        ({"GET_ACTOR": coroutine_function}, "revy_graphql.E002"),
        ({"POLICY": "no.such.path"}, "revy_graphql.E003"),
        ({"POLICY": len}, "revy_graphql.E003"),
        ({"POLICY": dict}, "revy_graphql.E003"),
        ({"DATABASES": "default"}, "revy_graphql.E004"),
        ({"DATABASES": ["default", "nowhere"]}, "revy_graphql.E004"),
        ({"DATABASES": None}, "revy_graphql.E004"),
        ({"IS_FAILURE": "no.such.path"}, "revy_graphql.E005"),
        ({"IS_FAILURE": True}, "revy_graphql.E005"),
        ({"IS_FAILURE": None}, "revy_graphql.E005"),
        ({"IS_FAILURE": coroutine_function}, "revy_graphql.E005"),
        ({"REQUIRE_COMMIT_MESSAGE": "yes"}, "revy_graphql.E006"),
        ({"REQUIRE_COMMIT_MESSAGE": None}, "revy_graphql.E006"),
        ({"MAX_NODES": 0}, "revy_graphql.E007"),
        ({"MAX_BATCH": None}, "revy_graphql.E007"),
        ({"MAX_ALIASES": True}, "revy_graphql.E007"),
        ({"MAX_TOKENS": "100"}, "revy_graphql.E007"),
        ({"MAX_DEPTH": 51}, "revy_graphql.E007"),
        ({"INTROSPECTION": "yes"}, "revy_graphql.E008"),
    ],
)
def test_wrong_settings_are_errors_with_a_hint(value: Any, id: str) -> None:
    with override_settings(REVY_GRAPHQL=value):
        (error,) = check_setting()
    assert error.id == id
    assert error.hint


def test_installed_app_registers_the_check(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "revy_graphql"]
    assert check_setting in registry.get_checks()
