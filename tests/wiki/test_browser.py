"""The pages in a browser: that they fit, can be read and used by everybody, and run no foreign script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from tests.wiki.browser import Browser, running_browser
from tests.wiki.conftest import Wiki
from tests.wiki.looks import FAINT_TEXTS, NAMELESS, OUTLINE, OVERFLOW

PAGES = [
    "", "?search=nothing", "changes/", "changes/?action=delete&text=old", "changes/?text=nothing", "login/",
    "pages/{guide}/", "pages/{guide}/?version=2", "pages/{guide}/diff/?from=1&to=6", "pages/{guide}/restore/2/",
    "pages/{busy}/", "pages/{gone}/", "pages/{gone}/diff/", "pages/{gone}/restore/3/", "pages/{nasty}/",
    "pages/{nasty}/diff/", "pages/{long}/", "pages/{long}/?version=1", "pages/{long}/diff/", "pages/{empty}/",
    "pages/{unrecorded}/", "pages/987654/", "changes/?before=nonsense",
]  # fmt: skip
WIDTHS = [320, 360, 400, 768, 1280]

SCRIPTS = "return document.scripts.length + document.querySelectorAll('main img, iframe, object, embed').length"
GROUND = "return getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def shared_browser(wiki: Wiki) -> Iterator[Browser]:
    with running_browser(wiki.address) as browser:
        yield browser


@pytest.fixture
def browser(shared_browser: Browser, wiki: Wiki) -> Browser:
    """A browser that ada is logged in with, who may read and write."""
    shared_browser.show_as("light", 1280)
    shared_browser.use_session(wiki.log_in("ada").session)
    shared_browser.complaints()
    return shared_browser


def over_all_pages(browser: Browser, wiki: Wiki, script: str, *looks: tuple[str, int]) -> dict[str, Any]:
    """Return what the script finds, by page and by scheme and width, where it finds anything."""
    found = {}
    for path in PAGES:
        browser.open(path.format(**wiki.pages))
        for scheme, width in looks or [("light", 1280)]:
            browser.show_as(scheme, width)
            browser.photograph()
            found[f"{path} {scheme} {width}"] = browser.run(script)
    return {page: value for page, value in found.items() if value}


def test_pages_fit_the_window(browser: Browser, wiki: Wiki) -> None:
    assert over_all_pages(browser, wiki, OVERFLOW, *(("light", width) for width in WIDTHS)) == {}


def test_texts_have_enough_contrast_in_light_and_dark(browser: Browser, wiki: Wiki) -> None:
    assert over_all_pages(browser, wiki, FAINT_TEXTS, ("light", 1280), ("dark", 1280), ("dark", 320)) == {}
    dark = browser.run(GROUND)
    browser.show_as("light", 1280)
    assert browser.run(GROUND) != dark


def test_pages_can_be_used_without_being_seen(browser: Browser, wiki: Wiki) -> None:
    assert over_all_pages(browser, wiki, NAMELESS) == {}


def test_pages_run_no_script_and_load_everything(browser: Browser, wiki: Wiki) -> None:
    assert over_all_pages(browser, wiki, SCRIPTS) == {}
    assert browser.title != "owned"
    # The two pages that answer with 404 and 400 are logged by the browser.
    complaints = [line for line in browser.complaints() if "987654" not in line and "nonsense" not in line]
    assert complaints == []


def test_markup_in_names_changes_no_page(browser: Browser, wiki: Wiki) -> None:
    for path in ("", "changes/?text=Again", f"pages/{wiki.pages['nasty']}/"):
        browser.open(path)
        assert browser.title != "owned"
        assert "<script>document.title='owned'</script>" in browser.text.replace("\n", "")


def test_page_is_found_compared_and_restored_by_the_keyboard_alone(browser: Browser, wiki: Wiki) -> None:
    browser.forget()
    browser.open("login/")
    browser.find("[name=username]").click()
    browser.leave("grace", Keys.TAB, wiki.password, Keys.ENTER)
    assert "Log out" in browser.text

    browser.open("")
    while browser.tab().get_attribute("name") != "search":
        pass
    browser.leave("typed", Keys.ENTER)
    follow(browser, "tests/typed.md")
    assert "Version 2 of 2" in browser.text
    follow(browser, "Version 1")
    assert "This is what the page was at version 1," in browser.text
    follow(browser, "Compare with now")
    assert "Version 1 → 2" in browser.text
    follow(browser, "Version 1")
    follow(browser, "Restore…")
    while browser.tab().tag_name != "textarea":
        pass
    browser.leave("Back by the keyboard.", Keys.TAB, Keys.ENTER)

    assert "Restored, as version 3." in browser.text
    assert "Back by the keyboard." in browser.text
    assert browser.find("article pre").text == "first"


def follow(browser: Browser, text: str) -> None:
    """Tab to the link of that text, and follow it."""
    while (element := browser.tab()).text != text:
        assert element.tag_name != "body", f"There is no way to {text!r} by the keyboard."
    browser.leave(Keys.ENTER)


def test_keyboard_goes_through_a_page_in_sight(browser: Browser, wiki: Wiki) -> None:
    browser.open(f"pages/{wiki.pages['guide']}/?version=2")
    assert browser.tab().text == "Skip to the content"
    assert browser.run("return document.activeElement.getBoundingClientRect().left") >= 0

    seen = 0
    while browser.tab().tag_name != "body":
        seen += 1
        assert browser.run(OUTLINE), browser.run("return document.activeElement.outerHTML")
    assert seen > 20


def test_whole_message_is_opened_where_it_is(browser: Browser, wiki: Wiki) -> None:
    browser.open(f"pages/{wiki.pages['guide']}/")
    assert "Reported on the list." not in browser.text

    browser.find("summary").click()

    assert "Reported on the list." in browser.text


def test_actor_of_a_change_filters_the_history(browser: Browser, wiki: Wiki) -> None:
    browser.open(f"pages/{wiki.pages['guide']}/?version=2")
    browser.click("grace")

    assert "2 changes by grace" in browser.text
    assert "Spell it right" not in browser.text
    # The version that is looked at stays.
    assert "This is what the page was at version 2" in browser.text
    browser.click("Show all")
    assert "Spell it right" in browser.text


def test_differences_are_told_by_more_than_colour(browser: Browser, wiki: Wiki) -> None:
    browser.open(f"pages/{wiki.pages['guide']}/diff/?from=1&to=2")

    assert browser.find(".lines .removed").text == "11 − A context says who acts."
    assert browser.find(".lines .added").text == "11 + A context says who acts, and why."
    colours = [browser.run(f"return getComputedStyle(document.querySelector('.lines .{kind}')).backgroundColor")
               for kind in ("removed", "added", "same")]  # fmt: skip
    assert len(set(colours)) == 3
