"""The subject of this process."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.conf import settings

from benchmarks.subjects.base import Subject

_module: Any = import_module(f"benchmarks.subjects.{settings.SUBJECT}")
SUBJECT: Subject = _module.Subject()
