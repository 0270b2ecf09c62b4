"""Fill the database of `tests.wiki.settings` with a history, and print the keys of its pages as JSON.

`python -m tests.wiki.fill PASSWORD` runs it. All users have that password.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.contrib.auth.models import Permission, User  # noqa: E402

from demo.database import create_database  # noqa: E402
from demo.wiki.models import Page  # noqa: E402
from revy import Context  # noqa: E402
from tests.wiki.words import AUTHORS, GUIDE, SCRIPT  # noqa: E402


def commit(actor: User | None, message: str, *pages: Page, **values: str) -> None:
    """Save the pages, with these values, as one revision."""
    with Context.via_actor(actor), Context.via_revision_description(message):
        for page in pages:
            for name, value in values.items():
                setattr(page, name, value)
            page.save()


def delete(actor: User | None, message: str, page: Page) -> None:
    with Context.via_actor(actor), Context.via_revision_description(message):
        Page.objects.get(pk=page.pk).delete()


def fill() -> dict[str, int]:
    ada, grace, long_name, nasty_user = (User.objects.get(username=name) for name in AUTHORS)
    pages: dict[str, Page] = {}

    names = [f"{section}/page-{number:02}" for section in ("fields", "models", "queries") for number in range(1, 41)]
    imported = [Page(path=f"reference/{name}.md", body=f"# {name}\n") for name in names]
    commit(ada, "Import the reference\n\nGenerated from the sources.\nNothing was edited by hand.", *imported)

    guide = pages["guide"] = Page(path="docs/getting-started.md", body=GUIDE)
    commit(ada, "Begin the guide", guide)
    body = GUIDE.replace("who acts.", "who acts, and why.\nBlocks nest.")
    commit(grace, "Say more about contexts", guide, body=body)
    body = body.replace("pip install revy", 'pip install ".[graphql]"')
    commit(ada, "Spell it right\n\nReported on the list.\n\n- the heading\n- the command", guide, body=body)
    commit(None, "Make it executable", guide, mode="100755")
    body = body.replace("\n## Questions\n\nAsk them on the list.\n", "")
    commit(grace, "Shorten the end", guide, body=body)
    body += "\n## Next\n\nRead about deleting, and about bringing back.\n"
    commit(long_name, "Add what to read next", guide, mode="100644", body=body)

    busy = pages["busy"] = Page(path="notes/diary.txt", body="Day 1\n")
    for day in range(1, 26):
        commit(ada if day % 2 else grace, f"Write down day {day}", busy, body=f"Day {day}\n")

    gone = pages["gone"] = Page(path="docs/old-install.md", body="# The old way\n\nUse the installer.\n")
    commit(ada, "Describe the installer", gone)
    commit(grace, "Mention the licence", gone, body=gone.body + "\nAccept the licence.\n")
    pages["gone"] = Page(pk=gone.pk)
    delete(grace, "Nobody uses the installer any more", gone)

    nasty = pages["nasty"] = Page(path=f"{SCRIPT}.md", body=f"{SCRIPT}\n{{{{ x }}}} {{% x %}} &amp; <b>bold</b>\n")
    commit(nasty_user, f"{SCRIPT}\n\n{SCRIPT}", nasty)
    commit(nasty_user, f"Again {SCRIPT}", nasty, body=f"{SCRIPT} twice\n", mode="<i>m")

    long = pages["long"] = Page(
        path="deep/" * 30 + "a-file-with-a-name-that-does-not-end-" * 4 + ".md", body="word " * 400
    )
    commit(long_name, "unbroken" * 60, long)
    commit(long_name, "A line that does not end", long, body="x" * 3_000 + "\n" + "short\n" + "tail " * 300)

    empty = pages["empty"] = Page(path="empty.txt", body="")
    commit(grace, "", empty)

    for name in ("restored", "raced", "forbidden", "typed"):
        page = pages[name] = Page(path=f"tests/{name}.md", body="first\n")
        commit(ada, f"Begin {name}", page)
        commit(grace, f"Go on with {name}", page, body="first\nsecond\n")
    brought_back = pages["brought back"] = Page(path="tests/brought-back.md", body="alive\n")
    commit(ada, "Begin", brought_back)
    pages["brought back"] = Page(pk=brought_back.pk)
    delete(ada, "End", brought_back)

    taken = pages["taken"] = Page(path="tests/taken.md", body="the first owner\n")
    commit(ada, "Own the path", taken)
    pages["taken"] = Page(pk=taken.pk)
    delete(ada, "Give the path up", taken)
    commit(grace, "Take the path", Page(path="tests/taken.md", body="the second owner\n"))

    pages["unrecorded"] = Page.objects.create(path="tests/unrecorded.md", body="older than the history\n")
    return {name: page.pk for name, page in pages.items()}


def main() -> None:
    create_database(AUTHORS, sys.argv[1])
    reader = User.objects.create_user("reader", password=sys.argv[1])
    reader.user_permissions.set(Permission.objects.filter(codename__in=("view_page", "view_user")))
    print(json.dumps(fill()))


if __name__ == "__main__":
    main()
