"""The wiki under gunicorn."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from demo.errors import ServerError

HOST: Final = "127.0.0.1"
_SECONDS_TO_START: Final = 30
_SECONDS_BETWEEN_LOOKS: Final = 0.1
_LINES_SHOWN: Final = 20


@contextmanager
def running_server(workers: int, threads: int) -> Iterator[int]:
    """Give the port at which gunicorn serves the wiki."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", "django.core.wsgi:get_wsgi_application()", "--bind", f"{HOST}:{port}",
        "--workers", str(workers), "--threads", str(threads), "--worker-class", "gthread",
        "--keep-alive", "30", "--log-level", "warning",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="revy-load-") as folder:
        log = Path(folder, "gunicorn.log")
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            _wait_for(port)
            yield port
        finally:
            process.terminate()
            process.wait()
            if lines := log.read_text(errors="replace").splitlines():
                print("\n".join(["gunicorn said:", *lines[-_LINES_SHOWN:]]))


def _wait_for(port: int) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while not _answers(port):
        if time.monotonic() > until:
            raise ServerError(f"gunicorn does not answer at port {port}.")
        time.sleep(_SECONDS_BETWEEN_LOOKS)


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port)).close()
    except OSError:
        return False
    return True
