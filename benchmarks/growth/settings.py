"""Configure Django for the growth curves: revy, and models of many sizes."""

from benchmarks.settings import *  # noqa: F403
from benchmarks.settings import INSTALLED_APPS as _APPS
from benchmarks.settings import MIGRATION_MODULES as _MODULES

INSTALLED_APPS = [*_APPS, "benchmarks.growth"]
MIGRATION_MODULES = {**_MODULES, "growth": "benchmark_growth_migrations"}
