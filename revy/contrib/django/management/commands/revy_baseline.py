from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from revy.contrib.django.baseline import DESCRIPTION, baseline
from revy.contrib.django.management.base import TrackedModelsCommand, find_models
from revy.contrib.django.tables import TrackedTable


class Command(TrackedModelsCommand):
    help = (
        "Gives every object of tracked models that has no history a first version: what it is now. May be stopped and "
        "run again, and run while others write."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--description", default=DESCRIPTION, help=f'The description of the revision; "{DESCRIPTION}" by default.'
        )

    def handle(self, *labels: str, database: str, batch_size: int, description: str, verbosity: int, **_: Any) -> None:
        models = find_models(labels, database)
        progress = self.progress_line(lambda model: TrackedTable(model, database).rows.count(), verbosity)
        written = baseline(models, using=database, description=description, batch_size=batch_size, progress=progress)
        progress.clear()
        if verbosity > 0:
            self.stdout.write(f"{written:,} objects were given a first version.")
