from __future__ import annotations

from collections.abc import Callable
from typing import Any, TextIO

from django.db import models

_WIDTH = 30

Model = type[models.Model]


class ProgressLine:
    """How far each model is: one line that is rewritten on a terminal, else a line at every tenth.

    `total_of` is asked once a model what there is to do; more may turn up on the way.
    """

    def __init__(self, stream: TextIO, total_of: Callable[[Model], int], *, is_shown: bool) -> None:
        self._stream = stream
        self._total_of = total_of
        self._is_shown = is_shown
        self._rewrites = stream.isatty()
        self._model: Any = None
        self._total = self._done = self._step = 0

    def __call__(self, model: Model, count: int) -> None:
        """Note that `count` more of the model are done."""
        if not self._is_shown:
            return
        if model is not self._model:
            self.clear()
            self._model, self._total, self._done, self._step = model, self._total_of(model), 0, 0
        self._done += count
        self._total = max(self._total, self._done)
        step = (100 if self._rewrites else 10) * self._done // self._total
        if step != self._step:
            self._step = step
            self._write(self._done / self._total)

    def clear(self) -> None:
        """Make room for a line of something else."""
        if self._is_shown and self._rewrites:
            self._stream.write("\r\033[K")
            self._stream.flush()

    def _write(self, share: float) -> None:
        figures = f"{share:4.0%} {self._done:,}/{self._total:,} {self._model._meta.label}"
        if self._rewrites:
            filled = int(_WIDTH * share)
            self._stream.write(f"\r\033[K[{'#' * filled}{'.' * (_WIDTH - filled)}] {figures}")
        else:
            self._stream.write(f"{figures}\n")
        self._stream.flush()
