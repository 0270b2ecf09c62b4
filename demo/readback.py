"""The history as the API tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from demo.client import Client
from demo.replay import Replayed

_LETTERS_SHOWN: Final = 40

LOG: Final = """\
query Log($after: String) {
  revisions(first: 100, after: $after) {
    edges { node { id description actors { display } } }
    pageInfo { hasNextPage endCursor }
  }
}"""


class LogEntry(NamedTuple):
    revision_id: str
    message: str
    usernames: list[str]

    def __str__(self) -> str:
        return f"{self.revision_id} {self.message[:_LETTERS_SHOWN]!r} by {', '.join(map(str, self.usernames))}"


def read_log(client: Client) -> Iterator[LogEntry]:
    """Yield every revision that the user may see, newest first, page by page."""
    after, has_more = None, True
    while has_more:
        page = client.execute(LOG, after=after)["revisions"]
        for edge in page["edges"]:
            node = edge["node"]
            yield LogEntry(node["id"], node["description"], [actor["display"] for actor in node["actors"]])
        after, has_more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]


def compare_log(client: Client, replayed: Sequence[Replayed]) -> list[str]:
    """Return where the revisions that the API tells of are others than those that the commits made."""
    made = (
        LogEntry(entry.revision_id, entry.message, [entry.username])
        for entry in reversed(replayed)
        if entry.revision_id is not None
    )
    return [_difference(told, expected) for told, expected in zip_longest(read_log(client), made) if told != expected]


def _difference(told: LogEntry | None, expected: LogEntry | None) -> str:
    if told is None:
        return f"the API does not tell of {expected}"
    if expected is None:
        return f"the API tells of {told}, which no commit made"
    names = [name for name in LogEntry._fields if getattr(told, name) != getattr(expected, name)]
    return f"the API tells of {told} with another {' and '.join(names)}"
