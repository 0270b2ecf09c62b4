"""One client: a user who reads, writes, deletes and restores, and remembers what they did."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from demo.load.documents import COMMIT, DIFF, HISTORY, OWN_CHANGES, PAGES, RESTORE
from demo.load.session import Session

_MOST_PAGES: Final = 4
_WANTED_BY_ALL: Final = 4
_MOST_RETRIES: Final = 20
_SECONDS_TO_GIVE_WAY: Final = 0.5
_OLDEST_VERSIONS: Final = 3


@dataclass(slots=True)
class Record:
    """What came of a client's requests: how long each took, what went wrong, and what was written with which message.

    `answers` counts what a restore may be answered with that is no failure, and what had to be tried again.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    written: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """An answer with errors, which are in the client's record."""


class LoadClient:
    def __init__(self, session: Session, username: str, user_id: str, pages: Mapping[str, str], seed: int) -> None:
        self.record = Record()
        self.username = username
        self._session = session
        self._user_id = user_id
        self._paths = list(pages)
        self._ids = list(pages.values())
        self._choice = random.Random(seed)
        self._own_paths: list[str] = []
        self._number = 0

    def run(self, until: float) -> None:
        """Do one thing after the other until that time of the monotonic clock."""
        deeds: list[Callable[[], None]] = [
            self._list_pages, self._read_history, self._read_own_changes, self._compare, self._write, self._create,
            self._delete, self._restore,
        ]  # fmt: skip
        while time.monotonic() < until:
            (deed,) = self._choice.choices(deeds, weights=(15, 25, 10, 10, 25, 3, 2, 10))
            try:
                deed()
            except Refused:
                continue
            except OSError as error:
                self.record.errors.append(f"{self.username}: {error!r}")
        self._session.close()

    def _list_pages(self) -> None:
        self._ask("list", PAGES, search=f"page-{self._choice.randrange(10)}")

    def _read_history(self) -> None:
        page_id, after = self._choice.choice(self._ids), None
        for _ in range(2):
            info = self._ask("history", HISTORY, id=page_id, after=after)["revisions"]["pageInfo"]
            if not info["hasNextPage"]:
                break
            after = info["endCursor"]

    def _read_own_changes(self) -> None:
        """Read what the API says that this user did; it must be what they did."""
        edges = self._ask("own changes", OWN_CHANGES, user=self._user_id)["revisions"]["edges"]
        for node in (edge["node"] for edge in edges):
            # What was there before the run has no name in its message.
            told = node["description"], [actor["display"] for actor in node["actors"]]
            sent = self.record.written.get(node["id"], told[0] if not told[0].startswith("by ") else None)
            if told != (sent, [self.username]):
                self.record.errors.append(f"{self.username} is told of {told}, but sent {sent!r}")

    def _compare(self) -> None:
        self._ask("diff", DIFF, id=self._choice.choice(self._ids))

    def _write(self) -> None:
        # Now and then a few that all want, and in any order, so that writers stand in each other's way.
        (wanted,) = self._choice.choices((self._paths, self._paths[:_WANTED_BY_ALL]), weights=(9, 1))
        paths = self._choice.sample(wanted, self._choice.randint(1, _MOST_PAGES))
        self._commit("write", write=[{"path": path, "body": self._new_body()} for path in paths], delete=[])

    def _create(self) -> None:
        path = f"own/{self.username}/{self._number}.md"
        self._commit("create", write=[{"path": path, "body": self._new_body()}], delete=[])
        self._own_paths.append(path)

    def _delete(self) -> None:
        if self._own_paths:
            self._commit("delete", write=[], delete=[self._own_paths.pop()])

    def _restore(self) -> None:
        page_id, message = self._choice.choice(self._ids), self._new_message()
        expected = None
        if self._choice.choice((True, False)):
            expected = self._ask("diff", DIFF, id=page_id)["diff"]["to"]["version"]
        version = self._choice.randint(1, _OLDEST_VERSIONS)
        payload = self._ask("restore", RESTORE, id=page_id, version=version, expected=expected, message=message)
        restored = payload["restoreObject"]
        for error in restored["errors"]:
            self.record.answers[error["code"]] += 1
            # A page may have fewer versions than that, and somebody else may have been faster.
            if error["code"] not in ("CONFLICT", "NOT_FOUND"):
                self.record.errors.append(f"{self.username}: restore: {error}")
        if restored["revision"]:
            self.record.written[restored["revision"]["id"]] = message

    def _commit(self, kind: str, **pages: Any) -> None:
        message = self._new_message()
        revision_id = self._ask(kind, COMMIT, **pages, message=message)["commit"]["revisionId"]
        if revision_id is None:
            self.record.errors.append(f"{self.username}: {kind}: nothing was recorded of {message!r}")
        else:
            self.record.written[revision_id] = message

    def _ask(self, kind: str, document: str, **variables: Any) -> dict[str, Any]:
        for _ in range(_MOST_RETRIES):
            begin = time.perf_counter()
            status, result = self._session.execute(document, variables)
            self.record.seconds.setdefault(kind, []).append(time.perf_counter() - begin)
            if not result.get("errors"):
                data: dict[str, Any] = result["data"]
                if not _says_retry(data):
                    return data
            elif not all((error.get("extensions") or {}).get("code") == "RETRY" for error in result["errors"]):
                self.record.errors.append(f"{self.username}: {kind}: {status} {result['errors']}")
                raise Refused
            self.record.answers["RETRY"] += 1
            # As everybody should who is told so: not at once, and not all after the same time.
            time.sleep(self._choice.uniform(0, _SECONDS_TO_GIVE_WAY))
        self.record.errors.append(f"{self.username}: {kind}: tried {_MOST_RETRIES} times in vain")
        raise Refused

    def _new_message(self) -> str:
        self._number += 1
        return f"by {self.username}, number {self._number}"

    def _new_body(self) -> str:
        return f"# Written by {self.username}\n\nNumber {self._number}, {self._choice.random()}\n"


def _says_retry(data: dict[str, Any]) -> bool:
    errors = (data.get("restoreObject") or {}).get("errors") or ()
    return any(error["code"] == "RETRY" for error in errors)
