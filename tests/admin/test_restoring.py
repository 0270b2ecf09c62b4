"""Bringing back in the admin: a preview that writes nothing, and then exactly that."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from tests.admin.app.models import Author, Book, Chapter, Draft
from tests.admin.site import BookAdmin, site
from tests.admin.world import Page, Visitor, by, change, history, last_revision, staff, url
from tests.orm.history import Revision, actions, counts, deltas_of

pytestmark = pytest.mark.django_db


def restore(visitor: Visitor, path: str, page: Page | None = None, **form: Any) -> Page:
    """Confirm what a preview showed."""
    shown = page or visitor.get(path)
    return visitor.post(path, token=shown.field("token"), **form)


def is_enabled(page: Page) -> bool:
    (button,) = re.findall(r'<input type="submit" class="default"[^>]*>', page.main)
    return "disabled" not in button


@pytest.fixture
def gone(book: Book, root: User) -> Book:
    """A book that was deleted together with two chapters."""
    with by(root):
        for title in ("One", "Two"):
            Chapter.objects.create(book=book, title=title)
    pk = book.pk
    with by(root, "Lost."):
        book.delete()
    book.pk = pk
    return book


def test_preview_shows_now_and_then_and_writes_nothing(book: Book, as_root: Visitor) -> None:
    before = counts()
    page = as_root.get(f"{history(book)}1/restore/")
    assert "Title from Second to First" in page.text
    assert "Author from Grace to Ada" in page.text
    assert "removed: old" in page.text
    assert is_enabled(page)
    assert counts() == before


def test_restored_version_is_a_new_one_with_the_reason(book: Book, as_root: Visitor, root: User) -> None:
    page = restore(as_root, f"{history(book)}1/restore/", reason="It was better.")
    assert (page.status, page.response["Location"]) == (302, history(book))
    book.refresh_from_db()
    assert (book.title, book.secret, book.tags.count()) == ("First", "s3cret", 0)
    last = deltas_of(Book, book.pk).last()
    assert (last.version, last.actor, last.revision.description) == (4, root, "It was better.")
    assert LogEntry.objects.get().get_change_message() == "It was better."
    assert "was restored to version 1." in as_root.get(history(book)).text


def test_restored_version_without_a_reason_says_what_it_was(book: Book, root: User, settings: Any) -> None:
    restore(Visitor(root), f"{history(book)}1/restore/")
    assert last_revision().description == "Restored version 1."
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "revy.contrib.django.middleware.RevyMiddleware"]
    path, visitor = f"{history(book)}3/restore/", Visitor(root)
    token = visitor.get(path).field("token")
    visitor.client.post(path, {"token": token}, headers={"X-Commit-Message": "By the robot."})
    assert last_revision().description == "By the robot."


def test_restored_object_that_is_hidden_then_is_not_named(root: User, as_root: Visitor) -> None:
    draft = Draft.objects.create(owner="ada", text="secret text")
    change(draft, None, text="secret, too")
    change(draft, None, owner="root", text="open")
    page = restore(as_root, f"{history(draft)}1/restore/")
    assert page.response["Location"] == url(Draft, "changelist")
    page = as_root.get(url(Draft, "changelist"))
    assert "It was restored, to what you may not see." in page.text
    assert "secret" not in page.main
    draft.refresh_from_db()
    assert draft.owner == "ada"


def test_restore_of_what_is_so_already_does_nothing(book: Book, as_root: Visitor) -> None:
    with by(None):
        Author.objects.filter(name="Ada").update(name="Ada")
    author = Author.objects.get(name="Ada")
    page = as_root.get(f"{history(author)}1/restore/")
    assert "Nothing is to be done" in page.text
    assert not is_enabled(page)


def test_plan_that_changed_meanwhile_is_shown_anew_and_not_applied(book: Book, as_root: Visitor, root: User) -> None:
    path = f"{history(book)}1/restore/"
    seen = as_root.get(path)
    change(book, root, title="Third")
    before = counts()

    page = restore(as_root, path, seen, reason="Why.")

    assert page.status == 409
    assert "changed meanwhile" in page.text
    assert "Title from Third to First" in page.text
    assert "Why." in page.html
    assert counts() == before
    assert restore(as_root, path, page).status == 302
    assert Book.objects.get().title == "First"


def test_post_without_the_token_of_a_preview_writes_nothing(book: Book, as_root: Visitor) -> None:
    before = counts()
    for form in ({}, {"token": "x"}):
        assert as_root.post(f"{history(book)}1/restore/", **form).status == 409
    assert counts() == before


def test_post_needs_the_token_of_the_session(book: Book, root: User, as_root: Visitor) -> None:
    path = f"{history(book)}1/restore/"
    client = Client(enforce_csrf_checks=True)
    client.force_login(root)
    assert client.post(path, {"token": as_root.get(path).field("token")}).status_code == 403
    assert deltas_of(Book, book.pk).count() == 3


def test_problems_are_listed_and_nothing_can_be_done(book: Book, as_root: Visitor, root: User) -> None:
    change(book, root, isbn="1")
    change(book, root, isbn="2")
    Book.objects.create(title="Other", isbn="1")
    path = f"{history(book)}4/restore/"
    page = as_root.get(path)
    assert "This stands in the way:" in page.text
    assert "ISBN: Book with this ISBN already exists." in page.text
    assert not is_enabled(page)
    before = counts()
    page = restore(as_root, path, page)
    assert "ISBN: Book with this ISBN already exists." in page.text
    assert counts() == before


def test_problem_with_a_masked_value_does_not_tell_it(book: Book, root: User) -> None:
    other = Book.objects.create(title="Other", isbn="1-hidden")
    with by(root):
        other.title = "x"
        other.save()
    pk = other.pk
    with by(root):
        other.delete()
    Book.objects.create(title="Third", isbn="1-hidden")
    model_admin = site.get_model_admin(Book)
    assert isinstance(model_admin, BookAdmin)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_admin, "exclude", ("secret", "isbn"), raising=False)
        page = Visitor(root).get(f"{history(book, pk=pk)}2/restore/")
    assert "A value that you may not see cannot be restored." in page.text
    assert "1-hidden" not in page.html
    assert not is_enabled(page)


def test_restore_needs_the_permission_to_change(book: Book) -> None:
    path = f"{history(book)}1/restore/"
    viewer, editor = Visitor(staff("viewer", "view_book")), Visitor(staff("editor", "view_book", "change_book"))
    assert viewer.get(path).status == viewer.post(path).status == 403
    assert "Restore…" not in viewer.get(history(book)).text
    assert "Restore…" in editor.get(history(book)).text
    assert restore(editor, path).status == 302


def test_recovery_needs_the_permission_to_add(gone: Book) -> None:
    editor, adder = (
        Visitor(staff("editor", "view_book", "change_book")),
        Visitor(staff("adder", "view_book", "add_book")),
    )
    path = f"{history(gone)}4/restore/"
    assert editor.get(path).status == editor.post(path).status == 403
    assert "Recover…" not in editor.get(url(Book, "deleted")).text
    assert "Recover…" in adder.get(url(Book, "deleted")).text
    assert restore(adder, path).status == 302
    assert Book.objects.get().pk == gone.pk


def test_recovery_brings_back_what_fell_if_that_is_asked_for(gone: Book, as_root: Visitor) -> None:
    path = f"{history(gone)}4/restore/"
    assert "One" not in as_root.get(path).text
    page = as_root.get(path, related=1)
    assert page.text.count("Will be created") == 3
    # They are named after a book that is not there yet.
    assert "Chapter One of Second" in page.text
    page = restore(as_root, path, page, related=1, reason="Found.")
    assert page.status == 302
    assert (Book.objects.count(), Chapter.objects.count(), Revision.objects.filter(description="Found.").count()) == (
        1,
        2,
        1,
    )
    assert actions(Book, gone.pk) == "CUUDC"


def test_recovery_of_what_fell_needs_permissions_for_all_of_it(gone: Book) -> None:
    adder = Visitor(staff("adder", "view_book", "add_book", "view_chapter"))
    page = adder.get(f"{history(gone)}4/restore/", related=1)
    assert "You may not do this to the object." in page.text
    assert not is_enabled(page)
    blind = Visitor(staff("blind", "view_book", "add_book", "add_chapter"))
    page = blind.get(f"{history(gone)}4/restore/", related=1)
    assert "An object that you may not see" in page.text
    assert "One" not in page.text
    before = counts()
    restore(blind, f"{history(gone)}4/restore/", page, related=1)
    assert counts() == before


def test_deleted_objects_are_listed_newest_first_until_they_come_back(gone: Book, as_root: Visitor, root: User) -> None:
    other = Book.objects.create(title="Other")
    other_pk = other.pk
    with by(root, "Sold."):
        other.delete()
    assert url(Book, "deleted") in as_root.get(url(Book, "changelist")).links()
    page = as_root.get(url(Book, "deleted"))
    assert re.findall(r"Second|Other", page.text) == ["Other", "Other", "Second", "Second"]
    assert "Sold." in page.text
    assert "s4cret" not in page.html
    restore(as_root, f"{history(gone)}4/restore/")
    # This one comes back without being recorded.
    Book.objects.create(pk=other_pk, title="Other")
    page = as_root.get(url(Book, "deleted"))
    assert "Nothing that was deleted is known" in page.text


def test_deleted_objects_are_walked_to_the_end(as_root: Visitor, root: User) -> None:
    authors = [Author.objects.create(name=f"Author {number:02}") for number in range(45)]
    for author in authors:
        with by(root):
            author.delete()
    page, names, pages = as_root.get(url(Author, "deleted")), [], 0
    while True:
        names += re.findall(r"<h2[^>]*><a[^>]*><bdi>(Author \d\d)", page.main)
        pages += 1
        older = re.search(r'rel="next" href="([^"]*)"', page.main)
        if older is None:
            break
        page = as_root.get(url(Author, "deleted") + older[1])
    assert (names, pages) == ([f"Author {number:02}" for number in range(44, -1, -1)], 3)


def test_deleted_objects_are_not_listed_where_the_admin_is_filtered(root: User, as_root: Visitor) -> None:
    draft = Draft.objects.create(owner="root", text="own")
    with by(root):
        draft.delete()
    assert as_root.get(url(Draft, "deleted")).status == 403
    assert url(Draft, "deleted") not in as_root.get(url(Draft, "changelist")).links()


def test_deleted_object_whose_text_fails_is_named_by_its_key(root: User, as_root: Visitor, monkeypatch: Any) -> None:
    author = Author.objects.create(name="x")
    pk = author.pk
    with by(root):
        author.delete()
    monkeypatch.setattr(Author, "__str__", lambda self: 1 / 0)
    assert f"#{pk}" in as_root.get(url(Author, "deleted")).text


def test_revision_is_reverted(book: Book, as_root: Visitor) -> None:
    path = url(Revision, "revert", last_revision().pk)
    page = as_root.get(path)
    assert "Title from Second to First" in page.text
    page = restore(as_root, path, page, reason="A mistake.")
    assert page.status == 302
    book.refresh_from_db()
    assert (book.title, last_revision().description) == ("First", "A mistake.")


def test_revert_tells_what_was_changed_since_and_leaves_it_out_if_asked(
    book: Book, as_root: Visitor, root: User
) -> None:
    revision = last_revision()
    change(book, root, title="Third")
    path = url(Revision, "revert", revision.pk)
    page = as_root.get(path)
    assert "Book Third (s4cret) Title: It was changed since, to 'Third'." in page.text
    assert not is_enabled(page)
    page = as_root.get(path, skip=1)
    assert "Changed since, and left as it is" in page.text
    assert is_enabled(page)
    assert restore(as_root, path, page, skip=1).status == 302
    book.refresh_from_db()
    assert (book.title, book.kind) == ("Third", "n")


def test_revert_needs_permissions_for_every_object(book: Book) -> None:
    path = url(Revision, "revert", last_revision().pk)
    assert Visitor(staff("nobody", "change_book")).get(path).status == 403
    viewer = Visitor(staff("viewer", "view_book", "view_revision"))
    page = viewer.get(path)
    assert "You may not do this to the object." in page.text
    before = counts()
    restore(viewer, path, page)
    assert counts() == before
    editor = Visitor(staff("editor", "view_book", "change_book", "view_revision"))
    assert restore(editor, path).status == 302
