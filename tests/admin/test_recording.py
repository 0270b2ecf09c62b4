"""What the admin writes: recorded, by whom, and described as the admin itself describes it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from tests.admin.app.models import Book, Chapter, Tag
from tests.admin.world import Visitor, history, last_revision, staff, url
from tests.orm.history import Revision, actions, counts, deltas_of

pytestmark = pytest.mark.django_db
MIDDLEWARE = "revy.contrib.django.middleware.RevyMiddleware"


@pytest.fixture(params=[False, True], ids=["alone", "in RevyMiddleware"])
def visitor(request: pytest.FixtureRequest, settings: Any, root: User) -> Visitor:
    if request.param:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]
    return Visitor(root)


def form(**values: Any) -> dict[str, Any]:
    """Return the fields of a book's form, with one empty chapter."""
    chapters = {"chapters-TOTAL_FORMS": 0, "chapters-INITIAL_FORMS": 0}
    return {"title": "New", "kind": "n", "body": "", **chapters, **values}


def told() -> list[tuple[str, list[tuple[str, str, Any]]]]:
    """Return the description of each revision, and model, action and actor of its changes."""
    return [
        (
            revision.description,
            [(delta.content_type.model, delta.action, delta.actor) for delta in revision.object_deltas.order_by("pk")],
        )
        for revision in Revision.objects.order_by("pk")
    ]


def test_addition_with_inlines_is_one_revision(visitor: Visitor, root: User) -> None:
    chapter = {"chapters-TOTAL_FORMS": 1, "chapters-0-title": "One"}
    assert visitor.post(url(Book, "add"), **form(**chapter)).status == 302
    assert told() == [("Added. Added chapter “One of New”.", [("book", "C", root), ("chapter", "C", root)])]


def test_change_with_inlines_is_one_revision(visitor: Visitor, root: User) -> None:
    book, tag = Book.objects.create(title="Old"), Tag.objects.create(name="x")
    chapter = Chapter.objects.create(book=book, title="One")
    inlines = {
        "chapters-TOTAL_FORMS": 2,
        "chapters-INITIAL_FORMS": 1,
        "chapters-0-id": chapter.pk,
        "chapters-0-book": book.pk,
        "chapters-0-title": "One",
        "chapters-0-DELETE": "on",
        "chapters-1-book": book.pk,
        "chapters-1-title": "Two",
    }
    assert visitor.post(url(Book, "change", book.pk), **form(title="New", tags=tag.pk, **inlines)).status == 302
    ((description, deltas),) = told()
    assert description == "Changed Title and Tags. Added chapter “Two of New”. Deleted chapter “One of New”."
    assert {(model, action) for model, action, _actor in deltas} == {("book", "U"), ("chapter", "C"), ("chapter", "D")}
    assert LogEntry.objects.get().get_change_message() == description


def test_change_of_nothing_records_only_what_a_save_sets(visitor: Visitor) -> None:
    tag = Tag.objects.create(name="x")
    assert visitor.post(url(Tag, "change", tag.pk), name="x").status == 302
    assert counts() == (0, 0, 0)


def test_deletion_is_described(visitor: Visitor, root: User) -> None:
    book = Book.objects.create(title="x")
    Chapter.objects.create(book=book, title="One")
    assert visitor.post(url(Book, "delete", book.pk), post="yes").status == 302
    assert told() == [("Deleted.", [("chapter", "D", None), ("book", "D", root)])]


def test_deletion_of_selected_ones_is_one_revision(visitor: Visitor, root: User) -> None:
    books = [Book.objects.create(title=title) for title in "ab"]
    chosen = {"action": "delete_selected", "_selected_action": [book.pk for book in books]}
    assert visitor.post(url(Book, "changelist"), **chosen).status == 200
    assert counts() == (0, 0, 0)
    assert visitor.post(url(Book, "changelist"), post="yes", **chosen).status == 302
    assert told() == [("Deleted.", [("book", "D", root)] * 2)]


def test_action_is_described_by_its_label(visitor: Visitor, root: User) -> None:
    books = [Book.objects.create(title=title) for title in "ab"]
    chosen = {"action": "lend", "index": 0, "_selected_action": [book.pk for book in books]}
    assert visitor.post(url(Book, "changelist"), **chosen).status == 302
    assert told() == [("Lend selected books", [("book", "U", root)] * 2)]


def test_list_that_is_edited_is_one_revision(visitor: Visitor, root: User) -> None:
    books = [Book.objects.create(title=title) for title in "ab"]
    edited: dict[str, Any] = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 2, "_save": "Save"}
    for place, book in enumerate(books):
        edited |= {f"form-{place}-id": book.pk, f"form-{place}-is_lent": "on"}
    assert visitor.post(url(Book, "changelist"), **edited).status == 302
    assert told() == [("Changed Lent.", [("book", "U", root)] * 2)]


def test_password_that_is_changed_is_recorded(visitor: Visitor, root: User) -> None:
    user = User.objects.create_user("ada", password="old")
    passwords = {"password1": "f7ds8f-ds", "password2": "f7ds8f-ds", "usable_password": "true"}
    path = url(User, "change", user.pk).replace("change/", "password/")
    assert visitor.post(path, **passwords).status == 302
    assert told() == [("Changed password.", [("user", "U", root)])]
    page = visitor.get(history(user))
    assert "Hidden: Password" in page.text
    assert "md5$" not in page.html


def test_form_with_errors_writes_nothing(visitor: Visitor) -> None:
    book = Book.objects.create(title="x")
    for path in (url(Book, "add"), url(Book, "change", book.pk)):
        page = visitor.post(path, **form(title="forbidden"))
        assert "No book may be called that." in page.text
    assert counts() == (0, 0, 0)
    assert LogEntry.objects.count() == 0


def test_looking_at_forms_enters_no_context(visitor: Visitor, book: Book) -> None:
    before = counts()
    for path in (url(Book, "changelist"), url(Book, "add"), url(Book, "change", book.pk), url(Book, "delete", book.pk)):
        assert visitor.get(path).status == 200
    assert counts() == before


def test_description_of_the_header_is_kept(settings: Any, root: User) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]
    visitor = Visitor(root)
    visitor.client.post(url(Book, "add"), form(), headers={"X-Commit-Message": "By the robot."})
    assert told() == [("By the robot.", [("book", "C", root)])]


def test_description_is_in_the_language_of_the_site(settings: Any, root: User) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "django.middleware.locale.LocaleMiddleware"]
    visitor = Visitor(root)
    visitor.client.post(url(Book, "add"), form(), headers={"Accept-Language": "de"})
    assert last_revision().description == "Added."


def test_change_without_permission_writes_nothing(visitor: Visitor, book: Book) -> None:
    before = counts()
    assert Visitor(staff("viewer", "view_book")).post(url(Book, "change", book.pk), **form()).status == 403
    assert counts() == before


def test_history_of_the_admin_is_the_history_of_the_object(visitor: Visitor) -> None:
    visitor.post(url(Book, "add"), **form())
    book = Book.objects.get()
    visitor.post(url(Book, "change", book.pk), **form(title="Newer"))
    visitor.post(url(Book, "delete", book.pk), post="yes")
    assert actions(Book, book.pk) == "CUD"
    described = [delta.revision.description for delta in deltas_of(Book, book.pk)]
    assert described == ["Added.", "Changed Title.", "Deleted."]
