from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandParser

from revy.contrib.django.management.base import TrackedModelsCommand, find_models
from revy.contrib.django.tables import TrackedTable
from revy.contrib.django.verification import Difference, Verification, verify


class Command(TrackedModelsCommand):
    help = (
        "Rebuilds every object of tracked models from its history and compares it with its row. The exit status is 1 "
        "if anything differs that was not repaired."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--repair", action="store_true", help="Record what differs as new versions, by nobody.")
        parser.add_argument("--strict", action="store_true", help="Objects without any history are differences too.")

    def handle(
        self,
        *labels: str,
        database: str,
        batch_size: int,
        repair: bool,
        strict: bool,
        verbosity: int,
        **_: Any,
    ) -> None:
        models = find_models(labels, database)

        def total_of(model: Any) -> int:
            table = TrackedTable(model, database)
            return table.deltas.count() + table.rows.count()

        progress = self.progress_line(total_of, verbosity)

        def report(difference: Difference) -> None:
            if verbosity > 0:
                progress.clear()
                self.stdout.write(str(difference))

        verification = verify(
            models,
            using=database,
            repair=repair,
            strict=strict,
            batch_size=batch_size,
            report=report,
            progress=progress,
        )
        progress.clear()
        if verbosity > 0:
            self.stdout.write(_summary(verification))
        if not verification.is_clean:
            sys.exit(1)


def _summary(verification: Verification) -> str:
    found = ", ".join(f"{count:,} {kind}" for kind, count in sorted(verification.found.items())) or "no difference"
    return (
        f"{verification.histories:,} histories checked: {found}; {verification.repaired:,} repaired; "
        f"{verification.without_history:,} objects without history."
    )
