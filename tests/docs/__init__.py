"""Every code block of the documentation runs as it stands.

A page of docs/ needs nothing but its blocks: they run from top to bottom, in one namespace, in `test_guide`. The names
of `conftest` (`user`, `post` …) are there already, and `blog.models` is `tests.app.models`. The fence says what a block
is:

- `python`: is run. What it prints can be shown by a block `text` right after it, which has to be just that.
- `graphql`: is asked, of the schema that the page has called `schema`, by the user; its answer can be shown by a block
  `json` right after it.
- `python settings`: settings that exist, that the system checks have nothing against, and whose paths can be imported.
- `sh`: commands of manage.py are called, targets of the Makefile exist.
- `python simple_history` (or another library of `benchmarks.libraries`): runs beside that library, in an environment of
  its own; `models` or `settings` behind it makes it part of those of the library's project. See `test_peers`.

What a page cannot show is a story in `stories`, under the name of the page: a function that runs the page up to a
block, does what somebody else would do, the call of a view that was just defined for example, looks at what came of it,
and goes on. What it leaves is run after it, so that no block can be forgotten.

A page whose blocks need models or types of their own has tests of its own, and is named in `test_guide.ELSEWHERE`. To
be in the site, a page has to be named in docs/index.md, with a line `- [Title](page.md): what it says`.
"""
