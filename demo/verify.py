"""The history in the wiki's database against the history in git."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from graphql_relay import from_global_id

from demo.git import Blobs, Repository
from demo.pages import Version, blob_id, reason_to_leave_out
from demo.replay import Replayed
from demo.terminal import printable
from demo.wiki.models import Page
from revy.contrib.django.models import ObjectDelta, ObjectSnapshot

_ROWS_AT_ONCE: Final = 200


@dataclass(slots=True)
class Comparison:
    """How much was compared, and what differs."""

    commits: int = 0
    pages: set[str] = field(default_factory=set)
    versions: int = 0
    states: int = 0
    differences: list[str] = field(default_factory=list)


class Verifier:
    """Rebuilds every page at every commit from the wiki's history, and compares it with the file in git.

    Only what a revision changed is rebuilt, the rest is carried forward. A body is compared by the id that git gives to
    a file of this content, so that it is the same byte for byte.
    """

    def __init__(self, repository: Repository, blobs: Blobs) -> None:
        self.result = Comparison()
        self._repository = repository
        self._blobs = blobs
        self._pages: dict[str, tuple[str, Version]] = {}
        user_type = ContentType.objects.get_for_model(User).pk
        self._actors = {name: (user_type, str(pk)) for name, pk in User.objects.values_list("username", "pk")}

    def run(self, replayed: Iterable[Replayed]) -> Iterator[None]:
        """Compare commit by commit, yielding after each."""
        for entry in replayed:
            if entry.revision_id is not None:
                for delta in _read_deltas(entry.revision_id):
                    self._compare_delta(entry, delta)
            self._compare_pages(entry)
            yield
        surplus = ObjectDelta.objects.count() - self.result.versions
        if surplus:
            self.result.differences.append(f"there are {surplus} more versions than commits made")

    def _compare_delta(self, entry: Replayed, delta: Any) -> None:
        self.result.versions += 1
        self.result.pages.add(delta.content_id)
        page: Page | None = delta.snapshot
        if page is None:
            self._report(entry, f"page {delta.content_id}", "cannot be rebuilt")
            return
        version = Version(page.mode, blob_id(page.body, like=entry.commit.id))
        if delta.action == ObjectDelta.ACTION_DELETE:
            if self._pages.pop(delta.content_id, None) != (page.path, version):
                self._report(entry, page.path, "was not as it is recorded at its deletion")
        else:
            self._pages[delta.content_id] = (page.path, version)
        if (delta.actor_type_id, delta.actor_id) != self._actors[entry.username]:
            self._report(entry, page.path, f"was not changed by {entry.username}")
        if delta.revision.description != entry.message:
            self._report(entry, page.path, "has another commit message")

    def _compare_pages(self, entry: Replayed) -> None:
        files = {
            file.path.decode(): Version(file.mode, file.blob)
            for file in self._repository.read_tree(entry.commit)
            if file.blob is not None and reason_to_leave_out(file, self._blobs.is_text) is None
        }
        pages = dict(self._pages.values())
        self.result.commits += 1
        self.result.states += len(files)
        if len(pages) < len(self._pages):
            self._report(entry, "pages", "have a path in common")
        if pages == files:
            return
        for path in sorted(files.keys() | pages.keys()):
            if path not in pages:
                self._report(entry, path, "is missing in the wiki")
            elif path not in files:
                self._report(entry, path, "is not in git")
            elif pages[path] != files[path]:
                self._report(entry, path, f"is {_short(pages[path])} in the wiki, but {_short(files[path])} in git")

    def _report(self, entry: Replayed, subject: str, what: str) -> None:
        self.result.differences.append(f"{entry.commit.id[:10]} {printable(subject)}: {what}")


def _short(version: Version) -> str:
    return f"{version.mode} {version.blob[:10]}"


def _read_deltas(revision_id: str) -> Iterator[Any]:
    deltas = ObjectDelta.objects.filter(revision_id=int(from_global_id(revision_id)[1]))
    snapshots = deltas.select_related("revision").annotate(snapshot=ObjectSnapshot(Page))
    return snapshots.order_by("pk").iterator(chunk_size=_ROWS_AT_ONCE)
