"""Django alone."""

from __future__ import annotations

from typing import ClassVar

from benchmarks.subjects import base


class Subject(base.Subject):
    records: ClassVar[bool] = False
