from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from revy import Context
from tests.admin.app.models import Author, Book, Chapter, Draft, Paper, Tag
from tests.admin.world import Page, Visitor, by, change, history, staff, url
from tests.orm.history import ObjectDelta, counts

pytestmark = pytest.mark.django_db


def statements_of(visitor: Visitor, path: str, **query: Any) -> list[str]:
    """Return the statements that a page takes, without what depends on the session."""
    visitor.get(path, **query)
    with CaptureQueriesContext(connection) as captured:
        assert visitor.get(path, **query).status == 200
    return [str(each["sql"]) for each in captured]


def test_timeline_tells_who_changed_what_when_and_why(book: Book, as_root: Visitor) -> None:
    page = as_root.get(history(book))

    assert "3 versions" in page.text
    newest, sorted_in, created = page.main.split('<li value="')[1:]
    assert all(text in newest for text in ("Looked closer.", "First", "Second", "Novel", "Poems", "Ada", "Grace"))
    assert 'alt="True"' in newest
    assert "<time datetime=" in newest
    assert "title=" in newest
    assert f'<a href="{url(User, "change", User.objects.get(username="root").pk)}"><bdi>root</bdi></a>' in newest
    assert all(text in sorted_in for text in ("System", "Sorted it in.", "old"))
    assert all(text in created for text in ("Created", "Bought it.", "7 values"))


def test_timeline_tells_every_actor_and_description_of_a_change(book: Book, as_root: Visitor) -> None:
    ada = User.objects.create_user("ada")
    with (
        Context.via_actor(ada),
        Context.via_revision_description("Why of the revision."),
        Context.via_object_delta_description("Why of the object."),
    ):
        book.title = "Third"
        with Context.via_actor(book.author), Context.via_attribute_delta_description("Why of the attribute."):
            book.is_lent = False
        book.save()

    text = as_root.get(history(book)).text.partition("Compare version 3")[0]

    for told in ("ada , Grace", "Why of the revision.", "Why of the object.", "Grace : Why of the attribute."):
        assert told in text


def test_timeline_is_walked_to_the_end_and_back(book: Book, root: User, as_root: Visitor) -> None:
    for number in range(4, 46):
        change(book, root, title=f"Title {number}")
    page = as_root.get(history(book))
    walked, pages = versions(page), 1
    while (older := link(page, "next")) is not None:
        page = as_root.get(history(book) + older)
        walked, pages = walked + versions(page), pages + 1
    assert (walked, pages) == (list(range(45, 0, -1)), 3)
    assert versions(page) == [5, 4, 3, 2, 1]
    while (newer := link(page, "prev")) is not None:
        page = as_root.get(history(book) + newer)
    assert versions(page) == list(range(45, 25, -1))


def versions(page: Page) -> list[int]:
    return [int(version) for version in re.findall(r'<li value="(\d+)"', page.main)]


def link(page: Page, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]*)"', page.main)
    return None if found is None else found[1]


def test_timeline_takes_the_same_statements_for_every_length(root: User, as_root: Visitor) -> None:
    authors = [Author.objects.create(name=str(number)) for number in range(4)]
    ada = User.objects.create_user("ada")

    def write(book: Book, versions: range) -> None:
        for number in versions:
            actor = (root, ada, authors[number % 4], None)[number % 4]
            change(book, actor, str(number), title=str(number), author=authors[number % 4])

    with by(root):
        book = Book.objects.create(title="x")
    write(book, range(30))
    few = statements_of(as_root, history(book))
    middle = statements_of(as_root, history(book), before=25)
    write(book, range(30, 300))
    many = statements_of(as_root, history(book))

    assert len(few) == len(many) == len(middle), "\n\n".join(["\n".join(few), "\n".join(many), "\n".join(middle)])


def test_looking_at_pages_writes_nothing(book: Book, as_root: Visitor) -> None:
    before = counts(), LogEntry.objects.count()
    for path in ("", "1/", "1/restore/", "compare/"):
        assert as_root.get(history(book) + path).status == 200
    assert (counts(), LogEntry.objects.count()) == before


def test_values_of_any_kind_are_escaped_and_legible(root: User, as_root: Visitor) -> None:
    nasty = '"><script>alert(1)</script> & \u202e\u200f'
    author = Author.objects.create(name=nasty)
    with by(root, nasty):
        book = Book.objects.create(title="x", body="plain " * 20)
    with by(author, nasty):
        change(book, author, nasty, title=nasty, body=f"plain {nasty} " * 20, author=author, notes={nasty: [nasty]})
        book.tags.add(Tag.objects.create(name=nasty))

    for path in ("", "compare/?from=1&to=2", "2/", "1/restore/"):
        page = as_root.get(history(book) + path)
        assert "<script>alert" not in page.html
        assert "\u202e" not in page.main
        assert "[U+202E][U+200F]" in page.main


def test_object_without_history_says_so(as_root: Visitor) -> None:
    assert "Nothing is recorded of this object yet." in as_root.get(history(Author.objects.create(name="x"))).text


def test_object_of_untracked_model_says_so(as_root: Visitor, settings: Any) -> None:
    settings.REVY_EXCLUDED_MODELS = ["library.Author"]
    assert "are not recorded" in as_root.get(history(Author.objects.create(name="x"))).text


@pytest.mark.parametrize("before", ["", "-1", "0", "x", "\u0661", "9" * 30])
def test_timeline_before_what_is_no_version_is_the_newest(book: Book, as_root: Visitor, before: str) -> None:
    assert "Version 3" in as_root.get(history(book), before=before).text


def test_timeline_before_the_first_version_leads_back(book: Book, as_root: Visitor) -> None:
    assert "There are no older versions." in as_root.get(history(book), before=1).text


def test_history_needs_the_permission_to_view(book: Book) -> None:
    for visitor, status in ((Visitor(staff("viewer", "view_book")), 200), (Visitor(staff("nobody")), 403)):
        for path in ("", "1/", "compare/"):
            assert visitor.get(history(book) + path).status == status
    assert Visitor(None).get(history(book)).status == 302


def test_history_of_hidden_or_missing_objects_does_not_exist(root: User, as_root: Visitor) -> None:
    with by(root):
        own, other = (Draft.objects.create(owner=name, text="words") for name in ("root", "ada"))
    assert "words" in as_root.get(history(own)).text
    gone = other.pk
    for path in (history(other), history(other, pk=987654), history(other, pk="x")):
        assert as_root.get(path).status == 302
        assert as_root.get(f"{path}1/").status == 404
    other.delete()
    own_pk = own.pk
    with by(root):
        own.delete()
    # What is filtered may have hidden them, too.
    for pk in (gone, own_pk):
        assert as_root.get(history(other, pk=pk)).status == 302


def test_actor_that_may_not_be_seen_is_named_only_if_it_is_a_user(book: Book) -> None:
    change(book, Author.objects.create(name="Hidden Author"), title="x")
    page = Visitor(staff("viewer", "view_book")).get(history(book))
    assert "Somebody" in page.text
    assert "Hidden Author" not in page.html
    assert "root" in page.text
    assert url(User, "change", User.objects.get(username="root").pk) not in page.links()


def test_object_that_a_key_refers_to_is_named_only_to_who_may_view_it(book: Book) -> None:
    old, new = Author.objects.get(name="Ada"), Author.objects.get(name="Grace")
    page = Visitor(staff("viewer", "view_book")).get(history(book))
    assert (old.name in page.text, new.name in page.text) == (False, False)
    assert f"from {old.pk} to {new.pk}" in page.text
    page = Visitor(staff("reader", "view_book", "view_author")).get(history(book))
    assert "from Ada to Grace" in page.text
    assert url(Author, "change", old.pk) in page.links()


def test_text_of_an_object_that_takes_a_query_is_read_for_all_of_them(root: User, as_root: Visitor) -> None:
    books = [Book.objects.create(title=f"Book {number}") for number in range(8)]
    with by(root):
        chapters = [Chapter.objects.create(book=each, title="One") for each in books[:2]]
    path = url(Chapter, "deleted")
    with by(root):
        chapters[0].delete()
    few = statements_of(as_root, path)
    with by(root):
        for each in books[2:]:
            chapters.append(Chapter.objects.create(book=each, title="One"))
        for chapter in chapters[1:]:
            chapter.delete()
    many = statements_of(as_root, path)
    assert len(few) == len(many), "\n".join(["\n".join(few), "", "\n".join(many)])
    assert "One of Book 7" in as_root.get(path).text


def test_model_without_admin_shows_its_keys_only(root: User, as_root: Visitor) -> None:
    with by(root):
        Paper.objects.create(text="unseen")
    page = as_root.get(url(ObjectDelta, "change", ObjectDelta.objects.get().pk))
    assert "Hidden: ID, Text" in page.text
    assert "unseen" not in page.html
