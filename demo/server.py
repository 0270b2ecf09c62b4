"""The web server, in a process of its own that ends with the one that started it."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

import django
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from demo.errors import PortError, ServerError

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 8000
_TRIED: Final = 100
_SECONDS_TO_STOP: Final = 10
_LINES_SHOWN: Final = 40
_NO_PORT: Final = "no port"


@contextmanager
def running_server(port: int | None, log: Path) -> Iterator[str]:
    """Serve the wiki while the block runs, at a port or at the first free one; give the address once it answers."""
    ports = range(FIRST_PORT, FIRST_PORT + _TRIED) if port is None else range(port, port + 1)
    command = [sys.executable, "-m", "demo.server", str(ports.start), str(ports.stop)]
    with log.open("wb") as errors:
        # In a session of its own, since Ctrl-C is for the process that knows what to do about it.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        )
    try:
        yield f"http://{HOST}:{_read_port(process, ports)}/"
    except ServerError as error:
        log_lines = log.read_text(errors="replace").splitlines()
        raise ServerError("\n".join([str(error), *log_lines[-_LINES_SHOWN:]])) from error
    finally:
        _stop(process)


def _read_port(process: subprocess.Popen[str], ports: range) -> str:
    answer = cast(IO[str], process.stdout).readline().strip()
    if answer == _NO_PORT:
        tried = f"{ports.start}" if len(ports) == 1 else f"{ports.start} to {ports.stop - 1}"
        raise PortError(f"{HOST} has no free port (tried: {tried}). Name another one with --port.")
    if not answer:
        raise ServerError("The server did not start.")
    return answer


def _stop(process: subprocess.Popen[str]) -> None:
    with process:
        cast(IO[str], process.stdin).close()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()


def serve(ports: range) -> None:
    """Serve at the first free port, after printing which, until standard input ends."""
    django.setup()
    server = _bind(ports)
    if server is None:
        print(_NO_PORT)
        return
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    threading.Thread(target=_wait_for_parent, args=(server,), daemon=True).start()
    print(server.server_port, flush=True)
    with server:
        server.serve_forever()


def _bind(ports: range) -> ThreadedWSGIServer | None:
    for port in ports:
        try:
            return ThreadedWSGIServer((HOST, port), WSGIRequestHandler)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    return None


def _wait_for_parent(server: ThreadedWSGIServer) -> None:
    # Nothing is ever written there: it ends when the parent does, however that happens.
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    serve(range(int(sys.argv[1]), int(sys.argv[2])))
