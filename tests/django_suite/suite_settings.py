"""Django's own SQLite settings for its tests, and revy. Loaded by Django's runtests.py, which run.py starts."""

import os

from test_sqlite import *  # noqa: F403

import __main__ as runtests

TEST_RUNNER = "suite_runner.SuiteRunner"

if os.environ["REVY_SUITE_MODE"] != "none":
    # runtests.py replaces INSTALLED_APPS by this list once the settings are loaded.
    runtests.ALWAYS_INSTALLED_APPS.append("revy.contrib.django")
