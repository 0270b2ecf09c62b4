"""The read-only pages of revisions and changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from revy import Context
from revy.contrib.django.admin import lists
from tests.admin.app.models import Author, Book, Chapter, Draft, Paper, Tag
from tests.admin.site import site
from tests.admin.world import Visitor, by, change, content_type, last_revision, staff, url
from tests.orm.history import ObjectDelta, Revision, counts, deltas_of

pytestmark = pytest.mark.django_db
MODELS = [Revision, ObjectDelta]


def numbers(page: Any) -> list[str]:
    return re.findall(r">(r\d+)</a>", page.main)


@pytest.mark.parametrize("model", MODELS)
def test_history_is_written_by_nobody(model: Any, book: Book, as_root: Visitor) -> None:
    before = counts()
    pk = model.objects.first().pk
    model_admin = site.get_model_admin(model)
    request: Any = as_root.client.get(url(model, "changelist")).wsgi_request
    for name in ("add", "change", "delete"):
        assert getattr(model_admin, f"has_{name}_permission")(request) is False
    assert as_root.get(url(model, "add")).status == as_root.post(url(model, "add")).status == 403
    assert as_root.post(url(model, "change", pk), description="x").status == 403
    for method in (as_root.get, as_root.post):
        assert method(url(model, "delete", pk)).status == 403
    as_root.post(url(model, "changelist"), action="delete_selected", _selected_action=[pk], post="yes")
    assert counts() == before


def test_lists_tell_who_changed_what_when_and_why(book: Book, as_root: Visitor) -> None:
    page = as_root.get(url(Revision, "changelist"))
    assert numbers(page) == [f"r{revision.pk}" for revision in Revision.objects.order_by("-pk")]
    for told in ("Sorted it in.", "System", "Tag old, Book Second", "Bought it.", "Author Ada, Book Second"):
        assert told in re.sub(r" ,", ",", page.text)
    page = as_root.get(url(ObjectDelta, "changelist"))
    for told in ("Changed Book Second (s4cret) version 3 root Looked closer.", "Created Tag old version 1 System"):
        assert told in page.text


def test_pages_tell_what_changed(book: Book, as_root: Visitor) -> None:
    for model, pk in ((Revision, last_revision().pk), (ObjectDelta, deltas_of(Book, book.pk).last().pk)):
        page = as_root.get(url(model, "change", pk))
        assert "Title from First to Second" in page.text
        assert "Hidden: Secret" in page.text
        assert as_root.get(url(model, "history", pk)).response["Location"] == url(model, "change", pk)
        assert as_root.get(url(model, "change", 987654)).status == 302


def test_revision_is_walked_to_the_end(as_root: Visitor, root: User) -> None:
    with by(root):
        for number in range(45):
            Author.objects.create(name=f"Author {number:02}")
    path = url(Revision, "change", last_revision().pk)
    page, names = as_root.get(path), []
    while True:
        names += re.findall(r"<bdi>(Author \d\d)</bdi></a></h2>", page.main)
        following = re.search(r'rel="next" href="([^"]*)"', page.main)
        if following is None:
            break
        page = as_root.get(path + following[1])
    assert names == [f"Author {number:02}" for number in range(45)]


@pytest.mark.parametrize("model", MODELS)
def test_list_takes_the_same_statements_for_every_length(model: Any, root: User, as_root: Visitor) -> None:
    ada, path = User.objects.create_user("ada"), url(model, "changelist")

    def write(numbers: range) -> None:
        for number in numbers:
            author = Author.objects.create(name=str(number))
            with Context.via_actor((root, ada, author, None)[number % 4]):
                book = Book.objects.create(title=str(number), author=author)
                chapter = Chapter.objects.create(book=book, title="x")
                if number % 2:
                    chapter.delete()

    def statements() -> list[str]:
        as_root.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert as_root.get(path).status == 200
        return [str(each["sql"]) for each in captured]

    write(range(8))
    few = statements()
    write(range(8, 60))
    many = statements()
    assert len(few) == len(many), "\n".join([*few, "", *many])
    # Nothing is counted to the end.
    assert all("LIMIT" in sql for sql in many if "COUNT(" in sql), many


@pytest.mark.parametrize("model", MODELS)
def test_list_goes_on_behind_what_is_counted(
    model: Any, root: User, as_root: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST_COUNTED", 4)
    monkeypatch.setattr(lists.ReadOnlyAdmin, "list_per_page", 2)
    for number in range(9):
        with by(root):
            Tag.objects.create(name=str(number))
    keys = list(model.objects.order_by("-pk").values_list("pk", flat=True))
    page = as_root.get(url(model, "changelist"), p=2)
    assert "Only the newest 4 are counted." in page.text
    older = next(link for link in page.links() if "id__lt" in link)
    assert older == f"?id__lt={keys[3]}"
    page = as_root.get(url(model, "changelist") + older)
    first = next(link for link in page.links() if "/change/" in link)
    assert first.startswith(url(model, "change", keys[4]))


def test_lists_show_no_model_that_the_viewer_may_not_view(book: Book) -> None:
    with by(None, "A paper."):
        Paper.objects.create(text="x")
    viewer = Visitor(staff("viewer", "view_book", "view_revision", "view_objectdelta"))
    text = viewer.get(url(ObjectDelta, "changelist")).text
    assert ("Book" in text, "Author" in text, "Tag" in text, "Paper" in text) == (True, False, False, False)
    page = viewer.get(url(Revision, "changelist"))
    assert "A paper." not in page.text
    assert len(numbers(page)) == 3
    paper, hidden = (
        ObjectDelta.objects.get(content_type=content_type(Paper)),
        deltas_of(Author, Author.objects.get(name="Ada").pk).get(),
    )
    for delta in (paper, hidden):
        assert viewer.get(url(ObjectDelta, "change", delta.pk)).status == 302
    assert viewer.get(url(Revision, "change", paper.revision_id)).status == 302
    assert "Ada" not in viewer.get(url(Revision, "change", Revision.objects.order_by("pk")[0].pk)).html


def test_lists_show_no_object_that_the_admin_does_not(root: User, as_root: Visitor) -> None:
    with by(root, "Of both."):
        own, other = (Draft.objects.create(owner=name, text=f"of {name}") for name in ("root", "ada"))
    change(other, None, "Of the other.", text="secret text")
    page = as_root.get(url(ObjectDelta, "changelist"))
    assert "of root" in page.text
    assert "Of the other." not in page.text
    with by(root):
        own.delete()
    assert "Draft" not in as_root.get(url(ObjectDelta, "changelist")).text.partition("Filter")[0]


def test_object_that_the_admin_refuses_to_show_is_hidden(
    book: Book, as_root: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    model_admin = type(site.get_model_admin(Book))
    monkeypatch.setattr(model_admin, "has_view_or_change_permission", lambda self, request, obj=None: obj is None)
    page = as_root.get(url(ObjectDelta, "changelist"))
    assert ("Second" in page.text, "Looked closer." in page.text) == (False, False)
    assert as_root.get(url(ObjectDelta, "change", deltas_of(Book, book.pk).last().pk)).status == 302
    assert "Second" not in as_root.get(url(Revision, "change", last_revision().pk)).main


def test_lists_need_their_own_permission(book: Book) -> None:
    visitor = Visitor(staff("viewer", "view_book"))
    for model in MODELS:
        assert visitor.get(url(model, "changelist")).status == 403
        assert visitor.get(url(model, "change", model.objects.first().pk)).status == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"actor": "system"}, ["Sorted it in."]),
        ({"actor": "me"}, ["Looked closer.", "Bought it."]),
        ({"actor": "nonsense"}, []),
        ({"actor": "1-\x00"}, []),
        ({"actor": "999999999-1"}, []),
        ({"model": "library.tag"}, ["Sorted it in."]),
        ({"model": "library.nothing"}, []),
        ({"action": "C", "model": "library.book"}, ["Bought it."]),
        ({"action": "X"}, []),
        ({"q": "closer"}, ["Looked closer."]),
        ({"q": "nothing"}, []),
        ({"created_at__gte": "2020-01-01 00:00:00+00:00", "created_at__lt": "2021-01-01 00:00:00+00:00"}, []),
    ],
)
def test_lists_are_filtered_and_searched(book: Book, as_root: Visitor, query: dict[str, str], found: list[str]) -> None:
    texts = ["Looked closer.", "Sorted it in.", "Bought it."]
    deltas = as_root.get(url(ObjectDelta, "changelist"), **query).text
    assert [text for text in texts if text in deltas] == found
    if set(query) != {"action", "model"}:
        revisions = as_root.get(url(Revision, "changelist"), **query).text
        assert [text for text in texts if text in revisions] == found


def test_lists_are_filtered_by_the_actor_that_is_followed(book: Book, as_root: Visitor) -> None:
    change(book, Author.objects.get(name="Ada"), "By Ada.", title="x")
    page = as_root.get(url(ObjectDelta, "changelist"))
    link = next(link for link in page.links() if link.startswith("?actor=") and "Ada" in page.html.split(link)[1][:30])
    shown = as_root.get(url(ObjectDelta, "changelist") + link).text
    assert ("By Ada." in shown, "Looked closer." in shown) == (True, False)
    blind = Visitor(staff("blind", "view_book", "view_objectdelta"))
    assert "By Ada." in blind.get(url(ObjectDelta, "changelist")).text
    assert "By Ada." not in blind.get(url(ObjectDelta, "changelist") + link).text


def test_lists_are_searched_by_the_key_of_an_object(book: Book, as_root: Visitor) -> None:
    with by(None, "Only this."):
        Book.objects.create(pk=4711, title="x")
    for model in MODELS:
        shown = as_root.get(url(model, "changelist"), q="4711").text
        assert ("Only this." in shown, "Created Tag" in shown) == (True, False)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "lookup",
    ["state__secret", "object_deltas__state__secret", "attribute_deltas__new_value", "description__regex", "o"],
)
def test_lists_cannot_be_asked_for_what_is_masked(model: Any, lookup: str, book: Book, as_root: Visitor) -> None:
    everything = as_root.get(url(model, "changelist")).text
    page = as_root.get(url(model, "changelist"), **{lookup: "1"})
    assert page.status == 400 if lookup != "o" else page.text == everything
