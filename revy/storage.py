"""The frames behind stackholm's interfaces."""

from __future__ import annotations

import stackholm

from revy.frame import Frame, current, pushed


class FrameState(stackholm.State):
    """A view of the frames of the running thread or task; it holds nothing itself. An index is a depth less one."""

    def push_context(self, context: stackholm.Context) -> int:
        frame = pushed(current.get(), context)  # type: ignore[arg-type]  # a storage's contexts are its own class
        current.set(frame)
        return frame.depth - 1

    def pop_context(self, index: int = -1) -> stackholm.Context | None:
        frame = self._frame_at(index)
        if frame is None:
            return None
        current.set(frame.parent)
        return frame.context

    def get_last_context(self) -> stackholm.Context | None:
        frame = current.get()
        return None if frame is None else frame.context

    def add_checkpoint(self, key: str, context_index: int) -> None:
        frame, owner = current.get(), self._frame_at(context_index)
        if frame is not None and owner is not None:
            current.set(frame.assigned(key, owner.context.checkpoint_data.get(key)))

    def remove_checkpoint(self, key: str, context_index: int) -> None:
        frame = current.get()
        if frame is not None:
            current.set(frame.unassigned(key))

    def get_nearest_checkpoint(self, key: str) -> stackholm.Context | None:
        frame = current.get()
        cell = None if frame is None else frame.cells.get(key)
        if cell is None:
            return None
        owner = self._frame_at(cell.depth - 1)
        return None if owner is None else owner.context

    def _frame_at(self, index: int) -> Frame | None:
        frame = current.get()
        if index < 0:
            return frame
        while frame is not None and frame.depth - 1 != index:
            frame = frame.parent
        return frame


class FrameStorage(stackholm.Storage):
    _state = FrameState()

    @classmethod
    def get_state_class(cls) -> type[stackholm.State]:
        return FrameState

    def get_state(self) -> stackholm.State:
        return self._state

    def set_state(self, state: stackholm.State) -> None:
        raise TypeError(
            f"The state of {type(self).__name__} is the running thread or task; it cannot be set to {state!r}."
        )
