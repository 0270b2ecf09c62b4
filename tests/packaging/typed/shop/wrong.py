"""Calls that are wrong, and that the type checker has to find: an `ignore` that is not needed is an error, too."""

from __future__ import annotations

from django.db import models

import revy
import revy_graphql
from revy import Context
from revy.contrib.django.history import History
from revy.contrib.django.models import SET, ObjectDelta, ObjectSnapshot
from revy.contrib.django.restore import restore


def wrong_contexts() -> None:
    Context.via_revision_description(1)  # type: ignore[arg-type]
    Context.set_revision_description(b"bytes")  # type: ignore[arg-type]
    Context.via_deletion_description()  # type: ignore[call-arg]
    Context.set_actor()  # type: ignore[call-arg]
    Context.via_revision("a revision")  # type: ignore[arg-type]
    Context.via_reason("no such family")  # type: ignore[attr-defined]
    number: int = Context.get_revision_description()  # type: ignore[assignment]
    print(number)
    print(revy.context_of_nothing)  # type: ignore[attr-defined]


@Context()
def decorated(number: int) -> str:
    return str(number)


def wrong_calls(delta: ObjectDelta) -> None:
    decorated("text")  # type: ignore[arg-type]
    number: int = decorated(1)  # type: ignore[assignment]
    restore(delta, number)  # type: ignore[call-arg]
    restore(delta, expected_version="2")  # type: ignore[arg-type]
    restore("delta")  # type: ignore[arg-type]
    ObjectSnapshot("shop.Product")  # type: ignore[arg-type]
    History()  # type: ignore[call-arg]
    SET()  # type: ignore[call-arg]
    print(delta.reason)  # type: ignore[attr-defined]


class WrongPolicy(revy_graphql.Policy):
    def can_view_model(self, info: str, model: type[models.Model]) -> bool:  # type: ignore[override]
        return True

    def can_restore(self) -> bool:  # type: ignore[override]
        return True


print(revy_graphql.Nothing)  # type: ignore[attr-defined]
