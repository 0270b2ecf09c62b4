"""From commits to mutations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from demo.client import Client
from demo.errors import ServerError
from demo.git import Blobs
from demo.history import Commit, File, commit_message
from demo.pages import PageChange, Pages

COMMIT: Final = """\
mutation Commit($write: [PageInput!]!, $delete: [String!]!, $message: String!) {
  commit(write: $write, delete: $delete, commitMessage: $message) { revisionId }
}"""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A commit that the wiki was told of: by whom, why, and which revision it made of it, if any."""

    commit: Commit
    username: str
    message: str
    changes: int
    revision_id: str | None

    @property
    def is_message_cut(self) -> bool:
        return not self.commit.message.startswith(self.message)


@dataclass(frozen=True, slots=True)
class Replay:
    """Sends one mutation a commit, each by a user who is logged in for the commit's author."""

    log_in: Callable[[str], Client]
    usernames: Mapping[str, str]
    blobs: Blobs
    pages: Pages

    def run(self, commits: Sequence[Commit], changed_files: Mapping[str, Sequence[File]]) -> Iterator[Replayed]:
        clients: dict[str, Client] = {}
        for commit in commits:
            username = self.usernames[commit.author.key]
            if username not in clients:
                clients[username] = self.log_in(username)
            changes = self.pages.apply(changed_files[commit.id])
            message = commit_message(commit.message)
            try:
                data = clients[username].execute(COMMIT, message=message, **self._arguments(changes))
            except ServerError as error:
                raise ServerError(f"Commit {commit.id} was not taken: {error}") from error
            yield Replayed(commit, username, message, len(changes), data["commit"]["revisionId"])

    def _arguments(self, changes: Sequence[PageChange]) -> dict[str, Any]:
        return {
            "write": [
                {"path": path, "mode": version.mode, "body": self.blobs.read_text(version.blob)}
                for path, version in changes
                if version is not None
            ],
            "delete": [path for path, version in changes if version is None],
        }
