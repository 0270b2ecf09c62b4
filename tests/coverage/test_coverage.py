"""Every way of writing is recorded exactly, and docs/coverage.md says what it costs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.coverage import document, figures, running
from tests.coverage.paths import Path
from tests.coverage.running import Outcome

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def outcomes(django_db_setup: None, django_db_blocker: Any) -> dict[Path, Outcome | None]:
    with django_db_blocker.unblock():
        return running.run_paths()


def test_every_way_of_writing_is_recorded_exactly(outcomes: dict[Path, Outcome | None]) -> None:
    differing = [
        f"{path.heading} / {path.title}:\n{outcome.difference}"
        for path, outcome in outcomes.items()
        if outcome is not None and not outcome.is_exact
    ]
    assert not differing, "\n\n".join(differing)


def test_document_says_what_is_measured(outcomes: dict[Path, Outcome | None]) -> None:
    # The greatest number of rows takes a minute: it is measured when the document is made.
    measured = figures.run_figures(figures.FEW)
    if not running.counts_are_those_of_the_document():
        return
    text = document.FILE.read_text(encoding="utf-8")
    cells = document.cells_of(running.database_name(), outcomes, measured)
    again = f"Make docs/coverage.md again: {document.COMMAND}"
    differing = document.differences(text, cells)
    assert not differing, "\n".join([*differing, again])
    assert document.updated(text, cells) == text, again
    assert "?" not in document.read(text).values(), again
