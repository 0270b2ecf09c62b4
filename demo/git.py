"""A git repository, read through git's plumbing commands."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO, Final, cast

from demo.errors import RepositoryError
from demo.history import LOG_FORMAT, Commit, File, parse_changes, parse_commits, parse_tree
from demo.pages import read_text

# Set where git runs us, in a hook for example; they would make it look at another repository than the one we name.
_REDIRECTIONS: Final = (
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_WORK_TREE",
)


class GitError(RepositoryError):
    """A command that git did not carry out, and what it said."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"git {command} failed: {reason}")
        self.reason = reason


class Repository:
    """The repository at a path, checked to be one that has commits. Raises RepositoryError.

    Without a path, the repository that the working directory is in.
    """

    def __init__(self, path: Path | None = None) -> None:
        asked = Path() if path is None else path
        if not asked.is_dir():
            raise RepositoryError(f"{asked} is not a git repository: there is no such folder.")
        self._path = asked.resolve()
        try:
            is_bare = self._ask("rev-parse", "--is-bare-repository") == "true"
            top = self._path if is_bare else Path(self._ask("rev-parse", "--show-toplevel"))
        except GitError as error:
            reason = "" if "not a git repository" in error.reason else f" git says: {error.reason}"
            raise RepositoryError(f"{self._path} is not a git repository.{reason}") from error
        if path is not None and not top.samefile(self._path):
            raise RepositoryError(f"{self._path} is not a git repository, but a folder inside of one: {top}")
        self._path = top
        try:
            self._head = self._ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except GitError as error:
            raise RepositoryError(f"{self._path} is a git repository without commits: it has no history.") from error

    def __str__(self) -> str:
        return str(self._path)

    @property
    def is_shallow(self) -> bool:
        return self._ask("rev-parse", "--is-shallow-repository") == "true"

    def read_commits(self) -> list[Commit]:
        """Return the first-parent history, oldest first."""
        options = ("-z", "--first-parent", "--reverse", "--encoding=UTF-8", "--no-show-signature", "--no-patch")
        return parse_commits(self._run("log", *options, f"--format={LOG_FORMAT}", self._head))

    def read_changes(self, commits: Iterable[Commit]) -> Mapping[str, list[File]]:
        """Return for each commit the files that differ from its first parent, or from nothing."""
        options = ("-z", "-r", "--raw", "--root", "--always", "--no-renames", "--ignore-submodules=none", "--no-abbrev")
        pairs = "".join(f"{commit.id} {commit.parent or ''}".rstrip() + "\n" for commit in commits)
        return parse_changes(self._run("diff-tree", "--stdin", *options, given=pairs.encode()))

    def read_tree(self, commit: Commit) -> Iterator[File]:
        """Yield every file of the commit."""
        return parse_tree(self._run("ls-tree", "-r", "-z", "--full-tree", commit.id))

    @contextmanager
    def open_blobs(self) -> Iterator[Blobs]:
        """Give the contents of files, from one git process that runs until the block ends."""
        command = self._command("cat-file", "--batch")
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()) as process:
            yield Blobs(cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout))

    def _command(self, *arguments: str) -> list[str]:
        return ["git", "-C", str(self._path), *arguments]

    def _run(self, *arguments: str, given: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                self._command(*arguments), input=given, env=_environment(), capture_output=True, check=True
            )
        except FileNotFoundError as error:
            raise RepositoryError("The demo reads a git repository, but there is no git on this machine.") from error
        except subprocess.CalledProcessError as error:
            raise GitError(arguments[0], error.stderr.decode(errors="replace").strip()) from error
        return done.stdout

    def _ask(self, *arguments: str) -> str:
        return os.fsdecode(self._run(*arguments)).removesuffix("\n")


class Blobs:
    """The contents of files, by the id of their blob."""

    def __init__(self, questions: IO[bytes], answers: IO[bytes]) -> None:
        self._questions = questions
        self._answers = answers
        self.is_text = cache(self._is_text)

    def read(self, blob: str) -> bytes:
        self._questions.write(f"{blob}\n".encode())
        self._questions.flush()
        header = self._answers.readline().split()
        if len(header) != len(("id", "type", "size")):
            raise RepositoryError(f"git has no content for {blob}: {b' '.join(header).decode(errors='replace')}")
        size = int(header[-1])
        return self._answers.read(size + len(b"\n"))[:size]

    def read_text(self, blob: str) -> str:
        text = read_text(self.read(blob))
        if text is None:
            raise RepositoryError(f"{blob} is binary.")
        return text

    def _is_text(self, blob: str) -> bool:
        return read_text(self.read(blob)) is not None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _REDIRECTIONS}
    # In the language that we look for words in.
    return {**kept, "LC_ALL": "C"}
