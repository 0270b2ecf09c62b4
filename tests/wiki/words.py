"""What the pages and their authors are called, and what they say."""

from __future__ import annotations

SCRIPT = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
NASTY_USER = "<script>document.title='owned'</script>"
AUTHORS = ["ada", "grace", "a-user-with-quite-a-long-name-who-works-at-an-institute", NASTY_USER]

GUIDE = """\
# Getting started

Install the package, and put it into your settings:

    pip install revy

Then run the migrations.

## Contexts

A context says who acts.

## Questions

Ask them on the list.
"""
