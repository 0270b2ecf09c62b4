"""The pages of docs/ run from top to bottom, and their settings are those that exist."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.apps import AppConfig
from django.conf import global_settings
from django.core import checks
from django.test import override_settings
from django.utils.module_loading import import_string

from benchmarks.libraries import PEERS
from revy import Context
from revy.contrib.django import conf
from revy.contrib.django.restore import problems
from revy_graphql import checks as graphql_checks
from tests.docs.blocks import ROOT, blocks_of
from tests.docs.page import Page
from tests.docs.stories import STORIES

# Each has tests of its own, as its blocks need models or types of their own.
ELSEWHERE = {"graphql.md", "migrations.md", "swapping.md"}
PAGES = sorted(page.name for page in (ROOT / "docs").glob("*.md") if page.name not in ELSEWHERE)


def settings_of_the_code() -> set[str]:
    files = [file for folder in ("revy", "revy_graphql") for file in (ROOT / folder).rglob("*.py")]
    return {name for file in files for name in re.findall(r'"(REVY_\w+)"', file.read_text())}


def check_settings(values: dict[str, Any]) -> None:
    """Fail if a setting does not exist, refers to what cannot be imported, or is complained about by a check."""
    unknown = {name for name in values if not hasattr(global_settings, name)} - settings_of_the_code()
    assert unknown == set()
    for path in values.get("MIDDLEWARE", []):
        import_string(path)
    for entry in values.get("INSTALLED_APPS", []):
        AppConfig.create(entry)
    with override_settings(**{name: value for name, value in values.items() if name.startswith("REVY_")}):
        messages = [*checks.run_checks(databases=()), *graphql_checks.check_setting()]
    assert [message for message in messages if str(message.id).startswith("revy")] == []


@pytest.mark.parametrize("name", PAGES)
def test_page_runs_from_top_to_bottom(name: str, names: dict[str, Any]) -> None:
    page = Page(f"docs/{name}", names, labels="app", check_settings=check_settings)
    if name in STORIES:
        STORIES[name](page)
    page.run()


def test_only_pictures_are_fenced_without_a_language() -> None:
    assert {name for name in PAGES for block in blocks_of(f"docs/{name}") if not block.language} == {"architecture.md"}


def test_story_without_a_page_is_noticed() -> None:
    assert set(STORIES) <= set(PAGES)


def test_settings_page_has_every_setting_with_its_default() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    rows = dict(re.findall(r"^\| `(REVY_\w+)` \| (?:`(.+?)`|[^|`]+) \|", page, re.MULTILINE))
    assert set(rows) == settings_of_the_code()
    defaults = {
        "REVY_MODELS": conf.EVERY_MODEL,
        "REVY_UNTRACKED_WRITES": conf.IGNORE,
        "REVY_KEYFRAME_INTERVAL": conf.DEFAULT_KEYFRAME_INTERVAL,
        **conf.DEFAULT_LABELS,
    }
    assert {name: json.loads(rows[name]) for name in defaults} == defaults
    assert import_string(json.loads(rows["REVY_CONTEXT_CLASS"])) is Context


def test_undo_page_has_every_code_of_a_problem() -> None:
    page = (ROOT / "docs/undo.md").read_text()
    documented = {
        code for row in re.findall(r"^\| (`[A-Z_`, ]+`) \|", page, re.MULTILINE) for code in row.split("`")[1::2]
    }
    assert documented == {value for name, value in vars(problems).items() if name == value}


def test_blocks_about_other_libraries_are_python() -> None:
    marked = [block for name in PAGES for block in blocks_of(f"docs/{name}") if block.marks]
    libraries = {word for block in marked for word in block.marks} - {"settings", "models"}
    assert libraries == set(PEERS)
    for block in marked:
        if block.language == "python":
            block.compiled()
