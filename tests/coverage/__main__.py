"""python -m tests.coverage: write the column of DATABASE_URL's database into docs/coverage.md."""

from __future__ import annotations

import argparse
import os
import sys

import django


def main() -> None:
    argparse.ArgumentParser(prog="python -m tests.coverage", description=__doc__).parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()

    from django.test.runner import DiscoverRunner

    from tests.coverage import document, figures, running

    runner = DiscoverRunner(interactive=False, verbosity=0)
    databases = runner.setup_databases()
    try:
        if not running.counts_are_those_of_the_document():
            sys.exit("The document is about Django 5.2 on SQLite, PostgreSQL and MariaDB, with revy's own models.")
        outcomes = running.run_paths()
        measured = figures.run_figures((*figures.FEW, figures.MANY))
    finally:
        runner.teardown_databases(databases)
    text = document.FILE.read_text(encoding="utf-8") if document.FILE.exists() else ""
    cells = document.cells_of(running.database_name(), outcomes, measured)
    document.FILE.write_text(document.updated(text, cells), encoding="utf-8")
    differing = {path: outcome for path, outcome in outcomes.items() if outcome is not None and not outcome.is_exact}
    for path, outcome in differing.items():
        print(f"{path.heading} / {path.title} differs:\n{outcome.difference}\n")
    print(f"{running.database_name()}: {len(cells)} cells, {len(differing)} of them differ.")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
