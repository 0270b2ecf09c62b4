"""What stands in the way of writing a past state back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from revy.errors import RevyError

if TYPE_CHECKING:
    from revy.contrib.django.restore.plan import ObjectPlan

CHANGED_SINCE: Final = "CHANGED_SINCE"
CONFLICT: Final = "CONFLICT"
DEPENDENT: Final = "DEPENDENT"
FORBIDDEN: Final = "FORBIDDEN"
INCOMPLETE: Final = "INCOMPLETE"
INTEGRITY: Final = "INTEGRITY"
MISSING_TARGET: Final = "MISSING_TARGET"
UNIQUE: Final = "UNIQUE"
UNKNOWN_MODEL: Final = "UNKNOWN_MODEL"
UNREADABLE: Final = "UNREADABLE"
UNTRACKED_MODEL: Final = "UNTRACKED_MODEL"


@dataclass(frozen=True)
class Problem:
    """What stands in the way of a restore: the field's name, or None if it is about the whole object."""

    field: str | None
    message: str
    code: str

    def __str__(self) -> str:
        return self.message if self.field is None else f"{self.field}: {self.message}"


class RestoreError(RevyError, ValueError):
    """A plan that cannot be carried out; nothing was written.

    `problems` lists all that stands in the way; `objects` are the plans of the objects that have any.
    """

    def __init__(self, what: str, problems: Iterable[Problem], objects: Iterable[ObjectPlan] = ()) -> None:
        self.problems = tuple(problems)
        self.objects = tuple(objects)
        told = [f"{plan}: {problem}" for plan in self.objects for problem in plan.problems]
        super().__init__(f"{what} cannot be restored. " + "; ".join(told or map(str, self.problems)))


class VersionConflict(RestoreError):
    """The object was changed since the version, or the plan, that the caller has seen."""


def problems_of(error: ValidationError) -> Iterator[Problem]:
    """Yield the problems that a validation error of Django tells."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for field, errors in by_field.items():
        for one in errors:
            code = UNIQUE if str(one.code).startswith("unique") else str(one.code or "invalid").upper()
            for message in one.messages:
                yield Problem(None if field == NON_FIELD_ERRORS else field, message, code)
