"""The command line of the demo."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import django

from demo.errors import DemoError
from demo.git import Repository

_INTERRUPTED: Final = 130
_LAST_PORT: Final = 65535


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; return 0 if nothing differs, 1 if something does or goes wrong, 2 for a wrong argument."""
    options = _parse(arguments)
    for name in ("SIGHUP", "SIGTERM"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _leave)
    # Names of files may hold what the terminal has no letters for.
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        return _run(options)
    except DemoError as error:
        print(f"\n{error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return _INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    repository = Repository(options.repo)
    with tempfile.TemporaryDirectory(prefix="revy-demo-") as folder:
        os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
        os.environ["REVY_DEMO_DATABASE"] = str(Path(folder, "wiki.sqlite3"))
        django.setup()
        from demo.tour import run  # noqa: PLC0415 - it imports models

        return 0 if run(repository, Path(folder), options.port, checks_only=options.check) else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m demo",
        description="Replay the history of a git repository into a wiki, through its GraphQL API, and compare the two.",
    )
    parser.add_argument("--repo", type=_path, metavar="PATH", help="the repository; by default the one you are in")
    parser.add_argument("--check", action="store_true", help="end after the comparison: 0 if nothing differs, else 1")
    parser.add_argument("--port", type=_port, metavar="N", help="the port; by default 8000, or the next that is free")
    return parser.parse_args(arguments)


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to {_LAST_PORT}")
    return int(text)


def _leave(number: int, frame: Any) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
