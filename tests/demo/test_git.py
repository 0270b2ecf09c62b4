from collections.abc import Sequence
from pathlib import Path

import pytest

from demo.errors import RepositoryError
from demo.git import Repository
from demo.history import File
from demo.pages import Pages, Version, reason_to_leave_out
from tests.demo.repositories import BINARIES, EXECUTABLE, TEXTS, Blob, RepositoryBuilder, git, random_history


def read_changes(repository: Repository) -> list[Sequence[File]]:
    commits = repository.read_commits()
    changes = repository.read_changes(commits)
    return [changes[commit.id] for commit in commits]


def what_changed(files: Sequence[File]) -> dict[bytes, str | None]:
    return {file.path: None if file.blob is None else file.mode for file in files}


def test_repository_in_a_folder_without_one_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(RepositoryError, match=f"^{tmp_path} is not a git repository.$"):
        Repository(tmp_path)


def test_repository_in_a_folder_that_is_missing_raises(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="there is no such folder"):
        Repository(tmp_path / "missing")


def test_repository_without_commits_raises(tmp_path: Path) -> None:
    git("init", "--quiet", str(tmp_path))

    with pytest.raises(RepositoryError, match="without commits"):
        Repository(tmp_path)


def test_repository_on_a_machine_without_git_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RepositoryError, match="no git on this machine"):
        Repository(tmp_path)


def test_repository_that_only_contains_the_folder_raises_and_names_itself(tmp_path: Path) -> None:
    git("init", "--quiet", str(tmp_path))
    folder = tmp_path / "folder"
    folder.mkdir()

    with pytest.raises(RepositoryError, match=f"a folder inside of one: {tmp_path}"):
        Repository(folder)


def test_repository_by_default_is_the_one_around_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = RepositoryBuilder()
    builder.commit({b"folder/file": Blob(b"text")})
    checkout = tmp_path / "checkout"
    git("clone", "--quiet", str(builder.build(tmp_path / "bare")), str(checkout))
    monkeypatch.chdir(checkout / "folder")

    repository = Repository()

    assert str(repository) == str(checkout)
    assert [what_changed(files) for files in read_changes(repository)] == [{b"folder/file": "100644"}]


def test_repository_is_the_one_that_was_asked_for_even_inside_a_git_hook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = RepositoryBuilder()
    builder.commit({}, "asked for")
    asked = builder.build(tmp_path / "asked")
    git("init", "--quiet", str(tmp_path / "other"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))

    assert [commit.message for commit in Repository(asked).read_commits()] == ["asked for"]


def test_shallow_clone_starts_with_everything_there_is(tmp_path: Path) -> None:
    builder = RepositoryBuilder()
    builder.commit({b"old": Blob(b"text")})
    builder.commit({b"new": Blob(b"text")})
    source, clone = builder.build(tmp_path / "source"), tmp_path / "clone"
    git("clone", "--quiet", "--depth=1", source.as_uri(), str(clone))

    repository = Repository(clone)

    assert repository.is_shallow
    assert not Repository(source).is_shallow
    assert [what_changed(files) for files in read_changes(repository)] == [{b"old": "100644", b"new": "100644"}]


def test_commits_are_the_first_parents_oldest_first(tmp_path: Path) -> None:
    builder = RepositoryBuilder()
    root = builder.commit({}, "root")
    side = builder.commit({}, "side", parents=(root,), branch="side")
    main = builder.commit({}, "main", parents=(root,))
    builder.commit({}, "merge", parents=(main, side))

    commits = Repository(builder.build(tmp_path)).read_commits()

    assert [commit.message for commit in commits] == ["root", "main", "merge"]
    assert [commit.parent for commit in commits] == [None, commits[0].id, commits[1].id]


def test_changes_of_a_merge_are_what_it_brings_to_its_first_parent(tmp_path: Path) -> None:
    builder = RepositoryBuilder()
    root = builder.commit({b"kept": Blob(b"1"), b"gone": Blob(b"1")})
    side = builder.commit({b"brought": Blob(b"1"), b"gone": None}, parents=(root,), branch="side")
    main = builder.commit({b"main": Blob(b"1")}, parents=(root,))
    # The tree of a merge is its first parent's here, so what the other side did is said again.
    builder.commit({b"brought": Blob(b"1"), b"gone": None}, parents=(main, side))

    changes = read_changes(Repository(builder.build(tmp_path)))

    assert [what_changed(files) for files in changes] == [
        {b"kept": "100644", b"gone": "100644"},
        {b"main": "100644"},
        {b"brought": "100644", b"gone": None},
    ]


def test_changes_of_a_rename_are_a_file_that_goes_and_one_that_comes(tmp_path: Path) -> None:
    builder = RepositoryBuilder()
    builder.commit({b"old": Blob(b"the same text\n" * 10)})
    builder.commit({b"old": None, b"new": Blob(b"the same text\n" * 10)})
    path = builder.build(tmp_path)
    git("-C", str(path), "config", "diff.renames", "copies")

    assert what_changed(read_changes(Repository(path))[-1]) == {b"old": None, b"new": "100644"}


def test_changes_of_an_empty_commit_are_none(tmp_path: Path) -> None:
    builder = RepositoryBuilder()
    builder.commit({})
    builder.commit({b"f": Blob(b"")})
    builder.commit({})

    assert [len(files) for files in read_changes(Repository(builder.build(tmp_path)))] == [0, 1, 0]


def test_changes_of_a_mode_alone_are_told(tmp_path: Path) -> None:
    builder = RepositoryBuilder()
    builder.commit({b"f": Blob(b"text")})
    builder.commit({b"f": Blob(b"text", EXECUTABLE)})

    assert what_changed(read_changes(Repository(builder.build(tmp_path)))[-1]) == {b"f": "100755"}


def test_blobs_are_read_byte_for_byte_in_any_order(tmp_path: Path) -> None:
    contents = [*TEXTS, *BINARIES]
    builder = RepositoryBuilder()
    builder.commit({b"%d" % number: Blob(content) for number, content in enumerate(contents)})
    repository = Repository(builder.build(tmp_path))
    (files,) = read_changes(repository)

    with repository.open_blobs() as blobs:
        for file in reversed(files):
            assert blobs.read(str(file.blob)) == contents[int(file.path)]


def test_blob_that_is_missing_raises(tmp_path: Path) -> None:
    builder = RepositoryBuilder()
    builder.commit({})

    with (
        Repository(builder.build(tmp_path)).open_blobs() as blobs,
        pytest.raises(RepositoryError, match=f"no content for {'1' * 40}"),
    ):
        blobs.read("1" * 40)


@pytest.mark.parametrize(("seed", "object_format"), [(1, "sha1"), (2, "sha1"), (3, "sha256")])
def test_pages_after_each_commit_are_the_texts_of_its_tree(tmp_path: Path, seed: int, object_format: str) -> None:
    repository = Repository(random_history(seed, 40, object_format).build(tmp_path))
    commits = repository.read_commits()
    changes = repository.read_changes(commits)
    assert len(commits) == 40

    with repository.open_blobs() as blobs:
        pages = Pages(blobs.is_text)
        for commit in commits:
            pages.apply(changes[commit.id])

            assert pages.versions == {
                file.path.decode(): Version(file.mode, str(file.blob))
                for file in repository.read_tree(commit)
                if reason_to_leave_out(file, blobs.is_text) is None
            }
