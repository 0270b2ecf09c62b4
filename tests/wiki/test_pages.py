"""The pages over HTTP: what they show to whom, and what they refuse."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest

from tests.wiki.conftest import Wiki
from tests.wiki.visitor import Shown, Visitor
from tests.wiki.words import NASTY_USER, SCRIPT


def paths_of(shown: Shown) -> list[str]:
    return [word for word in shown.text.split() if word.endswith((".md", ".txt"))]


def test_pages_are_found_by_a_part_of_their_path(ada: Visitor) -> None:
    assert paths_of(ada.get("?search=GETTING")) == ["docs/getting-started.md"]


def test_pages_are_walked_to_the_end_and_back(ada: Visitor) -> None:
    shown = first = ada.get("?search=reference/")
    walked = paths_of(first)
    while "Next" in shown.text:
        shown = ada.get(shown.link("Next"))
        walked += paths_of(shown)
    while "Previous" in shown.text:
        shown = ada.get(shown.link("Previous"))

    assert len(walked) == len(set(walked)) == 120
    assert walked == sorted(walked)
    assert paths_of(shown) == paths_of(first)


def test_search_without_a_match_says_so(ada: Visitor) -> None:
    shown = ada.get("?search=%3Cb%3E%00none")

    assert shown.status == 200
    assert "No page has “ <b>none ” in its path" in shown.text
    assert "<b>none" not in shown.html


def test_anonymous_visitor_sees_no_page_and_no_history(wiki: Wiki, anonymous: Visitor) -> None:
    assert "Log in to see its pages" in anonymous.get("").text
    assert "Log in to see what was changed" in anonymous.get("changes/").text
    for path in ("", "diff/", "restore/1/"):
        shown = anonymous.get(f"pages/{wiki.pages['guide']}/{path}")
        assert shown.status == 404
        assert "getting-started" not in shown.html


def test_missing_page_looks_like_a_hidden_one(wiki: Wiki, ada: Visitor, anonymous: Visitor) -> None:
    hidden, missing = (anonymous.get(f"pages/{key}/") for key in (wiki.pages["guide"], 987654))

    assert hidden.status == missing.status == ada.get("pages/987654/").status == 404
    assert hidden.text == missing.text


def test_page_shows_its_text_and_who_changed_it_when_and_why(wiki: Wiki, ada: Visitor) -> None:
    shown = ada.get(f"pages/{wiki.pages['guide']}/")

    assert "Version 6 of 6" in shown.text
    assert "Read about deleting" in shown.text
    assert "Say more about contexts grace" in shown.text
    assert "Make it executable system or hidden" in shown.text
    assert "Changed Version 6 mode body" in shown.text


def test_page_at_a_version_shows_what_it_was(wiki: Wiki, ada: Visitor) -> None:
    shown = ada.get(f"pages/{wiki.pages['guide']}/?version=1")

    assert "This is what the page was at version 1" in shown.text
    assert "A context says who acts." in shown.text
    assert "Blocks nest." not in shown.text


@pytest.mark.parametrize("version", ["0", "2", "99999999999999"])
def test_page_at_a_version_that_it_does_not_have_is_missing(wiki: Wiki, ada: Visitor, version: str) -> None:
    assert ada.get(f"pages/{wiki.pages['empty']}/?version={version}").status == 404


@pytest.mark.parametrize("version", ["", "-1", "one", "\u0661", "9" * 5000])
def test_page_at_what_is_no_version_is_the_newest(wiki: Wiki, ada: Visitor, version: str) -> None:
    shown = ada.get(f"pages/{wiki.pages['guide']}/?{urlencode({'version': version})}")

    assert "Version 6 of 6" in shown.text


def test_page_older_than_its_history_shows_its_text(wiki: Wiki, ada: Visitor) -> None:
    shown = ada.get(f"pages/{wiki.pages['unrecorded']}/")

    assert "older than the history" in shown.text
    assert "No change was recorded." in shown.text


def test_history_is_walked_to_the_end_and_back(wiki: Wiki, ada: Visitor) -> None:
    def days(shown: Shown) -> list[str]:
        return re.findall(r"Write down day (\d+)", shown.text)

    shown = first = ada.get(f"pages/{wiki.pages['busy']}/")
    walked = days(first)
    while "Older →" in shown.text:
        shown = ada.get(f"pages/{wiki.pages['busy']}/{shown.link('Older')}")
        walked += days(shown)
    assert walked == [str(day) for day in range(25, 0, -1)]

    while "← Newer" in shown.text:
        shown = ada.get(f"pages/{wiki.pages['busy']}/{shown.link('Newer')}")
    assert days(shown) == days(first)


def test_history_is_filtered_by_actor_and_by_words(wiki: Wiki, ada: Visitor) -> None:
    path = f"pages/{wiki.pages['guide']}/"
    by_grace = ada.get(path + ada.get(path).link("grace"))
    assert "2 changes by grace" in by_grace.text
    assert "Begin the guide" not in by_grace.text

    both = ada.get(path + ada.get(path).link("grace") + "&text=SHORTEN")
    assert "1 change by grace with “ SHORTEN ”" in both.text

    assert "Nothing was changed like that." in ada.get(f"{path}?text=nobody+wrote+this").text


def test_changes_are_filtered_by_what_was_done(wiki: Wiki, ada: Visitor) -> None:
    shown = ada.get("changes/?action=delete")

    assert "Nobody uses the installer any more" in shown.text
    assert "docs/old-install.md" in shown.text
    assert "Begin the guide" not in shown.text


def test_revision_shows_everything_that_it_changed(ada: Visitor) -> None:
    found = ada.get("changes/?text=Import+the+reference")
    shown = ada.get(found.link("All 120 changes"))
    walked = paths_of(shown)
    path = shown.url.partition("revisions/")[2]
    while "Next" in shown.text:
        shown = ada.get(f"revisions/{path}{shown.link('Next')}")
        walked += paths_of(shown)

    assert "Generated from the sources." in shown.text
    assert len(set(walked)) == 120
    assert "Previous" in shown.text


def test_differences_are_those_between_any_two_versions(wiki: Wiki, ada: Visitor) -> None:
    path = f"pages/{wiki.pages['guide']}/diff/"
    forwards, backwards, last = ada.get(f"{path}?from=1&to=2"), ada.get(f"{path}?from=2&to=1"), ada.get(path)

    assert "− A context says who acts." in forwards.text
    assert "+ Blocks nest." in forwards.text
    assert "+ A context says who acts." in backwards.text
    assert "Version 5 → 6" in last.text
    assert "Old 100755 New 100644" in last.text
    assert "Nothing differs" in ada.get(f"{path}?from=3&to=3").text
    assert ada.get(f"{path}?from=1&to=77").status == 404


def test_deleted_page_tells_who_deleted_it_and_shows_what_it_was(wiki: Wiki, ada: Visitor) -> None:
    shown = ada.get(f"pages/{wiki.pages['gone']}/")

    assert "This page was deleted by grace" in shown.text
    assert "Accept the licence." in shown.text
    assert "Bring it back" in shown.text


@pytest.mark.parametrize("path", ["", "diff/", "restore/1/", "?version=1"])
def test_values_with_markup_are_shown_as_they_are(wiki: Wiki, ada: Visitor, path: str) -> None:
    shown = ada.get(f"pages/{wiki.pages['nasty']}/{path}")

    assert shown.status == 200
    assert "<script" not in shown.html
    assert "<img src=x" not in shown.html
    assert "<i>m" not in shown.html
    assert "&lt;script&gt;document.title" in shown.html
    # Neither are templates run over what pages say, nor is it unescaped.
    assert ("{{ x }} {% x %} &amp; <b>bold</b>" in shown.text) == bool(path)


def test_lists_show_values_with_markup_as_they_are(ada: Visitor) -> None:
    found = ada.get("changes/?text=Again+%3Cscript")
    for shown in (ada.get(""), found, ada.get(found.link(f"Again {SCRIPT}"))):
        assert "<script" not in shown.html
        assert "<img src=x" not in shown.html
        assert "&lt;script&gt;" in shown.html
    assert NASTY_USER in found.text


def test_masked_values_are_nowhere(wiki: Wiki, reader: Visitor) -> None:
    guide = f"pages/{wiki.pages['guide']}/"
    for path in ("", "?version=1", "diff/?from=1&to=4"):
        shown = reader.get(guide + path)
        assert "You may not see" in shown.text
        assert "Getting started" not in shown.html
    assert "Old 100644 New 100755" in reader.get(f"{guide}diff/?from=1&to=4").text


@pytest.mark.parametrize(
    "path", ["pages/{guide}/?after=nonsense", "changes/?before=nonsense", "changes/?actor=auth.user:x",
             "revisions/nonsense/", "pages/99999999999999999999/", "changes/?text=" + "x" * 1001],
)  # fmt: skip
def test_address_that_makes_no_sense_is_answered_kindly(wiki: Wiki, ada: Visitor, path: str) -> None:
    shown = ada.get(path.format(**wiki.pages))

    assert shown.status == 400
    assert "That does not work" in shown.text
    assert "Log out" in shown.text


def test_pages_need_no_scripts(wiki: Wiki, ada: Visitor) -> None:
    for path in ("", "changes/", f"pages/{wiki.pages['guide']}/", f"pages/{wiki.pages['guide']}/diff/"):
        assert "<script" not in ada.get(path).html
