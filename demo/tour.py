"""The demo from its first line to its last."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from demo.accounts import VISITOR, name_accounts
from demo.client import Client
from demo.database import create_database
from demo.errors import ServerError
from demo.git import Repository
from demo.history import Commit
from demo.pages import Pages
from demo.queries import Example, make_examples
from demo.readback import compare_log
from demo.replay import Replay, Replayed
from demo.server import running_server
from demo.terminal import Progress, Terminal, counted
from demo.verify import Comparison, Verifier

_DIFFERENCES_SHOWN: Final = 10


def run(repository: Repository, folder: Path, port: int | None, *, checks_only: bool) -> bool:
    """Replay the repository into a wiki, compare the two, and serve the wiki until Ctrl-C unless `checks_only`.

    Returns whether nothing differs. Raises DemoError.
    """
    terminal = Terminal()
    commits = repository.read_commits()
    usernames = name_accounts(commit.author for commit in commits)
    _introduce(terminal, repository, commits, usernames)
    password = secrets.token_urlsafe()
    create_database(usernames.values(), password)
    with running_server(port, folder / "server.log") as address:
        terminal.say("server", address)
        log_in = partial(Client, address, password=password)
        with repository.open_blobs() as blobs:
            replay = Replay(log_in, usernames, blobs, Pages(blobs.is_text))
            replayed = _replay(terminal, repository, replay, commits)
            result = _compare(terminal, Verifier(repository, blobs), replayed)
        visitor = Client(address, VISITOR, VISITOR)
        result.differences += compare_log(visitor, replayed)
        terminal.say("", "and the revisions once more, as the API tells of them")
        _report(terminal, result.differences)
        examples = make_examples()
        if checks_only:
            _try_out(terminal, visitor, examples)
        else:
            _serve(terminal, address, examples)
    return not result.differences


def _introduce(
    terminal: Terminal, repository: Repository, commits: Sequence[Commit], usernames: Mapping[str, str]
) -> None:
    terminal.write(f"\n  {terminal.bold('revy demo')}: the history of {repository}\n")
    terminal.say("history", f"{counted(commits, 'commit')} by {counted(usernames, 'author')}")
    if repository.is_shallow:
        terminal.say("", f"This is a shallow clone: what came before {commits[0].id[:10]} is not in it.")


def _replay(terminal: Terminal, repository: Repository, replay: Replay, commits: Sequence[Commit]) -> list[Replayed]:
    replayed: list[Replayed] = []
    with Progress(terminal, "replaying", len(commits)) as progress:
        for entry in replay.run(commits, repository.read_changes(commits)):
            replayed.append(entry)
            progress.advance(counted(replay.pages.versions, "page"))
    revisions = [entry for entry in replayed if entry.revision_id is not None]
    outcome = f"{counted(replayed, 'commit')} in {progress.seconds:.1f} s"
    terminal.say("replayed", f"{outcome}: {counted(revisions, 'revision')}")
    unchanged = [entry for entry in replayed if not entry.changes]
    if unchanged:
        terminal.say("", f"{counted(unchanged, 'commit')} without a change of a page")
    for reason, paths in replay.pages.left_out.items():
        if paths:
            terminal.say("", f"{counted(paths, reason.value)} left out")
    cut = [entry for entry in replayed if entry.is_message_cut]
    if cut:
        terminal.say("", f"{counted(cut, 'commit message')} cut, since the API takes no longer ones")
    return replayed


def _compare(terminal: Terminal, verifier: Verifier, replayed: Sequence[Replayed]) -> Comparison:
    result = verifier.result
    with Progress(terminal, "comparing", len(replayed)) as progress:
        for _ in verifier.run(replayed):
            progress.advance(counted(result.versions, "version"))
    compared = [counted(result.commits, "commit"), counted(result.pages, "page"), counted(result.versions, "version")]
    terminal.say("compared", f"{', '.join(compared)} with git in {progress.seconds:.1f} s")
    terminal.say("", f"every page at every commit, {result.states:,} in all; who changed it; why;")
    return result


def _report(terminal: Terminal, differences: Sequence[str]) -> None:
    style = terminal.bad if differences else terminal.good
    terminal.say("result", style(f"{len(differences):,} differ"))
    for difference in differences[:_DIFFERENCES_SHOWN]:
        terminal.say("", difference)
    if len(differences) > _DIFFERENCES_SHOWN:
        terminal.say("", f"and {len(differences) - _DIFFERENCES_SHOWN:,} more")


def _try_out(terminal: Terminal, visitor: Client, examples: Sequence[Example]) -> None:
    """Send the queries that a visitor is shown. Raises ServerError if one of them does not work."""
    for example in examples:
        (answer,) = visitor.execute(example.document).values()
        if not answer or answer.get("errors"):
            raise ServerError(f"{example.title}: the query does not work, {answer}")
    if examples:
        terminal.say("queries", f"{len(examples)} to try in GraphiQL, all of them work")


def _serve(terminal: Terminal, address: str, examples: Sequence[Example]) -> None:
    terminal.write(f"\n  The wiki is at {terminal.bold(address)} and its API at {terminal.bold(address + 'graphql/')}")
    name = terminal.bold(VISITOR)
    terminal.write(
        f"  Log in as {name}, password {name}, at {address}login/?next=/graphql/{' and paste:' if examples else ''}"
    )
    for number, example in enumerate(examples, start=1):
        terminal.write(f"\n  {terminal.bold(f'{number}. {example.title}')}\n")
        terminal.write("\n".join(f"  {line}" for line in example.document.splitlines()))
    terminal.write(f"\n  {terminal.dim('Ctrl-C ends it.')}")
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
    terminal.write()
