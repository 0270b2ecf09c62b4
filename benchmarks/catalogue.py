"""The workloads by name, with their titles, units and sizes. Knows no Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

RATIO: Final = "ratio"
MILLISECONDS: Final = "ms"
BYTES: Final = "bytes"


@dataclass(frozen=True)
class Workload:
    """`count` is the number of objects, or of versions; `quick` that of runs which only try it out, or warm up.

    What only revy has a part in, none of the other libraries runs.
    """

    name: str
    title: str
    unit: str
    count: int
    quick: int
    is_of_revy_only: bool = False


WORKLOADS: Final = (
    Workload("create", "create, one save() each", RATIO, 300, 10),
    Workload("change", "get + change one field + save()", RATIO, 300, 10),
    Workload("block", "300 saves in one block and transaction", RATIO, 300, 10),
    Workload("unchanged", "save() without a change", RATIO, 300, 10),
    Workload("bulk_create", "bulk_create of 3,000", RATIO, 3_000, 50),
    Workload("queryset_update", "queryset.update of 3,000 rows", RATIO, 3_000, 50),
    Workload("delete", "delete with 3 cascaded children each", RATIO, 100, 10),
    Workload("mutation", "a GraphQL mutation with 100 saves", RATIO, 100, 10, is_of_revy_only=True),
    Workload("load_inside", "load 3,000 rows inside a context", RATIO, 3_000, 50),
    Workload("load", "load 3,000 rows outside", RATIO, 3_000, 50),
    Workload("page", "a page of 20 changes with their diffs", MILLISECONDS, 30, 22),
    Workload("rebuild", "rebuild an object at version 100 of 200", MILLISECONDS, 200, 8),
    Workload("bytes_create", "history bytes a create (9 fields, 480 characters of text)", BYTES, 2_000, 10),
    Workload("bytes_change", "history bytes a one-field update", BYTES, 2_000, 10),
    Workload("bytes_change_long", "history bytes a one-field update of a row with 10 kB of text", BYTES, 500, 5),
)
