from pathlib import Path

import pytest

from demo.history import File
from demo.pages import LeftOut, PageChange, Pages, Version, blob_id, read_text
from tests.demo.repositories import BINARIES, TEXTS, git

TEXT, OTHER_TEXT, BINARY = "1" * 40, "2" * 40, "3" * 40
NOTHING = File(b"f", "000000", None)
REGULAR = File(b"f", "100644", TEXT)
EXECUTABLE = File(b"f", "100755", TEXT)
LINK = File(b"f", "120000", OTHER_TEXT)
BINARY_FILE = File(b"f", "100644", BINARY)
SUBMODULE = File(b"f", "160000", OTHER_TEXT)


def make_pages() -> Pages:
    return Pages(lambda blob: blob != BINARY)


@pytest.mark.parametrize("after", [REGULAR, EXECUTABLE, LINK])
@pytest.mark.parametrize("before", [NOTHING, BINARY_FILE, SUBMODULE])
def test_pages_where_a_text_appears_gain_a_page(before: File, after: File) -> None:
    pages = make_pages()
    pages.apply([before])

    assert pages.apply([after]) == [PageChange("f", Version(after.mode, str(after.blob)))]
    assert list(pages.versions) == ["f"]


@pytest.mark.parametrize("after", [NOTHING, BINARY_FILE, SUBMODULE])
@pytest.mark.parametrize("before", [REGULAR, EXECUTABLE, LINK])
def test_pages_whose_text_goes_away_lose_the_page(before: File, after: File) -> None:
    pages = make_pages()
    pages.apply([before])

    assert pages.apply([after]) == [PageChange("f", None)]
    assert pages.versions == {}


@pytest.mark.parametrize("after", [EXECUTABLE, LINK])
def test_pages_whose_kind_changes_are_changed(after: File) -> None:
    pages = make_pages()
    pages.apply([REGULAR])

    assert pages.apply([after]) == [PageChange("f", Version(after.mode, str(after.blob)))]


@pytest.mark.parametrize("after", [NOTHING, BINARY_FILE, SUBMODULE])
@pytest.mark.parametrize("before", [NOTHING, BINARY_FILE, SUBMODULE])
def test_pages_where_no_text_was_or_is_stay_as_they_are(before: File, after: File) -> None:
    pages = make_pages()
    pages.apply([before])

    assert pages.apply([after]) == []


def test_pages_count_each_path_left_out_once_by_its_reason() -> None:
    pages = make_pages()
    for _ in range(2):
        pages.apply([BINARY_FILE, File(b"sub", "160000", TEXT), File(b"\xe9", "100644", TEXT), REGULAR])

    assert pages.left_out == {LeftOut.BINARY: {b"f"}, LeftOut.SUBMODULE: {b"sub"}, LeftOut.NAME: {b"\xe9"}}


@pytest.mark.parametrize("content", TEXTS)
def test_text_is_kept_byte_for_byte(content: bytes) -> None:
    text = read_text(content)

    assert text is not None
    assert text.encode() == content


@pytest.mark.parametrize("content", BINARIES)
def test_text_of_a_binary_file_is_none(content: bytes) -> None:
    assert read_text(content) is None


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_blob_id_is_what_git_calls_the_file(tmp_path: Path, object_format: str) -> None:
    git("init", "--quiet", f"--object-format={object_format}", str(tmp_path))
    text = "ünïcödé\r\n"

    named_by_git = git("-C", str(tmp_path), "hash-object", "--stdin", given=text.encode()).decode().strip()

    assert blob_id(text, like=named_by_git) == named_by_git
