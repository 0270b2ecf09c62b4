"""The test runner for Django's own tests: writes down how each test ended, and enters contexts around them."""

import json
import os
import re
import unittest
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.test import SimpleTestCase
from django.test.runner import DiscoverRunner


class OutcomeResult(unittest.TextTestResult):
    """Keep how each test ended, by its id; a failed subtest is a failure of its test."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outcomes: dict[str, str] = {}

    def addSuccess(self, test: unittest.TestCase) -> None:
        super().addSuccess(test)
        self.outcomes.setdefault(test.id(), "ok")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self.outcomes.setdefault(test.id(), "skipped")

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addExpectedFailure(test, err)
        self.outcomes[test.id()] = "expected failure"

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        super().addUnexpectedSuccess(test)
        self.outcomes[test.id()] = "unexpected success"

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        super().addError(test, err)
        self.outcomes[test.id()] = "error"

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        super().addFailure(test, err)
        self._fail(test, err)

    def _fail(self, test: unittest.TestCase, err: Any) -> None:
        counts = re.search(r"\d+ queries executed, \d+ expected", str(err[1])) is not None
        if self.outcomes.get(test.id()) != "failure":
            self.outcomes[test.id()] = "another number of queries" if counts else "failure"

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(test, err)


class SuiteRunner(DiscoverRunner):
    def get_resultclass(self) -> type[OutcomeResult]:
        return OutcomeResult

    def setup_databases(self, **kwargs: Any) -> Any:
        # runtests.py makes the tables of contenttypes without migrations, so ours cannot depend on them.
        settings.MIGRATION_MODULES["revy"] = None
        return super().setup_databases(**kwargs)

    def run_suite(self, suite: unittest.TestSuite, **kwargs: Any) -> OutcomeResult:
        if os.environ["REVY_SUITE_MODE"] == "context":
            put_context_around_tests()
        result: OutcomeResult = super().run_suite(suite, **kwargs)
        Path(os.environ["REVY_SUITE_OUTCOMES"]).write_text(json.dumps(result.outcomes))
        return result


def put_context_around_tests() -> None:
    from revy import Context

    run = SimpleTestCase.run
    set_available_apps = apps.set_available_apps

    def run_in_context(self: SimpleTestCase, result: Any = None) -> Any:
        with Context.via_actor(None):
            return run(self, result)

    def set_available_apps_and_revy(available: Iterable[str]) -> None:
        # Tests that commit flush the tables of their own apps only, and would leave our rows behind.
        set_available_apps([*available, "revy.contrib.django"])

    SimpleTestCase.run = run_in_context
    apps.set_available_apps = set_available_apps_and_revy
