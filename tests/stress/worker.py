"""A process that works on the database of the one that started it: `python -m tests.stress.worker TASK`, TASK as JSON.

It says "ready", and begins at the line that it is then told.
"""

from __future__ import annotations

import json
import os
import random
import sys
from contextlib import nullcontext
from typing import Any

import django


def main() -> None:
    task = json.loads(sys.argv[1])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()

    from django.db import connection

    connection.settings_dict.update(task.pop("database"))
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    {"write": write, "command": command, "bulk": bulk}[task.pop("job")](**task)


def write(*, scenario: str, actor: int, name: str, seed: int, updates: int | None, hand: Any, in_context: bool) -> None:
    """Do random writes, and say what became of each as soon as it is known. `updates` None: until killed."""
    from django.contrib.auth.models import User
    from django.core.exceptions import ObjectDoesNotExist
    from django.db import DatabaseError

    from revy import Context
    from tests.stress.outcomes import outcome_of
    from tests.stress.writes import SCENARIOS, Hand, Wrote

    user = User(pk=actor)
    user._state.adding = False
    chosen = random.Random(seed)
    hand = Hand(random=chosen, **hand)
    if scenario == "older":
        chosen.shuffle(hand.older_slips)
    weights = SCENARIOS[scenario]
    number = 0
    while updates is None or number < updates:
        (act,) = chosen.choices(list(weights), list(weights.values()))
        hand.token = f"{name}.{number}"
        wrote, outcome = Wrote(), "done"
        try:
            with Context.via_actor(user) if in_context else nullcontext():
                if in_context:
                    Context.set_revision_description(hand.token)
                wrote = act(hand)
        except (DatabaseError, ObjectDoesNotExist) as error:
            outcome = outcome_of(error)
        said = {"act": act.__name__, "token": hand.token, "outcome": outcome, "wrote": vars(wrote)}
        print(json.dumps(said), flush=True)
        number += 1


def command(arguments: list[str]) -> None:
    from django.core.management import call_command

    # Its progress too, as lines.
    call_command(*arguments, stderr=sys.stdout)


def bulk(act: str, rows: int, in_context: bool) -> None:
    from tests.stress.bulk import measure

    print(json.dumps(measure(act, rows, in_context)), flush=True)


if __name__ == "__main__":
    main()
