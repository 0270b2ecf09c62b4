"""What a context says of the revisions that exist already."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from revy import Context, store
from revy.abc import Revision
from revy.frame import Scope
from tests.core.running import running_frame
from tests.core.strategies import ALICE, NamedRevision


class RememberingStore(store.RevisionStore):
    """Revisions in memory, as a recorder would make them: one for each scope in which something changed."""

    def __init__(self) -> None:
        self.revisions: dict[Scope, NamedRevision] = {}

    def change(self) -> NamedRevision:
        scope = running_frame().scope
        return self.revisions.setdefault(scope, NamedRevision(Context.get_revision_description()))

    def find(self, scope: Scope, given: Any) -> Revision | None:
        return self.revisions.get(scope) or super().find(scope, given)

    def describe(self, scope: Scope, description: str) -> None:
        if scope in self.revisions:
            self.revisions[scope].name = description


@pytest.fixture
def remembering() -> Iterator[RememberingStore]:
    original = store.get_store()
    remembering = RememberingStore()
    store.set_store(remembering)
    try:
        yield remembering
    finally:
        store.set_store(original)


def test_description_set_again_in_its_block_describes_the_revision_that_exists(remembering: RememberingStore) -> None:
    with Context.via_revision_description("outer"):
        outer = remembering.change()
        with Context(), Context.via_revision_description("inner"), Context.via_actor(ALICE):
            inner = remembering.change()
            assert inner is not outer
            assert Context.get_revision() is inner
            Context.set_revision_description("a scope of its own")
            assert Context.get_revision() is None
        assert (outer.name, inner.name) == ("outer", "inner")
        Context.set_revision_description(None)
        assert remembering.change() is outer
        assert (outer.name, inner.name) == ("", "inner")


def test_description_set_again_after_it_was_taken_back_still_means_the_same_revision(
    remembering: RememberingStore,
) -> None:
    with Context(), Context.via_revision_description("first"):
        revision = remembering.change()
        for take_back in (Context.unset_revision_description, Context.reset_revision_description):
            take_back()
            assert Context.get_revision() is None
            Context.set_revision_description("second")
            assert Context.get_revision() is revision
    assert revision.name == "second"


def test_given_revision_counts_only_in_the_scope_that_it_was_given_for() -> None:
    revision = NamedRevision("given")
    with Context.via_revision(revision), Context():
        assert Context.get_revision() is revision
        with Context.via_revision_description("another"):
            assert Context.get_revision() is None
            with Context.via_revision(revision):
                assert Context.get_revision() is revision
        Context.set_revision(None)
        assert Context.get_revision() is None


def test_callable_that_returns_a_revision_is_not_called_before_a_change() -> None:
    def make() -> Revision:
        raise AssertionError("There was no change.")

    with Context.via_revision(make):
        assert Context.get_revision() is None
