from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import stackholm
from stackholm import ContextIsNotActive, NoContextIsActive

from revy import actor, store
from revy.abc import Revision
from revy.decorator import decorate
from revy.errors import InvalidRevision
from revy.family import clean_description, getter, read_description, resetter, setter, starter, unsetter
from revy.frame import (
    ACTOR,
    ATTRIBUTE_DELTA_DESCRIPTION,
    DELETION_DESCRIPTION,
    OBJECT_DELTA_DESCRIPTION,
    REVISION,
    REVISION_DESCRIPTION,
    Cell,
    Frame,
    current,
    pushed,
)
from revy.storage import FrameStorage

F = TypeVar("F", bound=Callable[..., Any])
GivenRevision = Revision | Callable[[], Revision | None] | None


def _clean_revision(value: GivenRevision) -> GivenRevision:
    if value is None or isinstance(value, Revision) or (callable(value) and not isinstance(value, type)):
        return value
    raise InvalidRevision(
        f"A revision is a Revision, None or a callable that returns one, not {value!r} of type {type(value).__name__}."
    )


class Context(stackholm.Context):
    """A block of code that says who acts and why; use it with `with` or as a decorator.

    What a block says counts for the blocks inside it, until it ends. `get_x` returns the nearest value, `set_x` sets it
    in the running block, `unset_x` takes the nearest value back so that the one it shadows counts again, `reset_x`
    takes all of them back, and `via_x` is a context that starts with the value. Outside every context nothing is
    recorded, and `set_x`, `unset_x`, `reset_x`, `disable` and `enable` raise NoContextIsActive.

    One instance may be entered by many threads, tasks and calls at once. Works the same in sync and async code.
    """

    _storage = FrameStorage()
    _switch: bool | None = None

    get_actor = getter(ACTOR, actor.read)
    set_actor = setter(ACTOR, actor.clean)
    unset_actor = unsetter(ACTOR)
    reset_actor = resetter(ACTOR)
    via_actor = starter(ACTOR, actor.clean)

    set_revision = setter(REVISION, _clean_revision)
    unset_revision = unsetter(REVISION)
    reset_revision = resetter(REVISION)
    via_revision = starter(REVISION, _clean_revision)

    get_revision_description = getter(REVISION_DESCRIPTION, read_description)
    unset_revision_description = unsetter(REVISION_DESCRIPTION)
    reset_revision_description = resetter(REVISION_DESCRIPTION)
    via_revision_description = starter(REVISION_DESCRIPTION, clean_description)

    get_object_delta_description = getter(OBJECT_DELTA_DESCRIPTION, read_description)
    set_object_delta_description = setter(OBJECT_DELTA_DESCRIPTION, clean_description)
    unset_object_delta_description = unsetter(OBJECT_DELTA_DESCRIPTION)
    reset_object_delta_description = resetter(OBJECT_DELTA_DESCRIPTION)
    via_object_delta_description = starter(OBJECT_DELTA_DESCRIPTION, clean_description)

    get_attribute_delta_description = getter(ATTRIBUTE_DELTA_DESCRIPTION, read_description)
    set_attribute_delta_description = setter(ATTRIBUTE_DELTA_DESCRIPTION, clean_description)
    unset_attribute_delta_description = unsetter(ATTRIBUTE_DELTA_DESCRIPTION)
    reset_attribute_delta_description = resetter(ATTRIBUTE_DELTA_DESCRIPTION)
    via_attribute_delta_description = starter(ATTRIBUTE_DELTA_DESCRIPTION, clean_description)

    get_deletion_description = getter(DELETION_DESCRIPTION, read_description)
    set_deletion_description = setter(DELETION_DESCRIPTION, clean_description)
    unset_deletion_description = unsetter(DELETION_DESCRIPTION)
    reset_deletion_description = resetter(DELETION_DESCRIPTION)
    via_deletion_description = starter(DELETION_DESCRIPTION, clean_description)

    @classmethod
    def get_revision(cls) -> Revision | None:
        """Return the revision that a change made here would join, or None if that change would be the first."""
        frame = current.get()
        if frame is None:
            return None
        key = frame.revision_key
        return store.get_store().find(key, key.value if isinstance(key, Cell) else None)

    @classmethod
    def set_revision_description(cls, value: str | None) -> None:
        """Set the revision description of the running block, and of its revision if changes were recorded already."""
        cls.set_checkpoint_value(REVISION_DESCRIPTION, clean_description(value))
        store.get_store().describe(cls._top().revision_key, cls.get_revision_description())

    @classmethod
    def disable(cls) -> None:
        """Record nothing until `enable` or the end of the running block."""
        current.set(cls._top().switched(False))

    @classmethod
    def enable(cls) -> None:
        """Record again, until the end of the running block."""
        current.set(cls._top().switched(True))

    @classmethod
    def as_disabled(cls) -> Self:
        """Return a context in which nothing is recorded; it holds for writes outside of all contexts, too."""
        return cls._switched(False)

    @classmethod
    def as_enabled(cls) -> Self:
        """Return a context in which changes are recorded, whatever it is inside of."""
        return cls._switched(True)

    @classmethod
    def is_enabled(cls) -> bool:
        """Tell whether changes made here are recorded: a context is active, and it is not disabled."""
        frame = current.get()
        return frame is not None and frame.enabled

    @classmethod
    def is_disabled(cls) -> bool:
        """Tell whether changes made here are not recorded."""
        return not cls.is_enabled()

    @classmethod
    def _via(cls, **values: Any) -> Self:
        context = cls()
        context._checkpoint_data.update(values)
        return context

    @classmethod
    def _switched(cls, enabled: bool) -> Self:
        context = cls()
        context._switch = enabled
        return context

    @classmethod
    def _top(cls) -> Frame:
        frame = current.get()
        if frame is None:
            raise NoContextIsActive(
                f"No context is active. Enter one first: `with {cls.__name__}(): ...` or `@{cls.__name__}()`."
            )
        return frame

    @classmethod
    def get_checkpoint_value(cls, key: str, default: Any = None) -> Any:
        frame = current.get()
        cell = None if frame is None else frame.cells.get(key)
        return default if cell is None else cell.value

    @classmethod
    def set_checkpoint_value(cls, key: str, value: Any) -> None:
        current.set(cls._top().assigned(key, value))

    @classmethod
    def pop_checkpoint_value(cls, key: str, default: Any = None) -> Any:
        value = cls.get_checkpoint_value(key, default)
        current.set(cls._top().unassigned(key))
        return value

    @classmethod
    def reset_checkpoint_value(cls, key: str) -> None:
        current.set(cls._top().unassigned(key, wholly=True))

    def __call__(self, function: F) -> F:
        return cast(F, decorate(self, function))

    def push_on(self, parent: Frame | None) -> Frame:
        """Return the frame that entering this context on top of `parent` gives."""
        frame = pushed(parent, self)
        for key, value in self._checkpoint_data.items():
            frame = frame.assigned(key, value)
        return frame if self._switch is None else frame.switched(self._switch)

    def activate(self) -> Self:
        current.set(self.push_on(current.get()))
        return self

    def deactivate(self) -> None:
        """Leave the nearest block of this context, and what was left open inside it."""
        frame = self._find()
        if frame is None:
            raise ContextIsNotActive(
                self, "This context is not active here: it was entered elsewhere, or left already."
            )
        current.set(frame.parent)

    def __enter__(self) -> Self:
        return self.activate()

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.deactivate()

    @property
    def is_active(self) -> bool:
        return self._find() is not None

    @property
    def index(self) -> int:
        frame = self._find()
        if frame is None:
            raise ContextIsNotActive(self)
        return frame.depth - 1

    def _find(self) -> Frame | None:
        frame = current.get()
        while frame is not None and frame.context is not self:
            frame = frame.parent
        return frame
