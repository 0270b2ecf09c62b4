"""What a visitor may try in GraphiQL, for a page of the wiki."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.db.models import Count
from django.db.models.functions import Length
from graphql_relay import to_global_id

from demo.terminal import printable
from demo.wiki.models import Page
from revy.contrib.django.models import ObjectDelta


class Example(NamedTuple):
    title: str
    document: str


_VERSIONS: Final = 5

_HISTORY: Final = """\
{
  revisions(contentType: "wiki.page", contentId: "%(page)s", first: 5) {
    totalCount
    edges { node {
      id createdAt description
      actors { display }
      objectDeltas(contentType: "wiki.page", contentId: "%(page)s") { edges { node {
        version action
        attributeDeltas { fieldName oldValue newValue }
      } } }
    } }
  }
}"""

_REVISION: Final = """\
{
  revision(id: "%(revision)s") {
    description
    actors { display }
    objectDeltas(first: 3) { totalCount edges { node {
      action version snapshot
      object { ... on Page { path } }
    } } }
  }
}"""

_RESTORE: Final = """\
mutation {
  restoreObject(
    contentType: "wiki.page", contentId: "%(page)s", version: 1
    commitMessage: "Back to how it began."
  ) {
    object { ... on Page { path body } }
    objectDelta { version action actor { display } }
    errors { code message }
  }
}"""


def make_examples() -> list[Example]:
    """Return queries about a page with some versions and a short body; none if there is no page."""
    counts = dict(ObjectDelta.objects.order_by().values_list("content_id").annotate(Count("pk")))
    sizes = Page.objects.order_by("pk").values_list("pk", "path", Length("body"))
    page = max(sizes, key=lambda row: (min(counts[str(row[0])], _VERSIONS), -row[2]), default=None)
    if page is None:
        return []
    pk, path, _size = page
    last = ObjectDelta.objects.filter(content_id=str(pk)).order_by("-version").values_list("revision", flat=True)[0]
    title = printable(path)
    names = {"page": pk, "revision": to_global_id("Revision", last)}
    return [
        Example(f"The history of {title}: who changed what, and why", _HISTORY % names),
        Example("One revision, and what its pages were then", _REVISION % names),
        Example(f"Bring back the first version of {title}", _RESTORE % names),
    ]
