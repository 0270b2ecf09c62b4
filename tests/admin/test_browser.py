"""The pages of history in a browser: that they fit, can be read and used by everybody, and run no foreign script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from revy.contrib.django import get_object_delta_model, get_revision_model
from tests.admin.app.models import Author, Book, Chapter, Tag
from tests.admin.world import by, change, history, last_revision, url
from tests.wiki.browser import Browser, running_browser
from tests.wiki.looks import OVERFLOW

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
