"""What can be said in a context, how it is said, and how it is shown again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils.functional import lazystr
from hypothesis import strategies as st

from revy import Context, abc
from tests.app.models import Organization

ALICE = User(pk=1, username="alice")
BOB = User(pk=2, username="bob")
# The same pk as Alice: an actor is more than its key.
ACME = Organization(pk=1, name="acme")


class NamedRevision(abc.Revision):
    def __init__(self, name: str) -> None:
        self.name = name

    def get_description(self) -> str:
        return self.name

    def get_actors(self) -> Iterable[Any]:
        return ()

    def get_object_deltas(self) -> Iterable[abc.ObjectDelta]:
        return ()


class Said(NamedTuple):
    """What is given to a context, and what its getter answers then."""

    given: Any
    shown: Any


class Family(NamedTuple):
    name: str
    nothing: Any
    sayings: st.SearchStrategy[Said]

    def __repr__(self) -> str:
        return self.name

    def get(self) -> Any:
        return getattr(Context, f"get_{self.name}")()

    def set(self, value: Any) -> None:
        getattr(Context, f"set_{self.name}")(value)

    def unset(self) -> None:
        getattr(Context, f"unset_{self.name}")()

    def reset(self) -> None:
        getattr(Context, f"reset_{self.name}")()

    def via(self, value: Any) -> Context:
        context = getattr(Context, f"via_{self.name}")(value)
        assert type(context) is Context
        return context


def request_of(user: Any) -> HttpRequest:
    request = HttpRequest()
    request.user = user
    return request


def make_revision() -> abc.Revision:
    raise AssertionError("A revision that is made on demand was made without a change.")


actors = st.sampled_from(
    [
        *(Said(actor, actor) for actor in (None, ALICE, BOB, ACME)),
        Said(AnonymousUser(), None),
        Said(request_of(ALICE), ALICE),
        Said(request_of(AnonymousUser()), None),
        Said(HttpRequest(), None),
    ]
)
revisions = st.sampled_from(
    [*(Said(revision, revision) for revision in map(NamedRevision, "ab")), Said(None, None), Said(make_revision, None)]
)
descriptions = st.sampled_from(
    [*(Said(text, text) for text in ("", "a", "b")), Said(None, ""), Said(lazystr("c"), "c")]
)

FAMILIES = (
    Family("actor", None, actors),
    Family("revision", None, revisions),
    *(
        Family(f"{subject}_description", "", descriptions)
        for subject in ("revision", "object_delta", "attribute_delta", "deletion")
    ),
)

# What names a revision decides about scopes too: worth half of the tries.
NAMING = tuple(family for family in FAMILIES if family.name in ("revision", "revision_description"))
families = st.one_of(st.sampled_from(FAMILIES), st.sampled_from(NAMING))
utterances = families.flatmap(lambda family: st.tuples(st.just(family), family.sayings))
