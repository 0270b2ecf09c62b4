from pathlib import Path

import pytest

from demo.git import Repository
from demo.history import MESSAGE_LIMIT, Author, commit_message
from revy_graphql.message import MAX_LENGTH
from tests.demo.repositories import AUTHORS, RepositoryBuilder


def read_message(path: Path, message: str | bytes, encoding: str | None = None) -> str:
    builder = RepositoryBuilder()
    builder.commit({}, message, encoding=encoding)
    (commit,) = Repository(builder.build(path)).read_commits()
    return commit_message(commit.message)


@pytest.mark.parametrize(
    "message",
    ["", "One line", "Subject\n\nBody", "dos\r\nlines\r", "ünïcödé 🙂", "%H %x00 \x1b[31m", "commit 1\nAuthor: x"],
)
def test_commit_message_is_the_one_of_the_commit(tmp_path: Path, message: str) -> None:
    assert read_message(tmp_path, message) == message


def test_commit_message_loses_the_newlines_at_its_end(tmp_path: Path) -> None:
    assert read_message(tmp_path, "Subject\n\n\n") == "Subject"


def test_commit_message_in_another_encoding_is_decoded(tmp_path: Path) -> None:
    assert read_message(tmp_path, "Grüße".encode("latin-1"), encoding="ISO-8859-1") == "Grüße"


def test_commit_message_that_cannot_be_decoded_shows_where(tmp_path: Path) -> None:
    assert read_message(tmp_path, b"Gr\xfc\xdfe") == "Gr\ufffd\ufffde"


def test_commit_message_of_the_limit_is_kept_whole() -> None:
    assert commit_message("é" * MESSAGE_LIMIT) == "é" * MESSAGE_LIMIT


def test_commit_message_over_the_limit_is_cut_and_says_so() -> None:
    message = commit_message("é" * 12_345)

    assert len(message) == MESSAGE_LIMIT
    assert message.endswith("é\n[cut: this message has 12,345 characters]")


def test_message_limit_is_that_of_the_mutations() -> None:
    assert MESSAGE_LIMIT == MAX_LENGTH


def test_commits_have_the_authors_they_were_made_by(tmp_path: Path) -> None:
    builder = RepositoryBuilder()
    for author in AUTHORS:
        builder.commit({}, author=author)

    authors = [commit.author for commit in Repository(builder.build(tmp_path)).read_commits()]

    expected = [author.removesuffix(">").split("<") for author in AUTHORS]
    assert authors == [Author(name.strip(), email) for name, email in expected]
