"""Run Django's own ORM tests without and with revy, and fail if revy makes the outcome of any test worse.

`python tests/django_suite/run.py` runs them with revy installed and no context active; `--context` also with a context
around every test, where tests that count queries may count others; names of test modules or labels, such as `update` or
`queries.tests.Queries1Tests`, run only those.

The tests come from the source distribution of the Django that is installed, which pip downloads once into .cache/.
The runs go on SQLite and at the same time, one process each.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from pathlib import Path

import django

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache" / "django_suite"
SHOWN_FAILURES = 10

MODULES = """
    admin_changelist admin_inlines admin_utils aggregation aggregation_regress annotations async basic bulk_create
    composite_pk constraints contenttypes_tests custom_columns custom_lookups custom_managers custom_methods custom_pk
    datatypes dates datetimes db_functions defer defer_regress delete delete_regress distinct_on_fields empty
    expressions expressions_case expressions_window extra_regress field_deconstruction field_defaults field_subclassing
    filtered_relation fixtures fixtures_model_package fixtures_regress flatpages_tests force_insert_update
    foreign_object from_db_value generic_inline_admin generic_relations generic_relations_regress generic_views
    get_earliest_or_latest get_object_or_404 get_or_create inline_formsets known_related_objects lookup m2m_and_m2o
    m2m_intermediary m2m_multiple m2m_recursive m2m_regress m2m_signals m2m_through m2m_through_regress m2o_recursive
    managers_regress many_to_many many_to_one many_to_one_null max_lengths model_enums model_fields model_forms
    model_formsets model_formsets_regress model_indexes model_inheritance model_inheritance_regress model_meta
    model_options model_regress model_utils multiple_database mutually_referential nested_foreign_keys null_fk
    null_fk_ordering null_queries one_to_one or_lookups order_with_respect_to ordering prefetch_related properties
    proxy_model_inheritance proxy_models queries queryset_pickle raw_query redirects_tests reserved_names
    reverse_lookup save_delete_hooks select_for_update select_related select_related_onetoone select_related_regress
    serializers sessions_tests signals sites_tests str string_lookup swappable_models timezones transaction_hooks
    transactions unmanaged_models update update_only_fields validation xor_lookups
""".split()

# Measures time, and so fails on a busy machine, with or without revy.
UNSTEADY = {"serializers.test_deserialization.TestDeserializer.test_crafted_xml_performance"}

LOOKS_AT_QUERIES = "looks at the last statements, or the first, which are revy's"
# What differs with a context around it and counts no queries, and why.
DIFFERS_IN_CONTEXT = {
    "custom_pk.tests.CustomPKTests.test_auto_field_subclass_bulk_create": "its key has no text and no number",
    "custom_pk.tests.CustomPKTests.test_auto_field_subclass_create": "its key has no text and no number",
    "delete_regress.tests.DeleteTests.test_self_reference_with_through_m2m_at_second_level": LOOKS_AT_QUERIES,
    "model_inheritance.tests.ModelInheritanceTests.test_create_child_no_update": LOOKS_AT_QUERIES,
    "model_inheritance.tests.ModelInheritanceTests.test_update_parent_filtering": LOOKS_AT_QUERIES,
    "queries.test_db_returning.ReturningValuesTests.test_insert_returning": LOOKS_AT_QUERIES,
    "queries.test_db_returning.ReturningValuesTests.test_insert_returning_multiple": LOOKS_AT_QUERIES,
}

Outcomes = dict[str, str]


class Run:
    """One run of Django's tests in a process of its own; `mode` is none, installed or context."""

    def __init__(self, mode: str, labels: list[str], tests: Path) -> None:
        self.mode = mode
        self.log = tests.parent / f"revy-{mode}.log"
        self.outcomes_file = tests.parent / f"revy-{mode}.json"
        self.outcomes_file.unlink(missing_ok=True)
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT)]),
            "REVY_SUITE_MODE": mode,
            "REVY_SUITE_OUTCOMES": str(self.outcomes_file),
        }
        command = [sys.executable, "runtests.py", "--settings=suite_settings", "--parallel=1", "--noinput", *labels]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, cwd=tests, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def outcomes(self) -> Outcomes:
        """Wait for the end of the run; return the outcome of each test by its id."""
        self.process.wait()
        if not self.outcomes_file.exists():
            sys.exit(f"{self.log.read_text()[-5000:]}\nThe run with revy={self.mode} broke down; see {self.log}.")
        outcomes: Outcomes = json.loads(self.outcomes_file.read_text())
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(Counter(outcomes.values()).items()))
        print(f"revy={self.mode}: {len(outcomes)} tests: {counts}", flush=True)
        return outcomes

    def tracebacks(self, tests: list[str]) -> list[str]:
        blocks = self.log.read_text().split("=" * 70 + "\n")[1:]
        return [block for block in blocks if any(f"({test}" in block.partition("\n")[0] for test in tests)]


def tests_directory() -> Path:
    """Return the tests of the installed Django, downloaded and unpacked first if they are not there yet."""
    name = f"django-{django.get_version()}"
    if not (CACHE / name).is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as directory:
            download = ["download", "--quiet", "--no-deps", "--no-binary", "django", "--dest", directory]
            subprocess.run([sys.executable, "-m", "pip", *download, f"Django=={django.get_version()}"], check=True)
            with tarfile.open(Path(directory, f"{name}.tar.gz")) as tar:
                tar.extractall(directory, filter="data")
            # Moved at the end, so that an interrupted download is not taken for the tests.
            Path(directory, name).rename(CACHE / name)
    return CACHE / name / "tests"


def worse(before: Outcomes, after: Outcomes, mode: str) -> dict[str, str]:
    """Return what became of each test that ended differently with revy, and not better or as it has to."""
    is_due = {"ok", "another number of queries"} if mode == "context" else {"ok"}
    known = UNSTEADY | (DIFFERS_IN_CONTEXT.keys() if mode == "context" else set())
    pairs = {
        test: (before.get(test, "not run"), after.get(test, "not run")) for test in (before | after).keys() - known
    }
    return {test: f"{old} → {new}" for test, (old, new) in sorted(pairs.items()) if new != old and new not in is_due}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", nargs="*", default=MODULES, help="modules or labels of Django's tests")
    parser.add_argument("--context", action="store_true", help="put a context around every test, too")
    options = parser.parse_args()

    tests = tests_directory()
    started = time.monotonic()
    known = [label for label in options.labels if (tests / label.split(".")[0]).is_dir()]
    if missing := set(options.labels) - set(known):
        print(f"Not in Django {django.get_version()}: {', '.join(sorted(missing))}")
    modes = ("none", "installed", "context") if options.context else ("none", "installed")
    without, *with_revy = [Run(mode, known, tests) for mode in modes]
    before = without.outcomes()
    is_worse = not before
    for run in with_revy:
        after = run.outcomes()
        changed = worse(before, after, run.mode)
        is_worse |= bool(changed) or not after
        for block in run.tracebacks(list(changed))[:SHOWN_FAILURES]:
            print(block)
        for test, outcome in changed.items():
            print(f"{test}: {outcome}")
        print(
            f"Django {django.get_version()}, {len(known)} modules, {time.monotonic() - started:.0f} s: "
            f"{len(changed)} of {len(after)} tests are worse with revy={run.mode}. Log: {run.log}"
        )
    return int(is_worse)


if __name__ == "__main__":
    sys.exit(main())
