"""What the clients ask for."""

from __future__ import annotations

from typing import Final

PAGES: Final = """\
query Pages($search: String) {
  pages(search: $search, first: 20) {
    edges { node { contentId path revisions(first: 1) { edges { node { description actors { display } } } } } }
  }
}"""

HISTORY: Final = """\
query History($id: ID!, $after: String) {
  revisions(contentType: "wiki.page", contentId: $id, first: 20, after: $after) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      description createdAt actors { display }
      objectDeltas(contentType: "wiki.page", contentId: $id) {
        edges { node { version action attributeDeltas { fieldName oldValue newValue } } }
      }
    } }
  }
}"""

OWN_CHANGES: Final = """\
query OwnChanges($user: ID!) {
  revisions(actor: { contentType: "auth.user", contentId: $user }, first: 20) {
    edges { node { id description actors { display } } }
  }
}"""

DIFF: Final = """\
query Diff($id: ID!) {
  diff(contentType: "wiki.page", contentId: $id) {
    to { version actor { display } }
    attributes { fieldName unifiedDiff }
  }
}"""

COMMIT: Final = """\
mutation Commit($write: [PageInput!]!, $delete: [String!]!, $message: String!) {
  commit(write: $write, delete: $delete, commitMessage: $message) { revisionId }
}"""

RESTORE: Final = """\
mutation Restore($id: ID!, $version: Int!, $expected: Int, $message: String!) {
  restoreObject(
    contentType: "wiki.page", contentId: $id, version: $version, expectedVersion: $expected, commitMessage: $message
  ) {
    revision { id }
    errors { code message }
  }
}"""
