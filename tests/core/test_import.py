"""What importing revy gives, and what it does not need."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import stackholm

import revy
from revy import Context
from revy.frame import current
from tests.core.strategies import ALICE, FAMILIES, Family

ROOT = Path(revy.__file__).parent.parent


def run(code: str) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=ROOT, timeout=60)


def test_import_of_revy_needs_no_django() -> None:
    run("import revy, sys; assert 'django' not in sys.modules")


def test_import_of_every_module_of_ring_1_needs_no_django() -> None:
    run(
        """
import importlib, pkgutil, sys
sys.modules["django"] = None
import revy
names = [module.name for module in pkgutil.iter_modules(revy.__path__, "revy.") if module.name != "revy.contrib"]
assert "revy.context" in names
for name in names:
    importlib.import_module(name)
"""
    )


def test_contexts_work_without_django() -> None:
    run(
        """
import sys
sys.modules["django"] = None
from revy import Context
from revy.abc import Revision

class Actor:
    _meta = pk = None

class OneRevision(Revision):
    get_description = get_actors = get_object_deltas = None

actor, revision = Actor(), OneRevision()
with Context.via_actor(actor), Context.via_revision(revision):
    assert Context.get_actor() is actor
    assert Context.get_revision() is revision
    Context.set_revision_description("why")
    assert Context.get_revision_description() == "why"
    assert Context.is_enabled()
assert not Context.is_enabled()
"""
    )


def test_public_names_are_sorted_and_exist() -> None:
    assert revy.__all__ == sorted(revy.__all__)
    assert all(hasattr(revy, name) for name in revy.__all__)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_family_has_its_five_methods_with_names_and_docstrings(family: Family) -> None:
    for verb in ("get", "set", "unset", "reset", "via"):
        method = getattr(Context, f"{verb}_{family.name}")
        assert inspect.ismethod(method)
        assert method.__name__ == f"{verb}_{family.name}"
        assert method.__qualname__ == f"Context.{verb}_{family.name}"
        assert method.__module__ == "revy.context"
        assert method.__doc__
        assert len(inspect.signature(method).parameters) == (verb in ("set", "via"))


def test_every_family_is_one_of_the_six() -> None:
    found = {name.removeprefix("via_") for name in dir(Context) if name.startswith("via_")}
    assert found == {family.name for family in FAMILIES}


def test_context_is_made_of_the_parts_of_stackholm() -> None:
    assert issubclass(Context, stackholm.Context)
    storage = Context().storage
    assert isinstance(storage, stackholm.Storage)
    assert isinstance(storage.get_state(), stackholm.State)
    assert isinstance(storage.state, storage.get_state_class())


def test_state_of_the_storage_cannot_be_replaced() -> None:
    storage = Context().storage
    with pytest.raises(TypeError, match="cannot be set"):
        storage.set_state(storage.get_state())


def test_storage_shows_the_contexts_that_are_active() -> None:
    storage = Context().storage
    assert storage.get_last_context() is None
    assert storage.get_nearest_checkpoint("actor") is None
    with Context.via_actor(ALICE) as outer, Context() as inner:
        assert storage.get_last_context() is Context.get_current() is inner
        assert (outer.index, inner.index) == (0, 1)
        assert Context.get_nearest_checkpoint("actor") is outer
        assert Context.get_nearest_checkpoint("deletion_description") is None
        assert Context.get_checkpoint_value("actor") is ALICE
        assert Context.get_checkpoint_value("deletion_description", "default") == "default"
        assert Context.pop_checkpoint_value("deletion_description", "default") == "default"
        assert Context.pop_checkpoint_value("actor") is ALICE
        assert Context.get_nearest_checkpoint("actor") is None


def test_storage_pushes_and_pops_contexts_as_stackholm_does() -> None:
    storage = Context().storage
    outer, inner, innermost = Context(), Context(), Context()
    assert storage.pop_context() is None
    assert [storage.push_context(context) for context in (outer, inner, innermost)] == [0, 1, 2]
    assert storage.pop_context(5) is None
    assert storage.pop_context() is innermost
    assert storage.pop_context(0) is outer
    assert current.get() is None


def test_context_class_that_stackholm_makes_of_the_storage_keeps_its_values() -> None:
    plain = Context().storage.create_context_class()
    with plain() as outer:
        plain.set_checkpoint_value("colour", "red")
        with plain() as inner:
            assert plain.get_current() is inner
            assert plain.get_nearest_checkpoint("colour") is outer
            plain.set_checkpoint_value("colour", "blue")
            assert plain.get_checkpoint_value("colour") == "blue"
            assert plain.pop_checkpoint_value("colour") == "blue"
            assert plain.get_checkpoint_value("colour") == "red"
        assert plain.get_checkpoint_value("colour") == "red"
    assert plain.get_current() is None


def test_subclass_shares_the_blocks_of_its_base() -> None:
    class OurContext(Context):
        pass

    with OurContext.via_actor(ALICE) as context:
        assert type(context) is OurContext
        assert Context.get_actor() is ALICE
        with Context.as_disabled():
            assert OurContext.is_disabled()
