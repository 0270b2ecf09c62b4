from __future__ import annotations

from collections.abc import Iterator

import pytest

from revy.frame import current


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Fail the test that leaves a block open, not the one that runs after it."""
    try:
        yield
        assert current.get() is None
    finally:
        current.set(None)
