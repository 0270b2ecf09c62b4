"""The ways of writing: what a row of docs/coverage.md is."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.machine.expected import Expected
from tests.machine.rows import chain_of

# What comes before the yield prepares, and is not counted; what comes after it writes. What is yielded says what the
# history should tell besides what the rows do.
Writing = Generator[Expected | None, None, None]


@dataclass(frozen=True, eq=False)
class Path:
    """A way of writing. `impossible`: why Django cannot do it on a database, by the database's name."""

    heading: str
    title: str
    write: Callable[[], Writing] = field(repr=False)
    impossible: Mapping[str, str]


PATHS: list[Path] = []


def section(heading: str) -> Callable[..., Any]:
    """Return a decorator that adds a function as a path under the heading, with the title that it is given."""

    def path(title: str, **impossible: str) -> Callable[[Callable[[], Writing]], Callable[[], Writing]]:
        def add(write: Callable[[], Writing]) -> Callable[[], Writing]:
            PATHS.append(Path(heading, title, write, impossible))
            return write

        return add

    return path


def deletion(*asked: Any) -> Expected:
    """Return what a deletion of these objects leads to: they were asked for, and the rest falls with them."""
    keys = {(kind, instance.pk) for instance in asked for kind in chain_of(type(instance))}
    return Expected(roots=keys, is_deletion=True)
