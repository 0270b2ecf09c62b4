"""Which files of a repository are pages of the wiki."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, NamedTuple

from demo.history import File

_SUBMODULE: Final = "160000"

IsText = Callable[[str], bool]


class Version(NamedTuple):
    """What a page is at a commit."""

    mode: str
    blob: str


class PageChange(NamedTuple):
    """A page that a commit creates, changes, or, where `version` is None, deletes."""

    path: str
    version: Version | None


class LeftOut(Enum):
    """Why a file does not become a page."""

    BINARY = "binary file"
    SUBMODULE = "submodule"
    NAME = "undecodable file name"


@dataclass(slots=True)
class Pages:
    """The pages of the wiki as they should be at a commit, and the paths that were left out so far."""

    is_text: IsText
    versions: dict[str, Version] = field(default_factory=dict)
    left_out: dict[LeftOut, set[bytes]] = field(default_factory=lambda: {reason: set() for reason in LeftOut})

    def apply(self, files: Iterable[File]) -> list[PageChange]:
        """Bring the pages to the next commit, which changed these files; return what that changed."""
        return [change for file in files if (change := self._apply(file)) is not None]

    def _apply(self, file: File) -> PageChange | None:
        reason = reason_to_leave_out(file, self.is_text)
        if reason is not None:
            self.left_out[reason].add(file.path)
        if reason is LeftOut.NAME:
            return None
        path = file.path.decode()
        version = None if reason is not None or file.blob is None else Version(file.mode, file.blob)
        if version == self.versions.get(path):
            return None
        if version is None:
            del self.versions[path]
        else:
            self.versions[path] = version
        return PageChange(path, version)


def reason_to_leave_out(file: File, is_text: IsText) -> LeftOut | None:
    try:
        file.path.decode()
    except UnicodeDecodeError:
        return LeftOut.NAME
    if file.blob is None:
        return None
    if file.mode == _SUBMODULE:
        return LeftOut.SUBMODULE
    return None if is_text(file.blob) else LeftOut.BINARY


def read_text(content: bytes) -> str | None:
    """Return the text of a file, byte for byte, or None if it is binary: not UTF-8, or with a NUL in it."""
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def blob_id(text: str, like: str) -> str:
    """Return the id that git gives to a file of this text, in the kind of hash that the id `like` is."""
    content = text.encode()
    algorithm = "sha1" if len(like) == len(hashlib.sha1(usedforsecurity=False).hexdigest()) else "sha256"
    return hashlib.new(algorithm, b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
