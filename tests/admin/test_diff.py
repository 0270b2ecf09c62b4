from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from revy.contrib.django.admin.diff import ADDED, FOLDED, REMOVED, SAME, Effort, Part, diff_texts

texts = st.text(alphabet="ab \n.é漢", max_size=60)


def joined(parts: list[Part], without: str) -> str:
    return "".join(part.text for part in parts if part.kind != without)


@given(texts, texts, st.sampled_from([20, 200, 100_000]))
def test_diff_of_any_texts_holds_both(old: str, new: str, steps: int) -> None:
    parts = diff_texts(old, new, Effort(steps))
    if parts is not None:
        assert (joined(parts, ADDED), joined(parts, REMOVED)) == (old, new)
    else:
        assert steps < 100_000


def test_diff_tells_the_words_that_changed() -> None:
    parts = diff_texts("Who acts, and why.\nThe end.\n", "Who acts, when, and why.\nThe end.\n", Effort())
    assert parts == [Part(SAME, "Who acts, "), Part(ADDED, "when, "), Part(SAME, "and why.\nThe end.\n")]


def test_diff_does_not_cut_changes_at_words_that_stayed_by_chance() -> None:
    parts = diff_texts("one a two", "uno a due", Effort())
    assert parts == [Part(REMOVED, "one a two"), Part(ADDED, "uno a due")]


def test_diff_tells_letters_of_scripts_without_spaces() -> None:
    parts = diff_texts("漢字仮名交じり文", "漢字仮名混じり文", Effort())
    assert parts == [Part(SAME, "漢字仮名"), Part(REMOVED, "交"), Part(ADDED, "混"), Part(SAME, "じり文")]


def test_diff_folds_what_is_far_from_changes() -> None:
    lines = [f"line {number}\n" for number in range(100)]
    parts = diff_texts("".join(lines), "".join([*lines[:50], "changed\n", *lines[51:]]), Effort())
    assert parts is not None
    assert [part.kind for part in parts] == [FOLDED, SAME, REMOVED, ADDED, SAME, FOLDED]
    assert (parts[0].lines, parts[1].text) == (48, "line 48\nline 49\n")
    assert parts[4].text == "\nline 51\nline 52\n"


def test_diff_folds_long_lines_too() -> None:
    words = " ".join(f"word{number}" for number in range(500))
    parts = diff_texts(f"{words} old {words}", f"{words} new {words}", Effort())
    assert parts is not None
    assert [part.kind for part in parts] == [FOLDED, SAME, REMOVED, ADDED, SAME, FOLDED]
    assert len(parts[1].text) < 400


def test_diff_stops_where_its_effort_ends() -> None:
    chance = random.Random(1)
    old, new = ("\n".join(chance.choice("ab") for _ in range(20_000)) for _ in range(2))
    effort = Effort()
    assert diff_texts(old, new, effort) is None
    # What is left is for the next text of the page, and that is nothing.
    assert effort.steps < 0
    assert diff_texts("a", "b", effort) is None


def test_diff_of_lines_that_are_too_different_tells_the_lines() -> None:
    chance = random.Random(1)
    old, new = (" ".join(chance.choice("ab") for _ in range(3_000)) for _ in range(2))
    assert diff_texts(f"same\n{old}\n", f"same\n{new}\n", Effort(20_000)) == [
        Part(SAME, "same\n"), Part(REMOVED, f"{old}\n"), Part(ADDED, f"{new}\n"),
    ]  # fmt: skip


def test_diff_of_texts_with_nothing_in_common_is_cheap() -> None:
    effort = Effort()
    old, new = ("\n".join(f"{letter}{number}" for number in range(20_000)) for letter in "xy")
    assert diff_texts(old, new, effort) is not None
    assert effort.steps > 0
