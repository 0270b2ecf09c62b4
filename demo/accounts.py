"""A user name for each author."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from demo.history import Author

VISITOR: Final = "admin"

# Leaves room for a number within the 150 characters that Django allows.
_LONGEST: Final = 140


def name_accounts(authors: Iterable[Author]) -> dict[str, str]:
    """Return a user name of its own for each author, by `Author.key`."""
    usernames: dict[str, str] = {}
    taken = {VISITOR}
    for author in authors:
        if author.key in usernames:
            continue
        base = username = _plain(author.name) or _plain(author.email.partition("@")[0]) or "author"
        number = 1
        while username in taken:
            number += 1
            username = f"{base}-{number}"
        taken.add(username)
        usernames[author.key] = username
    return usernames


def _plain(name: str) -> str:
    """Return the name in the letters that Django takes, and in the form that its login form gives to them."""
    name = unicodedata.normalize("NFKC", name.lower())
    return re.sub(r"[^\w.+-]+", "-", name).strip("-")[:_LONGEST]
