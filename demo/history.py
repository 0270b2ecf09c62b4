"""What git prints about a history, read into commits and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

# The format of `git log -z` that `parse_commits` reads.
LOG_FORMAT: Final = "tformat:%H%x00%P%x00%an%x00%ae%x00%B"
_LOG_FIELDS: Final = 5
_NO_MODE: Final = b"000000"

# As the mutations of revy_graphql have it.
MESSAGE_LIMIT: Final = 10_000


class Author(NamedTuple):
    name: str
    email: str

    @property
    def key(self) -> str:
        """What tells authors apart: one address is one person, whatever name was configured at the time."""
        return (self.email or self.name).casefold()


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    parent: str | None
    author: Author
    message: str


@dataclass(frozen=True, slots=True)
class File:
    """A path at a commit; without blob if there is nothing (any more)."""

    path: bytes
    mode: str
    blob: str | None


def commit_message(message: str) -> str:
    """Return the message without the newlines at its end, cut with a note where it is too long for a mutation."""
    message = message.rstrip("\n")
    if len(message) <= MESSAGE_LIMIT:
        return message
    note = f"\n[cut: this message has {len(message):,} characters]"
    return message[: MESSAGE_LIMIT - len(note)] + note


def parse_commits(output: bytes) -> list[Commit]:
    """Read what `git log -z --format=LOG_FORMAT` printed."""
    fields = [part.decode(errors="replace") for part in output.split(b"\0")[:-1]]
    rows = zip(*[iter(fields)] * _LOG_FIELDS, strict=True)
    return [
        Commit(commit, parents.partition(" ")[0] or None, Author(name, email), message)
        for commit, parents, name, email, message in rows
    ]


def parse_changes(output: bytes) -> Mapping[str, list[File]]:
    """Read what `git diff-tree --stdin -z --raw --always` printed: the changed files of each commit."""
    changes: dict[str, list[File]] = {}
    parts = iter(output.split(b"\0")[:-1])
    files: list[File] = []
    for part in parts:
        if part.startswith(b":"):
            _old_mode, mode, _old_blob, blob, _status = part[1:].split(b" ")
            files.append(File(next(parts), mode.decode(), None if mode == _NO_MODE else blob.decode()))
        else:
            files = changes[part.decode()] = []
    return changes


def parse_tree(output: bytes) -> Iterator[File]:
    """Read what `git ls-tree -r -z` printed."""
    for line in output.split(b"\0")[:-1]:
        about, _, path = line.partition(b"\t")
        mode, _kind, blob = about.decode().split(" ")
        yield File(path, mode, blob)
