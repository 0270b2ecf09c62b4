"""Let many clients work on the wiki under gunicorn, and compare what was recorded with what they sent."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Sequence

import django


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if no request failed and everything was recorded as it was sent, else 1."""
    options = _parse(arguments)
    os.environ["DJANGO_SETTINGS_MODULE"] = "demo.load.settings"
    os.environ["DATABASE_URL"] = options.database
    os.environ["REVY_LOAD_SECRET"] = secrets.token_urlsafe()
    django.setup()
    from demo.load.database import fresh_database  # noqa: PLC0415 - it imports models
    from demo.load.run import run  # noqa: PLC0415

    with fresh_database(options.database):
        is_good = run(
            clients=options.clients, seconds=options.seconds, workers=options.workers, threads=options.threads
        )
    return 0 if is_good else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.load", description=__doc__)
    parser.add_argument("--database", required=True, metavar="URL", help="of PostgreSQL; it must not exist yet")
    parser.add_argument("--seconds", type=int, default=120, help="how long the clients work (120)")
    parser.add_argument("--clients", type=int, default=16, help="how many there are, each a user (16)")
    parser.add_argument("--workers", type=int, default=2, help="processes of gunicorn (2)")
    parser.add_argument("--threads", type=int, default=4, help="threads of each (4)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
