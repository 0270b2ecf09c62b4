"""What a context refuses, what it takes for something else, and what it leaves alone until it must look."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import stackholm
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override

from revy import Context, RevyError, actor
from revy.errors import InvalidActor, InvalidDescription, InvalidRevision
from tests.core.running import running_frame
from tests.core.strategies import ACME, ALICE, FAMILIES, Family, NamedRevision, request_of

DESCRIPTIONS = [family for family in FAMILIES if family.name.endswith("_description")]


def name_of(value: Any) -> str:
    return value.name if isinstance(value, Family) else repr(value)


def count_calls(result: Any) -> tuple[Any, list[None]]:
    calls: list[None] = []

    def look_up() -> Any:
        calls.append(None)
        return result

    return SimpleLazyObject(look_up), calls


class NoModel:
    """Has everything that an actor has, but for the model."""

    pk = 1
    is_anonymous = False


class Anyone:
    """Its instances stand for nobody; the class itself stands for nothing."""

    is_anonymous = True


class Asking:
    """Its instances are requests; the class itself is none."""

    META: ClassVar[dict[str, str]] = {}


@pytest.mark.parametrize(
    "value",
    [42, "alice", b"alice", True, ["alice"], {"pk": 1}, User, AnonymousUser, Anyone, Asking, object(), NoModel()],
)
def test_actor_that_is_no_model_instance_is_refused_where_it_is_set(value: Any) -> None:
    # The value and its type, whichever way it was given.
    message = f"not {value!r} of type {type(value).__name__}"

    with pytest.raises(TypeError) as outside:
        Context.set_actor(value)
    with pytest.raises(TypeError) as before:
        Context.via_actor(value)
    with Context.via_actor(ALICE), pytest.raises(TypeError) as inside:
        try:
            Context.set_actor(value)
        finally:
            assert Context.get_actor() is ALICE

    for caught in (outside, before, inside):
        assert type(caught.value) is InvalidActor
        assert message in str(caught.value)


@pytest.mark.parametrize("family", DESCRIPTIONS, ids=name_of)
@pytest.mark.parametrize("value", [42, b"text", ["text"], ALICE, object(), str])
def test_description_that_is_no_text_is_refused_where_it_is_set(family: Family, value: Any) -> None:
    for say in (family.set, family.via):
        with pytest.raises(TypeError, match="description is text or None") as caught:
            say(value)
        assert type(caught.value) is InvalidDescription
        assert repr(value) in str(caught.value)
    with family.via("before"):
        with pytest.raises(InvalidDescription):
            family.set(value)
        assert family.get() == "before"


@pytest.mark.parametrize("value", [42, "revision", ALICE, object(), NamedRevision, User])
def test_revision_that_is_none_is_refused_where_it_is_set(value: Any) -> None:
    for say in (Context.set_revision, Context.via_revision):
        with pytest.raises(TypeError, match="A revision is a Revision, None or a callable") as caught:
            say(value)
        assert type(caught.value) is InvalidRevision
        assert repr(value) in str(caught.value)


def test_every_refusal_is_a_revy_error() -> None:
    for error in (InvalidActor, InvalidDescription, InvalidRevision):
        assert issubclass(error, RevyError)
        assert issubclass(error, TypeError)


CHANGES: dict[str, Callable[[], object]] = {
    **{f"set_{family.name}": functools.partial(family.set, None) for family in FAMILIES},
    **{f"unset_{family.name}": family.unset for family in FAMILIES},
    **{f"reset_{family.name}": family.reset for family in FAMILIES},
    "disable": Context.disable,
    "enable": Context.enable,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_change_outside_every_context_is_refused(change: Callable[[], object]) -> None:
    with pytest.raises(stackholm.NoContextIsActive, match=r"with Context\(\)"):
        change()
    with Context():
        pass
    with pytest.raises(stackholm.NoContextIsActive):
        change()


def test_getters_outside_every_context_answer_nothing() -> None:
    assert [family.get() for family in FAMILIES] == [None, None, "", "", "", ""]
    assert (Context.is_enabled(), Context.is_disabled()) == (False, True)
    assert Context.get_current() is None


def test_anonymous_user_acts_as_nobody() -> None:
    with Context.via_actor(ALICE), Context.via_actor(AnonymousUser()):
        assert Context.get_actor() is None
        Context.set_actor(ALICE)
        Context.set_actor(AnonymousUser())
        assert Context.get_actor() is None


def test_description_that_is_translated_lazily_is_translated_where_it_is_read() -> None:
    with Context.via_revision_description(gettext_lazy("Monday")):  # type: ignore[arg-type]
        assert Context.get_revision_description() == "Monday"
        with override("de"):
            description = Context.get_revision_description()
    assert (description, type(description)) == ("Montag", str)


def test_description_of_a_subclass_of_text_is_text() -> None:
    with Context.via_object_delta_description(mark_safe("<b>why</b>")):
        assert Context.get_object_delta_description() == "<b>why</b>"


@pytest.mark.parametrize(("result", "expected"), [(ALICE, ALICE), (AnonymousUser(), None), (None, None)], ids=name_of)
def test_lazy_user_is_looked_up_when_it_is_resolved_and_not_before(result: Any, expected: Any) -> None:
    lazy, calls = count_calls(result)
    with Context.via_actor(lazy):
        Context.set_actor(lazy)
        assert Context.get_actor() is lazy
        with Context():
            kept = Context.get_actor()
    assert calls == []
    assert actor.resolve(kept) is expected
    assert len(calls) == 1


def test_request_is_asked_for_its_user_when_it_is_resolved_and_not_before() -> None:
    lazy, calls = count_calls(ALICE)
    request = HttpRequest()
    with Context():
        Context.set_actor(request)
        assert Context.get_actor() is None
        # What AuthenticationMiddleware does, after the context was entered.
        request.user = lazy
        kept = Context.get_actor()
        assert kept is lazy
        assert calls == []
        assert actor.resolve(kept) is ALICE
        # A login in the course of the request.
        request.user = ACME  # type: ignore[assignment]
        assert Context.get_actor() is ACME


def test_request_as_contexts_keep_it_resolves_to_the_user_of_the_moment() -> None:
    lazy, calls = count_calls(ALICE)
    request = request_of(lazy)
    with Context.via_actor(request):
        kept = running_frame().cells["actor"].value
    assert calls == []
    assert actor.resolve(kept) is ALICE
    request.user = AnonymousUser()
    assert actor.resolve(kept) is None
    del request.user
    assert actor.resolve(kept) is None


def test_lazy_object_around_anything_that_may_act_resolves_to_who_acts() -> None:
    inner, _ = count_calls(ALICE)
    for stand_in in (inner, request_of(inner), request_of(ALICE), SimpleLazyObject(lambda: request_of(inner))):
        assert actor.resolve(SimpleLazyObject(functools.partial(lambda it: it, stand_in))) is ALICE


@pytest.mark.parametrize("wrap", [lambda value: SimpleLazyObject(lambda: value), request_of], ids=["lazy", "request"])
def test_stand_in_for_something_that_cannot_act_is_refused_when_it_is_resolved(wrap: Callable[[Any], Any]) -> None:
    with pytest.raises(InvalidActor, match="not 42 of type int"):
        actor.resolve(actor.clean(wrap(42)))


def test_lazy_user_that_cannot_be_looked_up_raises_what_the_lookup_raises() -> None:
    def look_up() -> Any:
        raise LookupError("The session store is gone.")

    with Context.via_actor(SimpleLazyObject(look_up)), pytest.raises(LookupError, match="The session store is gone."):
        actor.resolve(Context.get_actor())
