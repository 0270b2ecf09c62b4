"""Restores and reverts as a client asks for them, with their plans."""

from __future__ import annotations

from typing import Any

from graphql_relay import to_global_id

from revy.contrib.django import get_revision_model
from tests.graphql.api import Api, recorded
from tests.graphql.app.models import Article, Comment

PLAN = """plan { token isEmpty objectCount objects(first: 100) {
  contentType contentId action
  changes { fieldName now then isMasked } conflicts { fieldName now then isMasked }
  problems { field message code } object { __typename id }
} }"""

RESTORE = f"""mutation (
  $type: String!, $id: ID!, $version: Int, $expectedVersion: Int, $related: Boolean, $dryRun: Boolean,
  $expectedPlan: String, $message: String
) {{
  restoreObject(
    contentType: $type, contentId: $id, version: $version, expectedVersion: $expectedVersion, related: $related,
    dryRun: $dryRun, expectedPlan: $expectedPlan, commitMessage: $message
  ) {{
    revision {{ description }} objectDelta {{ version }} object {{ __typename }} {PLAN} errors {{ field message code }}
  }}
}}"""

REVERT = f"""mutation (
  $id: ID!, $skipConflicts: Boolean, $dryRun: Boolean, $expectedPlan: String, $message: String
) {{
  revertRevision(
    id: $id, skipConflicts: $skipConflicts, dryRun: $dryRun, expectedPlan: $expectedPlan, commitMessage: $message
  ) {{
    revision {{ description objectDeltas {{ totalCount }} }} {PLAN} errors {{ field message code }}
  }}
}}"""


def restore(api: Api, instance: Any, id: Any = None, **variables: Any) -> Any:
    key = str(instance.pk if id is None else id)
    return api.ask(RESTORE, type=instance._meta.label_lower, id=key, **variables)["restoreObject"]


def revert(api: Api, revision: Any = None, **variables: Any) -> Any:
    """Revert a revision, by default the last one."""
    revision = revision or last_revision()
    return api.ask(REVERT, id=to_global_id("Revision", revision.pk), **variables)["revertRevision"]


def last_revision() -> Any:
    return get_revision_model()._base_manager.order_by("pk").last()


def write_deleted(**comment: Any) -> Any:
    """Delete an article with a comment on it; return the article, with its key."""
    with recorded(message="written"):
        article = Article.objects.create(title="t")
        Comment.objects.create(article=article, text="fell", **comment)
    pk = article.pk
    with recorded(message="deleted"):
        article.delete()
    article.pk = pk
    return article


def codes(payload: Any) -> list[str]:
    """Return the codes of what stands in the way of something that did nothing."""
    assert payload["revision"] is None
    assert payload.get("objectDelta") is None
    return [error["code"] for error in payload["errors"]]


def objects(payload: Any) -> dict[str, Any]:
    """Return the plans of the objects by model; there is one of each."""
    plans = payload["plan"]["objects"]
    found = {plan["contentType"].removeprefix("gqlapp."): plan for plan in plans}
    assert len(found) == len(plans)
    return found


def changes(plan: Any) -> dict[str, Any]:
    """Return the changes of an object by attribute: its value now and then, "masked" if the viewer may not see them."""
    return {
        each["fieldName"]: "masked" if each["isMasked"] else (each["now"], each["then"]) for each in plan["changes"]
    }
