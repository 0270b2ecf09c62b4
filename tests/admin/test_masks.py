"""What the pages of the past must not tell: nothing that the admin does not show at present."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.admin.app.models import Book
from tests.admin.site import BookAdmin, site
from tests.admin.world import Page, Visitor, by, change, history, last_revision, staff, url
from tests.orm.history import ObjectDelta, Revision, deltas_of

pytestmark = pytest.mark.django_db


def every_page(visitor: Visitor, book: Book) -> dict[str, Page]:
    """Return every page that tells something of a book that is gone, by its address."""
    pk, revision = book.pk, deltas_of(Book, book.pk).last().revision_id
    paths = [
        url(Book, "changelist"), url(Book, "deleted"), history(book, pk=pk),
        f"{history(book, pk=pk)}compare/?from=1&to=3", f"{history(book, pk=pk)}compare/?from=3&to=4",
        *(f"{history(book, pk=pk)}{version}/{page}" for version in range(1, 5) for page in ("", "restore/")),
        f"{history(book, pk=pk)}4/restore/?related=1",
        url(Revision, "changelist"), url(Revision, "change", revision), url(Revision, "revert", revision),
        url(ObjectDelta, "changelist"), f"{url(ObjectDelta, 'changelist')}?q=s3cret",
        *(url(ObjectDelta, "change", delta.pk) for delta in deltas_of(Book, pk)),
    ]  # fmt: skip
    pages = {path: visitor.get(path) for path in paths}
    assert {page.status for page in pages.values()} == {200}
    return pages


@pytest.fixture
def gone(book: Book, root: User) -> Book:
    pk = book.pk
    with by(root):
        book.delete()
    book.pk = pk
    return book


def test_masked_values_are_on_no_page(gone: Book, as_root: Visitor) -> None:
    for path, page in every_page(as_root, gone).items():
        html = page.html.replace("q=s3cret", "").replace('value="s3cret"', "")
        assert ("s3cret" in html, "s4cret" in html) == (False, False), path
    assert "Hidden: Secret" in as_root.get(history(gone)).text


def test_masked_value_that_did_not_change_looks_like_one_that_did(book: Book, as_root: Visitor) -> None:
    for versions in ({"from": 1, "to": 2}, {"from": 2, "to": 3}):
        assert "Hidden: Secret, Updated at" in as_root.get(f"{history(book)}compare/", **versions).text


def test_method_of_the_admin_says_which_fields_are_shown(
    gone: Book, as_root: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def can_view(self: Any, request: Any, field: Any, obj: Any = None) -> bool:
        return field.name == "secret" and request.user.is_superuser and obj is None

    monkeypatch.setattr(BookAdmin, "can_view_history_field", can_view)
    page = as_root.get(history(gone))
    assert "s4cret" in page.html
    assert "First" not in page.html
    assert "Hidden: ID, Title" in page.text
    pages = every_page(Visitor(staff("nosy", "view_book", "add_book", "view_revision", "view_objectdelta")), gone)
    assert not any("s4cret" in page.html for page in pages.values())


def test_method_of_the_admin_says_whether_deleted_objects_are_shown(
    gone: Book, as_root: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BookAdmin, "can_view_deleted", lambda self, request: False)
    assert as_root.get(history(gone)).status == 302
    assert as_root.get(url(Book, "deleted")).status == 403
    assert "Second" not in as_root.get(url(ObjectDelta, "changelist")).main
    assert as_root.get(url(ObjectDelta, "change", deltas_of(Book, gone.pk).last().pk)).status == 302


@pytest.mark.parametrize("option", ["exclude", "fields", "fieldsets", "get_fields", "get_exclude"])
def test_options_of_the_admin_say_which_fields_are_shown(
    option: str, book: Book, as_root: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    values: dict[str, Any] = {
        "exclude": ("body",),
        "fields": ("title",),
        "fieldsets": ((None, {"fields": (("title", "author"),)}),),
        "get_fields": lambda self, request, obj=None: ["title"],
        "get_exclude": lambda self, request, obj=None: ["body"],
    }
    monkeypatch.setattr(BookAdmin, option, values[option])
    page = as_root.get(f"{history(book)}1/")
    assert "First" in page.html
    assert "Once upon a time." not in page.html
    assert "Body" in page.text.partition("Hidden:")[2]


def test_read_only_fields_and_those_of_the_list_are_shown(
    book: Book, as_root: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BookAdmin, "fields", ("title", "secret"), raising=False)
    monkeypatch.setattr(BookAdmin, "exclude", None)
    monkeypatch.setattr(BookAdmin, "readonly_fields", ("secret",))
    page = as_root.get(f"{history(book)}1/")
    assert "s3cret" in page.html
    # In list_display.
    assert "Novel" in page.text


def test_form_of_an_object_counts_not_that_for_adding_one(root: User, as_root: Visitor) -> None:
    with by(root):
        user = User.objects.create_user("ada", first_name="Ada")
    page = as_root.get(f"{history(user)}1/")
    assert "First name Ada" in page.text
    assert "Hidden: Password" in page.text


def test_password_is_masked_whatever_the_admin_shows(root: User, as_root: Visitor) -> None:
    with by(root):
        user = User.objects.create_user("ada", password="x")
    change(user, root, password="other$hash")
    assert "password" in {name for name in site.get_model_admin(User).get_fieldsets(None, user)[0][1]["fields"]}  # type: ignore[arg-type]
    for path in (
        history(user),
        f"{history(user)}1/",
        f"{history(user)}1/restore/",
        url(Revision, "change", last_revision().pk),
    ):
        page = as_root.get(path)
        assert page.status == 200
        assert ("md5$" in page.html, "other$hash" in page.html) == (False, False)


def test_value_of_a_field_that_was_renamed_is_that_of_the_field_of_today(
    book: Book, as_root: Visitor, settings: Any
) -> None:
    for delta in deltas_of(Book, book.pk):
        if delta.state is not None:
            delta.state["heading"] = delta.state.pop("title")
            delta.state["hint"] = delta.state.pop("secret")
            delta.save()
        delta.attribute_deltas.filter(field_name="title").update(field_name="heading")
        delta.attribute_deltas.filter(field_name="secret").update(field_name="hint")
    settings.REVY_RENAMES = {"library.Book.heading": "title", "library.Book.hint": "secret"}
    pages = [as_root.get(f"{history(book)}{path}") for path in ("", "1/", "compare/?from=1&to=3", "1/restore/")]
    pages.append(as_root.get(url(ObjectDelta, "change", deltas_of(Book, book.pk).last().pk)))
    for page in pages:
        assert "Title" in page.text
        assert "heading" not in page.text
        assert "Secret" in page.text.partition("Hidden:")[2]
        assert "s3cret" not in page.html


def test_value_of_a_field_that_is_gone_is_masked(book: Book, as_root: Visitor) -> None:
    delta = deltas_of(Book, book.pk).first()
    delta.state["shelf_mark"] = "secret place"
    delta.save()
    page = as_root.get(f"{history(book)}1/")
    assert "shelf_mark" in page.text.partition("Hidden:")[2]
    assert "secret place" not in page.html


def test_value_that_does_not_fit_its_field_any_more_is_shown_as_it_was_recorded(book: Book, as_root: Visitor) -> None:
    delta = deltas_of(Book, book.pk).first()
    delta.state |= {"price": "a lot", "is_lent": {"to": "<b>me</b>"}, "bought_at": "long ago"}
    delta.save()
    page = as_root.get(f"{history(book)}1/")
    assert ("a lot" in page.text, "long ago" in page.text, "<b>me" in page.html) == (True, True, False)
