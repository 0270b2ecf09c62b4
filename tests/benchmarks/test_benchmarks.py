"""The benchmarks run, with few rows and without the peers; docs/performance.md is what their results say."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks import as_of_table, growth_table, origin, page, processes, results, runner, table
from benchmarks.as_of import __main__ as as_of
from benchmarks.catalogue import WORKLOADS
from benchmarks.growth import __main__ as growth
from benchmarks.keyframes import __main__ as keyframes
from benchmarks.libraries import REVY, UNTRACKED
from benchmarks.urls import own_url, vendor_of

PYTHONS: dict[str, Path | str] = {UNTRACKED: sys.executable, REVY: sys.executable}


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A URL beside which databases are made: as the tests may, only such that are called test_NAME…"""
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{tmp_path / 'benchmark.sqlite3'}"
    try:
        vendor = vendor_of(url)
    except ValueError as error:
        pytest.skip(str(error))
    server, _, name = url.rpartition("/")
    return url if vendor == "sqlite" else f"{server}/test_{name}_benchmark"


def test_quick_round_records_everything(database_url: str) -> None:
    with processes.running(PYTHONS, database_url) as running:
        measured = runner.measure(running, 1, is_quick=True)
        introductions = {process.name: process.introduction for process in running}
    assert {cell["reason"] for cells in measured.values() for cell in cells.values() if "reason" in cell} == set()
    found = results.summarize(measured, introductions, {"cpu": "a", "cores": 2, "system": "b"}, 1)
    text = table.render(found)
    assert all(text.count(f"| {workload.title} |") == 1 for workload in WORKLOADS)


def test_growth_curves_begin(database_url: str) -> None:
    found = growth.measure(sys.executable, database_url, 10_000, is_quick=True)
    assert {axis: list(curve) for axis, curve in found["curves"].items()} == {
        "versions": ["1"], "fields": ["5"], "nesting": ["1"], "rows": ["10000"],
    }  # fmt: skip
    assert growth_table.render(found).count("| restoreObject |") == len(found["curves"])


def test_keyframe_intervals_begin(database_url: str) -> None:
    found = keyframes.measure(sys.executable, database_url, is_quick=True)
    assert list(found["costs"]) == ["1", "8"]
    assert found["costs"]["1"]["bytes"] > found["costs"]["8"]["bytes"]
    assert table.keyframes(found).count(" ms |") == 4


def test_past_of_a_whole_table_is_what_was_filled_in(database_url: str) -> None:
    found = as_of.measure(PYTHONS, database_url, 500, 2)
    assert set(found["cells"]) == set(PYTHONS)
    assert (found["rounds"], found["noise"] >= 1) == (2, True)
    assert found["cells"][REVY]["bytes"] >= found["cells"][REVY]["tenth_bytes"] > 0
    assert "500 objects of 20 versions each" in as_of_table.render(found)


def test_table_run_that_did_not_record_is_a_dash_with_its_reason() -> None:
    measured = {workload.name: {UNTRACKED: {"values": [2.0]}, REVY: {"values": [3.0]}} for workload in WORKLOADS}
    measured["create"][REVY] = {"values": [3.0], "reason": "recorded 0 of 1"}
    versions = {"database": "SQLite", "python": "3", "django": "5", "version": "1"}
    found = results.summarize(
        measured, {UNTRACKED: versions, REVY: versions}, {"cpu": "a", "cores": 2, "system": "b"}, 1
    )
    lines = table.render(found).splitlines()
    assert "| create, one save() each | 2,000,000 µs | – <sup>1</sup> |" in lines
    assert "| get + change one field + save() | 2,000,000 µs | 1.50 |" in lines
    assert "1. revy, create, one save() each: recorded 0 of 1." in lines


def test_page_is_what_the_results_say() -> None:
    text = page.PAGE.read_text()
    assert page.render(text) == text, "Run `python -m benchmarks.page`."


def test_what_is_of_revy_only_is_a_dash_for_its_peers() -> None:
    class Recorder:
        def __init__(self, name: str) -> None:
            self.name = name

        def run(self, workload: str, count: int) -> dict[str, float]:
            return {"value": 2.0}

    measured = runner.measure([Recorder(name) for name in (UNTRACKED, REVY, "reversion")], 1, is_quick=True)
    versions = {"database": "SQLite", "python": "3", "django": "5", "version": "1"}
    introductions = dict.fromkeys((UNTRACKED, REVY, "reversion"), versions)
    found = results.summarize(measured, introductions, {"cpu": "a", "cores": 2, "system": "b"}, 1)
    assert "| a GraphQL mutation with 100 saves | 2,000,000 µs | 1.00 | – |" in table.render(found).splitlines()


def test_origin_with_uncommitted_changes_says_so() -> None:
    found = {"commit": "abc1234", "is_dirty": False, "date": "2026-01-31"}
    assert origin.render(found) == "Measured on 2026-01-31 at commit abc1234."
    assert origin.render({**found, "is_dirty": True}).endswith("abc1234, with changes that are not committed.")


def test_results_are_kept_with_their_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    page.PAGE.write_text("<!-- made: contexts -->\n<!-- end -->")
    found = {
        "python": "3",
        "machine": {"cpu": "a", "cores": 2, "system": "b"},
        "costs": {"enter": {"0": 1.0, "10": 2.0}},
    }
    results.write(page.CONTEXTS, {"commit": "abc1234", "is_dirty": False, "date": "2026-01-31"}, found)
    page.write()
    assert "| `enter` | 1.00 µs | 2.00 µs |" in page.PAGE.read_text()
    assert "Measured on 2026-01-31 at commit abc1234." in page.PAGE.read_text()


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("postgres://user@server/name", "postgres://user@server/name_revy"),
        ("sqlite:////folder/name.sqlite3", "sqlite:////folder/name_revy.sqlite3"),
    ],
)
def test_own_url_is_a_database_beside_the_one_that_is_named(url: str, own: str) -> None:
    assert own_url(url, "revy") == own
