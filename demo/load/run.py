"""A run from its first row to the comparison."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Sequence

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections

from demo.load.client import LoadClient
from demo.load.database import fill
from demo.load.report import print_report
from demo.load.server import HOST, running_server
from demo.load.session import Session
from demo.load.verify import compare
from demo.wiki.models import Page
from revy.contrib.django.models import Revision


def run(*, clients: int, seconds: int, workers: int, threads: int) -> bool:
    """Let so many clients work for so long; return whether nothing failed, and all was recorded as it was sent.

    Raises CommandError if `revy_verify` finds that the history is not true.
    """
    password = secrets.token_urlsafe()
    usernames = [f"user-{number:02}" for number in range(clients)]
    paths = fill(usernames, password)
    pages = {path: str(pk) for path, pk in Page.objects.filter(path__in=paths).values_list("path", "pk")}
    last = Revision.objects.order_by("-pk").values_list("pk", flat=True)[0]
    ids = dict(User.objects.values_list("username", "pk"))
    connections.close_all()
    print(f"{clients} clients for {seconds} s; {workers} workers of {threads} threads", flush=True)
    with running_server(workers, threads) as port:
        crowd = [
            LoadClient(Session(HOST, port, username, password), username, str(ids[username]), pages, seed)
            for seed, username in enumerate(usernames)
        ]
        took = _work(crowd, seconds)
    written = {pk: (client.username, message) for client in crowd for pk, message in client.record.written.items()}
    differences = compare(written, last)
    records = [client.record for client in crowd]
    print_report(records, took, differences)
    call_command("revy_verify", "wiki", strict=True)
    return not differences and not any(record.errors for record in records)


def _work(crowd: Sequence[LoadClient], seconds: int) -> float:
    """Let all clients work at once; return how many seconds it took until the last answer."""
    begin = time.monotonic()
    threads = [threading.Thread(target=client.run, args=(begin + seconds,)) for client in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - begin
