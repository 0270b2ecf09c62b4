"""History of models and fields that are no longer there: hidden, and no reason to fail."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType

from revy.contrib.django import get_attribute_delta_model, get_object_delta_model
from tests.graphql.api import Api, recorded
from tests.graphql.app.models import Article, Untyped

pytestmark = pytest.mark.django_db

READ = """{
  revisions(first: 20) { edges { node {
    description
    actors { display }
    objectDeltas { edges { node {
      version contentType contentId
      attributeDeltas { fieldName oldValue newValue isMasked }
    } } }
  } } }
}"""


@pytest.mark.parametrize("is_left", [True, False])
def test_history_of_a_model_that_is_gone_is_hidden(as_editor: Api, is_left: bool) -> None:
    with recorded(message="gone"):
        Untyped.objects.create()
    with recorded(message="here"):
        Article.objects.create(title="t")
    stale = ContentType.objects.create(app_label="gqlapp", model="gone")
    own = ContentType.objects.get_for_model(Untyped)
    get_object_delta_model()._base_manager.filter(content_type=own).update(content_type=stale)
    get_object_delta_model()._base_manager.update(actor_type=stale, actor_id="1")
    if not is_left:
        stale.delete()
    assert told(as_editor) == ["here"]


def told(api: Api) -> list[Any]:
    edges = api.ask(READ)["revisions"]["edges"]
    assert all(edge["node"]["actors"] == [] for edge in edges)
    return [edge["node"]["description"] for edge in edges]


def test_attribute_that_no_field_of_today_has_is_masked(as_editor: Api) -> None:
    with recorded(message="here"):
        article = Article.objects.create(title="t", body="1")
    with recorded(message="there"):
        article.body = "2"
        article.save()
    get_attribute_delta_model()._base_manager.update(field_name="gone")
    edges = as_editor.ask(READ)["revisions"]["edges"]
    changes = [
        change
        for edge in edges
        if edge["node"]["description"] == "there"
        for delta in edge["node"]["objectDeltas"]["edges"]
        for change in delta["node"]["attributeDeltas"]
    ]
    assert changes == [{"fieldName": "gone", "oldValue": None, "newValue": None, "isMasked": True}]
