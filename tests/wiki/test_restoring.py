"""The form that restores a page."""

from __future__ import annotations

from tests.wiki.conftest import Wiki
from tests.wiki.visitor import Visitor


def test_restored_page_is_as_it_was_with_a_message(wiki: Wiki, ada: Visitor) -> None:
    page = f"pages/{wiki.pages['restored']}/"
    form = ada.get(f"{page}restore/1/")
    assert "− second" in form.text
    assert 'name="expected" value="2"' in form.html

    shown = ada.post(f"{page}restore/1/", expected="2", message="Back to\r\nthe first.")

    assert "Restored, as version 3." in shown.text
    assert "second" not in shown.text
    assert "Back to ada" in shown.text
    again = ada.post(f"{page}restore/1/", expected="3", message="Once more.")
    assert "The page is like that already" in again.text
    assert "Version 3 of 3" in again.text


def test_restore_that_somebody_was_faster_than_says_so_and_keeps_the_message(wiki: Wiki, ada: Visitor) -> None:
    page = f"pages/{wiki.pages['raced']}/"
    assert ada.post(f"{page}restore/1/", expected="2", message="The faster one.").status == 200

    shown = ada.post(f"{page}restore/2/", expected="2", message="The slower one.")

    assert shown.status == 409
    assert "Nothing was restored: somebody changed the page while you were here." in shown.text
    assert "The slower one.</textarea>" in shown.html
    # Sent again, it is about what they see now.
    assert 'name="expected" value="3"' in shown.html
    assert "Version 3 of 3" in ada.get(page).text


def test_restore_without_a_version_to_expect_is_a_conflict_with_nothing(wiki: Wiki, ada: Visitor) -> None:
    shown = ada.post(f"pages/{wiki.pages['busy']}/restore/25/", expected="nonsense", message="")

    assert "The page is like that already" in shown.text


def test_deleted_page_is_brought_back(wiki: Wiki, ada: Visitor) -> None:
    page = f"pages/{wiki.pages['brought back']}/"
    form = ada.get(f"{page}restore/2/")
    assert "What comes back alive" in form.text

    shown = ada.post(f"{page}restore/2/", expected="2", message="Needed after all.")

    assert "Restored, as version 3." in shown.text
    assert "deleted" not in shown.text.lower().partition("history")[0]
    assert "tests/brought-back.md" in ada.get("?search=brought").text


def test_restore_onto_a_taken_path_says_what_stands_in_the_way(wiki: Wiki, ada: Visitor) -> None:
    form = ada.get(f"pages/{wiki.pages['taken']}/restore/2/")
    shown = ada.post(f"pages/{wiki.pages['taken']}/restore/2/", expected="2", message="Mine.")

    assert (form.status, shown.status) == (200, 409)
    assert "Another page has this path now" in form.text
    assert "another page has this path now" in shown.text


def test_restore_is_nothing_for_those_who_may_only_read(wiki: Wiki, reader: Visitor, anonymous: Visitor) -> None:
    page = f"pages/{wiki.pages['forbidden']}/"
    assert "Restore" not in reader.get(f"{page}?version=1").text
    assert reader.get(f"{page}restore/1/").status == 403

    refused = reader.post(f"{page}restore/1/", expected="2", message="I may not.")
    anonymous.get("login/")
    hidden = anonymous.post(f"{page}restore/1/", expected="2", message="Who am I?")

    assert refused.status == 403
    assert "You may not do this" in refused.text
    assert hidden.status == 404
    assert "Version 2 of 2" in reader.get(page).text


def test_forms_from_elsewhere_are_refused(wiki: Wiki, ada: Visitor) -> None:
    page = f"pages/{wiki.pages['forbidden']}/"
    shown = ada.post_without_token(f"{page}restore/1/", expected="2", message="From elsewhere.")
    api = ada.post_without_token("graphql/", query="mutation { commit { revisionId } }")

    assert shown.status == api.status == 403
    assert "This form is too old" in shown.text
    assert "Version 2 of 2" in ada.get(page).text


def test_message_that_is_too_long_is_refused_kindly(wiki: Wiki, ada: Visitor) -> None:
    shown = ada.post(f"pages/{wiki.pages['forbidden']}/restore/1/", expected="2", message="x" * 10_001)

    assert shown.status == 400
    assert "Version 2 of 2" in ada.get(f"pages/{wiki.pages['forbidden']}/").text
