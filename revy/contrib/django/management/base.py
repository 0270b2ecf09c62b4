"""What revy's commands share: which models, which database, how many rows at a time, how far they are."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, connections, router

from revy.contrib.django.batches import BATCH
from revy.contrib.django.management.progress import Model, ProgressLine
from revy.contrib.django.tracking import concrete_model, is_tracked


class TrackedModelsCommand(BaseCommand):
    """A command that goes over all objects of tracked models."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "args", nargs="*", metavar="label", help="An app or an app_label.Model; by default every tracked model."
        )
        parser.add_argument(
            "--database",
            default=DEFAULT_DB_ALIAS,
            choices=tuple(connections),
            help='The database whose objects are gone over; by default "default".',
        )
        parser.add_argument(
            "--batch-size", type=_positive, default=BATCH, help=f"How many rows are read at a time; {BATCH} by default."
        )

    def progress_line(self, total_of: Callable[[Model], int], verbosity: int) -> ProgressLine:
        stream: Any = self.stderr
        # What the wrapper is given, it colours as an error.
        return ProgressLine(getattr(stream, "_out", stream), total_of, is_shown=verbosity > 0)


def find_models(labels: Collection[str], using: str) -> list[Model]:
    """Return the tracked models of the database that the labels name, in the order of their installation.

    Without labels all of them. Raises CommandError for a label that names none.
    """
    candidates = [
        model
        for model in apps.get_models()
        if not model._meta.proxy and is_tracked(model) and router.allow_migrate_model(using, model)
    ]
    wanted = {model for label in labels for model in _named(label, candidates)}
    return [model for model in candidates if model in wanted] if labels else candidates


def _named(label: str, candidates: Iterable[Model]) -> list[Model]:
    try:
        if "." in label:
            named = [concrete_model(apps.get_model(label))]
        else:
            named = list(apps.get_app_config(label).get_models())
    except (LookupError, ValueError) as error:
        raise CommandError(f"{label!r} names no installed app or model.") from error
    found = [model for model in candidates if model in named]
    if not found:
        raise CommandError(
            f"{label!r} names nothing that is tracked in this database: see REVY_MODELS, REVY_EXCLUDED_MODELS, and "
            "the database routers."
        )
    return found


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number
