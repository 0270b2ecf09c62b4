import pytest
from django.contrib.auth.validators import UnicodeUsernameValidator

from demo.accounts import VISITOR, name_accounts
from demo.history import Author


def username_of(name: str, email: str = "someone@example.org") -> str:
    author = Author(name, email)
    return name_accounts([author])[author.key]


@pytest.mark.parametrize(
    ("name", "email", "expected"),
    [
        ("Ada Lovelace", "ada@example.org", "ada-lovelace"),
        ("Łukasz Żółć", "l@example.org", "łukasz-żółć"),
        ("🙂", "smile@example.org", "smile"),
        ("", "nameless@example.org", "nameless"),
        ("🙂", "", "author"),
        ("ﬁne", "", "fine"),
    ],
)
def test_username_comes_from_the_name_or_else_from_the_address(name: str, email: str, expected: str) -> None:
    assert username_of(name, email) == expected


@pytest.mark.parametrize("name", ["A B\tC\nD", "<b>", "a" * 400, "é" * 400, "ẞ.-_+@", "İ", "\x00", "ℋ"])
def test_username_of_any_name_is_one_that_django_takes(name: str) -> None:
    username = username_of(name)

    UnicodeUsernameValidator()(username)
    assert len(username) <= 150


def test_accounts_of_one_address_under_two_names_are_one() -> None:
    authors = [Author("Ada Lovelace", "ada@example.org"), Author("Ada King", "ADA@example.org")]

    assert name_accounts(authors) == {"ada@example.org": "ada-lovelace"}


def test_accounts_of_one_name_at_two_addresses_have_two_usernames() -> None:
    authors = [Author("Ada", "one@example.org"), Author("Ada", "two@example.org"), Author("ada", "three@example.org")]

    assert list(name_accounts(authors).values()) == ["ada", "ada-2", "ada-3"]


def test_accounts_leave_the_name_of_the_visitor_alone() -> None:
    assert username_of(VISITOR.title()) == f"{VISITOR}-2"


def test_accounts_without_an_address_are_told_apart_by_name() -> None:
    assert list(name_accounts([Author("A", ""), Author("B", ""), Author("a", "")]).values()) == ["a", "b"]
