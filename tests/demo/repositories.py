"""Git repositories with histories made up for the demo, written through `git fast-import`.

`python -m tests.demo.repositories PATH SEED COMMITS` makes a large one for `python -m demo --repo PATH`.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

REGULAR, EXECUTABLE, LINK, SUBMODULE = b"100644", b"100755", b"120000", b"160000"


class Blob(NamedTuple):
    content: bytes
    mode: bytes = REGULAR


Files = Mapping[bytes, Blob | None]

PATHS = [
    b"README.md", b"readme.md", b"docs/index.md", b"docs/deep/er/page.txt", b"a", b"a/b", b"a/b/c", b".hidden", b"%41",
    b"with space", b"tab\there", b"line\nbreak", b'"quoted"', b"back\\slash", b":colon", b"*", b"-dash", b"#hash?x=1&y",
    b"latin-\xe9.txt", "naïve café.md".encode(), "cafe\u0301".encode(), "café".encode(), "日本語/ページ".encode(),
    "🙂".encode(),
]  # fmt: skip
TEXTS = [
    b"", b"\n", b" \t ", b"no newline", b"unix\nlines\n", b"dos\r\nlines\r\n", b"mac\rlines\r", b"mixed\r\n\n\r",
    "\ufeffbyte order mark\n".encode(), "ünïcödé 🙂 \u2028 \u200d \uffff\n".encode(), b"\x01\x1b[31m\x7f\x0b\x0c\n",
    b'{"json": "\\u0000"}', b"'; DROP TABLE wiki_page; --", b"<script>{{ x }}</script>", b"long " * 50_000,
]  # fmt: skip
BINARIES = [b"\x00", b"text\x00text", b"\xff\xfe", b"latin-\xe9", b"\xed\xa0\x80", b"\x89PNG\r\n\x1a\n\x00"]
AUTHORS = [
    "Ada Lovelace <ada@example.org>", "Ada King <ADA@example.org>", "Ada Lovelace <other@example.org>", "admin <a@b>",
    "Łukasz Żółć <l@example.org>", "🙂 <smile@example.org>", " <nameless@example.org>", "Nobody <>", " <>",
    f"{'Long ' * 60}<long@example.org>", "張 三 <z@example.org>", "A.-_+@ <signs@example.org>",
]  # fmt: skip
MESSAGES = [
    "", "One line", "Subject\n\nBody\n\n\n", "\n\nleading lines\n", "dos\r\nlines\r\n", "ünïcödé 🙂",
    "commit 1\nAuthor: x", "x" * 10_000, "y" * 10_001, "é" * 12_345 + "\n", "%H %x00 {{ x }} \x1b[31m",
]  # fmt: skip


class RepositoryBuilder:
    """Collects commits; their parents are named by what `commit` returned for them."""

    def __init__(self, object_format: str = "sha1") -> None:
        self._object_format = object_format
        self._stream: list[bytes] = []
        self._mark = 0

    def commit(
        self,
        files: Files,
        message: str | bytes = "A change",
        author: str = "Ada <ada@example.org>",
        parents: tuple[int, ...] | None = None,
        encoding: str | None = None,
        branch: str = "main",
    ) -> int:
        """Add a commit, on top of the last one unless parents are given."""
        self._mark += 1
        if parents is None:
            parents = (self._mark - 1,) if self._mark > 1 else ()
        who = f"{author} {1_700_000_000 + self._mark} +0000\n".encode()
        lines = [f"commit refs/heads/{branch}\nmark :{self._mark}\nauthor ".encode(), who, b"committer ", who]
        if encoding:
            lines.append(f"encoding {encoding}\n".encode())
        lines.append(_data(message if isinstance(message, bytes) else message.encode()))
        lines += [f"{'merge' if at else 'from'} :{parent}\n".encode() for at, parent in enumerate(parents)]
        for path, blob in sorted(files.items(), key=lambda item: item[1] is not None):
            if blob is None:
                lines.append(b"D %s\n" % _quoted(path))
            elif blob.mode == SUBMODULE:
                commit = hashlib.new(self._object_format, blob.content).hexdigest().encode()
                lines.append(b"M %s %s %s\n" % (SUBMODULE, commit, _quoted(path)))
            else:
                lines.append(b"M %s inline %s\n%s" % (blob.mode, _quoted(path), _data(blob.content)))
        self._stream += [b"".join(lines), b"\n"]
        return self._mark

    def build(self, path: Path) -> Path:
        """Write the repository, a bare one whose HEAD is the branch `main`."""
        git("init", "--quiet", "--bare", f"--object-format={self._object_format}", "--initial-branch=main", str(path))
        git("-C", str(path), "fast-import", "--quiet", given=b"".join(self._stream))
        return path


def git(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["git", *arguments], input=given, capture_output=True, check=True).stdout


def random_history(seed: int, commits: int, object_format: str = "sha1") -> RepositoryBuilder:
    """Return a history of so many commits on its main line, with much of what git allows in it, as often as not."""
    choice = random.Random(seed)
    builder = RepositoryBuilder(object_format)
    main = builder.commit({})
    for _ in range(commits - 1):
        parents = (main,)
        for _ in range(choice.choice((0, 0, 0, 0, 1, 1, 2))):
            side = builder.commit(_random_files(choice), **_random_words(choice), parents=(main,), branch="side")
            parents += (side,)
        main = builder.commit(_random_files(choice), **_random_words(choice), parents=parents)
    return builder


def _random_files(choice: random.Random) -> dict[bytes, Blob | None]:
    files: dict[bytes, Blob | None] = {}
    for path in choice.sample(PATHS, choice.choice((0, 1, 1, 2, 3, 8))):
        if choice.random() < 0.25:
            files[path] = None
        elif choice.random() < 0.1:
            files[path] = Blob(choice.randbytes(20), SUBMODULE)
        else:
            mode = choice.choice((REGULAR, REGULAR, REGULAR, EXECUTABLE, LINK))
            content = choice.choice(BINARIES) if choice.random() < 0.2 else choice.choice(TEXTS)
            files[path] = Blob(content + (b"%d" % choice.randrange(3) if choice.random() < 0.5 else b""), mode)
    # A path cannot be a file and a folder at once.
    return {path: blob for path, blob in files.items() if not any(other.startswith(path + b"/") for other in files)}


def _random_words(choice: random.Random) -> dict[str, str]:
    return {"author": choice.choice(AUTHORS), "message": choice.choice(MESSAGES)}


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _quoted(path: bytes) -> bytes:
    return b'"' + path.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


if __name__ == "__main__":
    random_history(int(sys.argv[2]), int(sys.argv[3])).build(Path(sys.argv[1]))
