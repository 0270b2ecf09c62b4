"""The pages of history in a browser: that they fit, can be read and used by everybody, and run no foreign script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from selenium.webdriver.common.keys import Keys

from revy.contrib.django import get_object_delta_model, get_revision_model
from tests.admin.app.models import Author, Book, Chapter, Tag
from tests.admin.world import by, change, history, last_revision, url
from tests.wiki.browser import Browser, running_browser
from tests.wiki.looks import FAINT_TEXTS, NAMELESS, OUTLINE, OVERFLOW

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "\n".join(
    f"Paragraph {number}. It was the best of times, it was the worst of times, it was the age of wisdom."
    for number in range(1, 31)
)
SCRIPT = "<script>document.title='owned'</script>"
LOOKS = [("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)]


@pytest.fixture(scope="module")
def shared_browser() -> Iterator[Browser]:
    with running_browser("") as browser:
        yield browser


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: Any) -> Any:
    """The server, begun once there is a file to test on: its threads would else share the connection of a memory."""
    assert "default" not in live_server.thread.connections_override
    return live_server


@pytest.fixture
def browser(shared_browser: Browser, live_server: Any, root: User, settings: Any) -> Browser:
    """A browser that root is logged in with."""
    settings.DEBUG = False
    client = Client()
    client.force_login(root)
    shared_browser.go_to(f"{live_server.url}/library/")
    shared_browser.show_as("light", 1280)
    shared_browser.use_session(client.session.session_key or "", "sessionid")
    shared_browser.complaints()
    return shared_browser


@pytest.fixture
def library(root: User) -> dict[str, str]:
    """Pages with something of everything, by what they show."""
    ada, grace = (User.objects.create_user(name, is_staff=True) for name in ("ada", "grace"))
    with by(ada, "Bought at the fair."):
        author = Author.objects.create(name="Charles Dickens")
        book = Book.objects.create(title="A Tale of Two Cities", body=LONG, author=author, price="12.50")
        Chapter.objects.create(book=book, title="The Period")
    with by(None, "Sorted in by the nightly job."):
        book.tags.add(*(Tag.objects.create(name=name) for name in ("novel", "history")))
    body = LONG.replace("age of wisdom", "epoch of belief", 1).replace("Paragraph 17. It", "Paragraph 17. Perhaps it")
    change(book, grace, "Proofread.\nTwo slips, found by a reader.", body=body, is_lent=True)
    change(book, ada, "", title="A Tale of Two Cities, annotated", kind="p", notes={"shelf": 3, "copies": [1, 2]})
    with by(ada, f"Notes {SCRIPT}"):
        book.notes = {"shelf": 4, "copies": [1, 2, 5], "html": SCRIPT}
        book.author = Author.objects.create(name=f"{SCRIPT} \u202eevil")
        book.save()
        book.tags.remove(Tag.objects.get(name="novel"))
    isbn = Book.objects.create(title="Another", isbn="1-2-3")
    gone = Book(pk=isbn.pk)
    with by(ada, "Bought another."):
        isbn.body = "x"
        isbn.save()
    with by(grace, "Nobody reads it any more, and the shelf is full."):
        isbn.delete()
    with by(root, "Again."):
        Book.objects.create(title="Another", isbn="1-2-3")
    lost = Book.objects.create(title="Lost " + "x" * 150)
    lost_pk = lost.pk
    with by(ada, "With two chapters."):
        lost.body = LONG
        lost.save()
        for title in ("One", "Two"):
            Chapter.objects.create(book=lost, title=title)
    with by(ada, "Lost in the flood."):
        lost.delete()
    revision = last_revision()
    lost.pk = lost_pk
    paths = {
        "timeline": history(book),
        "compare": f"{history(book)}compare/?from=1&to=5",
        "long": f"{history(book)}compare/?from=1&to=3",
        "version": f"{history(book)}3/",
        "restore": f"{history(book)}1/restore/",
        "deleted": url(Book, "deleted"),
        "gone": history(gone),
        "problem": f"{history(gone)}2/restore/",
        "recover": f"{history(lost)}2/restore/?related=1",
        "revisions": url(get_revision_model(), "changelist"),
        "revision": url(get_revision_model(), "change", revision.pk),
        "revert": url(get_revision_model(), "revert", revision.pk),
        "deltas": url(get_object_delta_model(), "changelist"),
        "delta": url(get_object_delta_model(), "change", revision.object_deltas.first().pk),
    }
    return {name: path.removeprefix("/library/") for name, path in paths.items()}


def over_all_pages(browser: Browser, library: dict[str, str], script: str, *looks: tuple[str, int]) -> dict[str, Any]:
    """Return what the script finds, by page and look, where it finds anything."""
    found = {}
    for name, path in library.items():
        browser.open(path)
        for scheme, width in looks or [("light", 1280)]:
            browser.show_as(scheme, width)
            browser.photograph(name)
            found[f"{name} {scheme} {width}"] = browser.run(script)
    return {page: value for page, value in found.items() if value}


def test_pages_fit_the_window(browser: Browser, library: dict[str, str]) -> None:
    assert over_all_pages(browser, library, OVERFLOW, *LOOKS, ("light", 320), ("light", 768)) == {}


def test_texts_have_enough_contrast_in_light_and_dark(browser: Browser, library: dict[str, str]) -> None:
    # What Django itself shows around the pages is not ours to judge.
    script = FAINT_TEXTS.replace("document.createTreeWalker(document.body", "document.createTreeWalker(PAGE")
    # Links change their colour slowly.
    finish = "document.getAnimations().forEach(each => each.finish());"
    script = f"{finish}\nconst PAGE = document.querySelector('.revy-page, #result_list');\n{script}"
    assert over_all_pages(browser, library, script, *LOOKS[:2], ("dark", 375)) == {}


def test_theme_of_the_admin_counts_more_than_that_of_the_system(browser: Browser, library: dict[str, str]) -> None:
    browser.open(library["long"])
    colours = {}
    for theme, scheme in (("light", "light"), ("light", "dark"), ("dark", "light"), ("dark", "dark")):
        browser.show_as(scheme, 1280)
        browser.run(f"document.documentElement.dataset.theme = '{theme}'")
        colours[theme, scheme] = browser.run(
            "return ['ins', 'del', '.revy-badge'].map(s => getComputedStyle(document.querySelector(`.revy-page ${s}`)))"
            ".map(s => s.color + s.backgroundColor).join()"
        )
    assert colours["light", "light"] == colours["light", "dark"]
    assert colours["dark", "light"] == colours["dark", "dark"]
    assert colours["light", "light"] != colours["dark", "dark"]


def test_pages_can_be_used_without_being_seen(browser: Browser, library: dict[str, str]) -> None:
    ours = {name: path for name, path in library.items() if name not in ("revisions", "deltas")}
    # Inside of the page that Django's templates make.
    script = NAMELESS.replace(
        "document.querySelectorAll(selector)", "document.querySelectorAll(`main :is(${selector})`)"
    )
    assert over_all_pages(browser, ours, script) == {}


def test_every_table_has_named_columns_and_rows(browser: Browser, library: dict[str, str]) -> None:
    script = """
    return [...document.querySelectorAll('.revy-rows')].filter(t => !t.caption || !t.querySelector('th[scope=col]')
      || [...t.tBodies[0].rows].some(r => !r.querySelector('th[scope=row]'))).map(t => t.outerHTML)
    """
    assert over_all_pages(browser, library, script) == {}


def test_pages_need_and_run_no_script_of_their_own(browser: Browser, library: dict[str, str]) -> None:
    script = """
    return [...document.querySelectorAll('script:not([src]), style, [style], [onclick], iframe, object')]
      .filter(e => !e.matches('svg *, [data-theme]') && e.type !== 'application/json').map(e => e.outerHTML)
    """
    ours = {name: path for name, path in library.items() if name not in ("revisions", "deltas")}
    assert over_all_pages(browser, ours, script) == {}
    assert browser.title != "owned"
    assert browser.complaints() == []


def test_differences_are_told_by_more_than_colour(browser: Browser, library: dict[str, str]) -> None:
    browser.open(library["long"])
    assert browser.find(".revy-diff del").text.endswith("age of wisdom")
    assert browser.find(".revy-diff ins").text.endswith("epoch of belief")
    lines = [browser.run(f"return getComputedStyle(document.querySelector('.revy-diff {tag}')).textDecorationLine")
             for tag in ("del", "ins")]  # fmt: skip
    assert lines == ["line-through", "underline"]


def test_unchanged_lines_are_unfolded_where_they_are(browser: Browser, library: dict[str, str]) -> None:
    browser.open(library["long"])
    assert "Paragraph 10." not in browser.text
    browser.find(".revy-diff summary").click()
    assert "Paragraph 10." in browser.text


def test_two_versions_are_chosen_and_compared(browser: Browser, library: dict[str, str]) -> None:
    browser.open(library["timeline"])
    browser.find("#version-1 [name=from]").click()
    browser.find("#version-3 [name=to]").click()
    with browser.leaving():
        browser.click("Compare selected versions")
    assert "Versions 1 and 3" in browser.text
    assert "epoch of belief" in browser.text


def test_version_is_restored_by_the_keyboard_alone(browser: Browser, library: dict[str, str]) -> None:
    browser.open(library["timeline"])
    follow(browser, "Version 1")
    assert "As it was" in browser.text
    follow(browser, "Restore…")
    while browser.tab().tag_name != "textarea":
        pass
    browser.leave("Back by the keyboard.", Keys.TAB, Keys.ENTER)
    assert "was restored to version 1." in browser.text
    assert "Back by the keyboard." in browser.text


def test_problem_disables_the_button(browser: Browser, library: dict[str, str]) -> None:
    browser.open(library["problem"])
    assert "ISBN: Book with this ISBN already exists." in browser.find(".revy-problems").text
    assert not browser.find("input.default").is_enabled()


def test_deleted_object_is_recovered_with_what_fell_with_it(browser: Browser, library: dict[str, str]) -> None:
    browser.open(url(Book, "changelist").removeprefix("/library/"))
    with browser.leaving():
        browser.click("Deleted books")
    with browser.leaving():
        browser.find(".revy-do a").click()
    assert "Chapter" not in browser.find(".revy-page").text
    browser.find("[name=related]").click()
    with browser.leaving():
        browser.click("Show")
    assert browser.find(".revy-page").text.count("Will be created") == 3
    browser.photograph("recovering")
    with browser.leaving():
        browser.find("input.default").click()
    assert "was restored to version" in browser.text
    assert Chapter.objects.filter(book__title__startswith="Lost").count() == 2


def test_keyboard_goes_through_a_page_in_sight(browser: Browser, library: dict[str, str]) -> None:
    browser.open(library["timeline"])
    assert browser.tab().text == "Skip to main content"
    browser.type(Keys.ENTER)
    seen = 0
    while True:
        browser.tab()
        if not browser.run("return document.activeElement.closest('.revy-page') !== null"):
            if seen:
                break
            continue
        seen += 1
        assert browser.run(OUTLINE), browser.run("return document.activeElement.outerHTML")
    assert seen > 20


def test_pages_read_from_right_to_left(browser: Browser, library: dict[str, str], settings: Any) -> None:
    settings.LANGUAGE_CODE = "ar"
    assert over_all_pages(browser, library, OVERFLOW, ("light", 1280), ("light", 375)) == {}
    browser.open(library["timeline"])
    browser.photograph("right-to-left")
    assert browser.run("return document.documentElement.dir") == "rtl"


def follow(browser: Browser, text: str) -> None:
    """Tab to the link of that text, and follow it."""
    browser.find("#content h1").click()
    while (element := browser.tab()).text != text:
        assert element.tag_name != "body", f"There is no way to {text!r} by the keyboard."
    browser.leave(Keys.ENTER)
