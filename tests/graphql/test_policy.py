"""History shows no more than the present does: a test for every hole."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

import graphene
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from graphene_django import DjangoObjectType
from graphene_django.registry import Registry

import revy_graphql
from revy import Context
from revy.contrib.django import get_object_delta_model
from revy.contrib.django.visibility import is_filtered
from tests.graphql.api import Api, grant, recorded, request_of
from tests.graphql.app.models import Article, Bot, Draft, Label, Moment, Note, Outline, Untyped
from tests.graphql.schema import schema

pytestmark = pytest.mark.django_db

REVISIONS = """query ($type: String, $id: ID, $first: Int) {
  revisions(contentType: $type, contentId: $id, first: $first) {
    totalCount pageInfo { hasNextPage }
    edges { node {
      id description actors { contentType contentId display node { id } }
      objectDeltas { totalCount pageInfo { hasNextPage } edges { node {
        id contentType contentId action version description snapshot object { __typename id }
        actor { contentType contentId display node { __typename } }
        attributeDeltas { id fieldName oldValue newValue isMasked action description actor { display } }
      } } }
    } }
  }
}"""


def revisions(api: Api, type: str | None = None, id: Any = None, **options: Any) -> list[Any]:
    found = api.ask(REVISIONS, type=type, id=None if id is None else str(id), **options)["revisions"]
    return [edge["node"] for edge in found["edges"]]


def deltas(api: Api, type: str | None = None, id: Any = None) -> list[Any]:
    return [edge["node"] for revision in revisions(api, type, id) for edge in revision["objectDeltas"]["edges"]]


def attributes(api: Api, type: str, id: Any = None) -> dict[str, Any]:
    """Return the attribute deltas of the newest object delta by field name."""
    return {attribute["fieldName"]: attribute for attribute in deltas(api, type, id)[0]["attributeDeltas"]}


def refusal(api: Api, type: str, id: Any = None) -> Any:
    """Return what is said instead of a history, without where it was asked for."""
    answer = api(REVISIONS, type=type, id=None if id is None else str(id))
    assert answer.data is None
    return [(error["message"], error["path"], error["extensions"]) for error in answer.errors]


NOT_FOUND = [("Not found.", ["revisions"], {"code": "NOT_FOUND"})]


# Models


def test_anonymous_sees_nothing(anonymous: Api) -> None:
    with recorded(message="m"):
        article = Article.objects.create(title="t")
    assert revisions(anonymous) == []
    assert refusal(anonymous, "gqlapp.article") == NOT_FOUND
    assert refusal(anonymous, "gqlapp.article", article.pk) == NOT_FOUND


def test_no_request_sees_nothing(db: None) -> None:
    with recorded():
        Article.objects.create(title="t")
    result = schema.execute("{ revisions { totalCount edges { node { id } } } }")
    assert result.errors is None
    assert result.data == {"revisions": {"totalCount": 0, "edges": []}}


@pytest.mark.parametrize("flags", [{"is_staff": True}, {}, {"is_superuser": True, "is_active": False}])
def test_users_without_the_view_permission_see_nothing(flags: dict[str, bool]) -> None:
    with recorded():
        Article.objects.create(title="t")
    user = User.objects.create_user("user", **flags)
    result = schema.execute("{ revisions { totalCount } }", context_value=request_of(user))
    assert result.data == {"revisions": {"totalCount": 0}}


def test_inactive_user_with_the_permission_sees_nothing(reader: User) -> None:
    with recorded():
        Article.objects.create(title="t")
    reader.is_active = False
    result = schema.execute("{ revisions { totalCount } }", context_value=request_of(reader))
    assert result.data == {"revisions": {"totalCount": 0}}


def test_unknown_hidden_and_missing_look_the_same(as_editor: Api) -> None:
    with recorded():
        draft = Draft.objects.create(title="d")
        Article.objects.create(title="t")
    answers = [
        refusal(as_editor, "no.such"), refusal(as_editor, "nonsense"), refusal(as_editor, ""),
        refusal(as_editor, "gqlapp.draft"), refusal(as_editor, "gqlapp.draft", draft.pk),
        refusal(as_editor, "gqlapp.draft", "nonsense"), refusal(as_editor, "gqlapp.article", 12345),
        refusal(as_editor, "revy.revision", 1), refusal(as_editor, "contenttypes.contenttype", 1),
    ]  # fmt: skip
    assert answers == [NOT_FOUND] * len(answers)


def test_model_that_is_not_tracked_any_more_is_not_found(as_superuser: Api, settings: Any) -> None:
    with recorded():
        Article.objects.create(title="t")
    assert len(revisions(as_superuser, "gqlapp.article")) == 1
    settings.REVY_EXCLUDED_MODELS = ["gqlapp.Article"]
    assert refusal(as_superuser, "gqlapp.article") == NOT_FOUND
    assert revisions(as_superuser) == []


def test_hidden_objects_of_a_shared_revision_are_left_out(as_editor: Api) -> None:
    with recorded(message="shared"):
        Article.objects.create(title="t")
        Draft.objects.create(title="d")
        Untyped.objects.create(title="u")
    (revision,) = revisions(as_editor)
    assert [edge["node"]["contentType"] for edge in revision["objectDeltas"]["edges"]] == ["gqlapp.article"]
    assert revision["objectDeltas"]["totalCount"] == 1
    assert revision["objectDeltas"]["pageInfo"]["hasNextPage"] is False


def test_revisions_without_anything_to_see_are_missing_everywhere(as_editor: Api, as_superuser: Api) -> None:
    with recorded(message="hidden"):
        Draft.objects.create(title="d")
    with recorded(message="seen"):
        Article.objects.create(title="t")
    with recorded(message="hidden, too"):
        Draft.objects.create(title="d")
    hidden = [revision for revision in revisions(as_superuser) if revision["description"] != "seen"]
    page = as_editor.ask(REVISIONS, first=1)["revisions"]
    assert [edge["node"]["description"] for edge in page["edges"]] == ["seen"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (1, False)
    query = "query ($id: ID!) { revision(id: $id) { id } node(id: $id) { id } }"
    for revision in hidden:
        assert as_editor.ask(query, id=revision["id"]) == {"revision": None, "node": None}
        (edge,) = revision["objectDeltas"]["edges"]
        assert as_editor.ask("query ($id: ID!) { node(id: $id) { id } }", id=edge["node"]["id"]) == {"node": None}


# Objects


def make_pair(model: type[models.Model], is_public: bool) -> Any:
    options: dict[type[models.Model], dict[str, Any]] = {
        Draft: {"title": "d"},
        Note: {"text": "n"},
        Outline: {"title": "o"},
        Label: {"name": f"L{is_public}"},
        Moment: {"at": datetime.datetime(2020, 1, 1 + is_public, 12, 30, 15, 123456, tzinfo=datetime.UTC)},
    }
    return model._default_manager.create(is_public=is_public, **options[model])


def keys_of(model: type[models.Model]) -> list[str]:
    """Return the keys in the history of a model, one for each delta, oldest first."""
    deltas = get_object_delta_model().objects.filter(content_type__model=model._meta.model_name)
    return list(deltas.order_by("pk").values_list("content_id", flat=True))


RESTRICTED = [Draft, Note, Label, Moment, Outline]


@pytest.mark.parametrize("model", RESTRICTED)
def test_objects_that_get_queryset_hides_have_no_history(model: Any, as_reader: Api, as_superuser: Api) -> None:
    name = model._meta.label_lower
    with recorded(message="hidden"):
        hidden = make_pair(model, False)
    with recorded(message="shown"):
        shown = make_pair(model, True)
    with recorded(message="both"):
        model.objects.get(pk=hidden.pk).delete()
        hidden = make_pair(model, False)
        shown.is_public = False
        shown.save()
        shown.is_public = True
        shown.save()
    hidden_key, shown_key = keys_of(model)[-3], keys_of(model)[-1]
    assert {revision["description"] for revision in revisions(as_reader, name)} == {"both", "shown"}
    assert {delta["contentId"] for delta in deltas(as_reader) if delta["contentType"] == name} == {shown_key}
    assert [delta["contentType"] for delta in deltas(as_reader, name, shown_key)].count(name) == 3
    assert refusal(as_reader, name, hidden_key) == NOT_FOUND
    assert {revision["description"] for revision in revisions(as_superuser, name)} == {"both", "shown", "hidden"}


@pytest.mark.parametrize("model", RESTRICTED)
def test_deleted_objects_of_a_filtered_type_are_hidden(model: Any, as_reader: Api, as_superuser: Api) -> None:
    with recorded(message="m"):
        shown = make_pair(model, True)
    (key,) = keys_of(model)
    assert len(revisions(as_reader, model._meta.label_lower, key)) == 1
    shown.delete()
    assert refusal(as_reader, model._meta.label_lower, key) == NOT_FOUND
    assert revisions(as_reader) == []
    assert len(revisions(as_superuser, model._meta.label_lower, key)) == 1


class ShowsDeleted(revy_graphql.Policy):
    def can_view_deleted(self, info: Any, model: type[models.Model]) -> bool:
        return True


@pytest.mark.parametrize("model", RESTRICTED)
def test_policy_may_show_deleted_objects_without_showing_hidden_ones(model: Any, as_reader: Api, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"POLICY": "tests.graphql.test_policy.ShowsDeleted"}
    with recorded(message="hidden"):
        make_pair(model, False)
    (hidden_key,) = keys_of(model)
    with recorded(message="deleted"):
        deleted = make_pair(model, True)
    deleted_key = keys_of(model)[-1]
    deleted.delete()
    name = model._meta.label_lower
    assert [revision["description"] for revision in revisions(as_reader)] == ["deleted"]
    assert len(revisions(as_reader, name, deleted_key)) == 1
    assert refusal(as_reader, name, hidden_key) == NOT_FOUND


class HidesDeleted(revy_graphql.Policy):
    def can_view_deleted(self, info: Any, model: type[models.Model]) -> bool:
        return False


def test_policy_may_hide_deleted_objects(as_reader: Api, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"POLICY": HidesDeleted}
    with recorded(message="m"):
        article = Article.objects.create(title="t")
        gone = Article.objects.create(title="gone")
    pk = gone.pk
    gone.delete()
    assert [delta["contentId"] for delta in deltas(as_reader)] == [str(article.pk)]
    assert refusal(as_reader, "gqlapp.article", pk) == NOT_FOUND


def test_deleted_objects_of_an_unfiltered_type_are_shown(as_reader: Api) -> None:
    with recorded(message="made"):
        article = Article.objects.create(title="t", secret="s")
    pk = article.pk
    with recorded(message="deleted"):
        article.delete()
    newest, _ = deltas(as_reader, "gqlapp.article", pk)
    assert newest["action"] == "DELETE"
    assert newest["object"] is None
    assert newest["snapshot"]["title"] == "t"
    assert "secret" not in newest["snapshot"]
    assert [a["isMasked"] for a in newest["attributeDeltas"] if a["fieldName"] == "secret"] == [True]


def test_keys_that_are_none_of_the_model_today_hide_nothing_else(as_reader: Api) -> None:
    """The type of a primary key may have changed since; no database may choke on the old ones."""
    with recorded(message="m"):
        Draft.objects.create(title="d", is_public=True)
        Note.objects.create(is_public=True)
    model = get_object_delta_model()
    for version, key in enumerate(["abc", "", "1.5", "9" * 40, str(uuid.uuid4()), "1 OR 1=1"], 50):
        for content_type in ContentType.objects.filter(app_label="gqlapp", model__in=("draft", "note")):
            last = model.objects.filter(content_type=content_type).latest("pk")
            model.objects.create(
                revision=last.revision, action="U", content_type=content_type, content_id=key, version=version
            )
    assert len(deltas(as_reader)) == 2


# Fields


def test_field_that_the_type_leaves_out_is_masked(as_reader: Api, as_superuser: Api) -> None:
    with recorded():
        article = Article.objects.create(title="t", secret="s1")
        with Context.via_attribute_delta_description("because s2"):
            article.secret = "s2"
        article.body = "b"
        article.save()
    for api in (as_reader, as_superuser):
        newest, oldest = deltas(api, "gqlapp.article", article.pk)
        secret, body = sorted(newest["attributeDeltas"], key=lambda delta: str(delta["fieldName"]), reverse=True)
        assert (secret["fieldName"], secret["isMasked"]) == ("secret", True)
        assert (secret["oldValue"], secret["newValue"], secret["description"]) == (None, None, "")
        assert (body["isMasked"], body["oldValue"], body["newValue"]) == (False, "", "b")
        assert newest["snapshot"] == {"id": article.pk, "title": "t", "body": "b", "author_id": None, "draft_id": None}
        assert "s1" not in str(oldest)


def test_masked_delta_does_not_tell_whether_the_value_was_emptied(as_reader: Api) -> None:
    delta = get_object_delta_model()
    with recorded():
        article = Article.objects.create(title="t")
    first = delta.objects.get()
    emptied = delta.objects.create(
        revision=first.revision, action="U", content_type=first.content_type, content_id=first.content_id, version=2
    )
    emptied.attribute_deltas.create(field_name="secret", old_value="s", new_value=None)
    emptied.attribute_deltas.create(field_name="body", old_value="s", new_value=None)
    found = attributes(as_reader, "gqlapp.article", article.pk)
    assert (found["secret"]["action"], found["body"]["action"]) == ("SET", "UNSET")


def test_field_that_is_gone_is_masked(as_reader: Api) -> None:
    with recorded():
        article = Article.objects.create(title="t")
    first = get_object_delta_model().objects.get()
    first.attribute_deltas.create(field_name="dropped", old_value=None, new_value="old secret")
    assert attributes(as_reader, "gqlapp.article", article.pk)["dropped"]["isMasked"] is True


def test_model_without_object_type_is_masked_throughout(as_reader: Api) -> None:
    with recorded():
        untyped = Untyped.objects.create(title="t")
    (delta,) = deltas(as_reader, "gqlapp.untyped", untyped.pk)
    assert delta["snapshot"] is None
    assert delta["object"] is None
    assert delta["attributeDeltas"]
    assert all(attribute["isMasked"] for attribute in delta["attributeDeltas"])
    assert {(attribute["oldValue"], attribute["newValue"]) for attribute in delta["attributeDeltas"]} == {(None, None)}


def test_password_is_masked_even_if_the_type_shows_it(as_superuser: Api) -> None:
    with recorded():
        user = User.objects.create_user("alice", password="first")
        hashes = [user.password]
        user.set_password("second")
        user.save()
        hashes.append(user.password)
    answer = as_superuser(REVISIONS, type="auth.user", id=str(user.pk))
    assert answer.errors == []
    assert not any(hash in str(answer.data) for hash in hashes)
    assert "password" not in deltas(as_superuser, "auth.user", user.pk)[0]["snapshot"]
    found = attributes(as_superuser, "auth.user", user.pk)
    assert found["password"]["isMasked"] is True
    with recorded():
        user.delete()
    assert not any(hash in str(as_superuser(REVISIONS).data) for hash in hashes)


def make_schema(article_type: Any, *others: Any) -> Any:
    class Query(revy_graphql.Query, graphene.ObjectType):
        article = graphene.Field(article_type)

    return revy_graphql.Schema(query=Query, types=[article_type, *others])


def seen_values(schema: Any, user: User) -> dict[str, Any]:
    result = schema.execute(REVISIONS, context_value=request_of(user), variable_values={"type": "gqlapp.article"})
    assert result.errors is None
    (edge,) = result.data["revisions"]["edges"][0]["node"]["objectDeltas"]["edges"]
    return {
        attribute["fieldName"]: attribute["newValue"]
        for attribute in edge["node"]["attributeDeltas"]
        if not attribute["isMasked"]
    }


class GuardedField(graphene.Field):
    def wrap_resolve(self, parent_resolver: Any) -> Any:
        return lambda root, info: None


def guard(default_name: str, default: Any, root: Any, info: Any, **args: Any) -> Any:
    return None


def test_fields_that_the_project_resolves_itself_are_masked(reader: User) -> None:
    class ByMethod(DjangoObjectType):
        class Meta:
            model = Article
            fields = ("id", "title", "body", "secret")
            registry = Registry()

        secret = graphene.String(resolver=lambda root, info: "***")
        body = GuardedField(graphene.String)

        @staticmethod
        def resolve_title(root: Any, info: Any) -> str:
            return "***"

    with recorded():
        article = Article.objects.create(title="t", body="b", secret="s")
    assert seen_values(make_schema(ByMethod), reader) == {"id": article.pk}


def test_fields_below_a_default_resolver_of_the_project_are_masked(reader: User) -> None:
    class ByDefault(DjangoObjectType):
        class Meta:
            model = Article
            fields = ("id", "title")
            registry = Registry()
            default_resolver = guard

    with recorded():
        article = Article.objects.create(title="t")
    assert seen_values(make_schema(ByDefault), reader) == {"id": article.pk}


def test_fields_that_an_interface_resolves_are_masked(reader: User) -> None:
    class Titled(graphene.Interface):
        title = graphene.String()

        @staticmethod
        def resolve_title(root: Any, info: Any) -> str:
            return "***"

    class ByInterface(DjangoObjectType):
        class Meta:
            model = Article
            fields = ("id", "title", "body")
            interfaces = (Titled,)
            registry = Registry()

    with recorded():
        article = Article.objects.create(title="t", body="b")
    assert seen_values(make_schema(ByInterface), reader) == {"id": article.pk, "body": "b"}


def test_fields_declared_again_without_a_resolver_are_shown(reader: User) -> None:
    class Redeclared(DjangoObjectType):
        class Meta:
            model = Article
            fields = ("id",)
            registry = Registry()

        title = graphene.String(required=True)
        body = graphene.Field(graphene.String)

    with recorded():
        article = Article.objects.create(title="t", body="b", secret="s")
    assert seen_values(make_schema(Redeclared), reader) == {"id": article.pk, "title": "t", "body": "b"}


def test_types_of_other_schemas_do_not_count(reader: User) -> None:
    """An internal API may show more of a model than the public one does."""

    class Public(DjangoObjectType):
        class Meta:
            model = Article
            fields = ("id", "title")
            registry = Registry()

    with recorded():
        article = Article.objects.create(title="t", body="b")
    assert seen_values(make_schema(Public), reader) == {"id": article.pk, "title": "t"}


def test_types_that_are_not_registered_do_not_count(reader: User) -> None:
    class Unregistered(DjangoObjectType):
        class Meta:
            model = Article
            fields = "__all__"
            registry = Registry()
            skip_registry = True

    with recorded():
        Article.objects.create(title="t", body="b")
    assert seen_values(make_schema(Unregistered), reader) == {}


def test_two_registered_types_of_one_model_are_none(reader: User) -> None:
    def make_type(name: str) -> Any:
        meta = type("Meta", (), {"model": Article, "fields": ("id", "title"), "registry": Registry(), "name": name})
        return type(name, (DjangoObjectType,), {"Meta": meta})

    with recorded():
        Article.objects.create(title="t")
    assert seen_values(make_schema(make_type("One"), make_type("Two")), reader) == {}


# References


def test_reference_to_a_hidden_object_is_masked(as_reader: Api, as_superuser: Api) -> None:
    hidden, shown = Draft.objects.create(title="h"), Draft.objects.create(title="s", is_public=True)
    with recorded():
        article = Article.objects.create(title="t", draft=hidden)
    with recorded():
        article.draft = shown
        article.save()
    newest, oldest = deltas(as_reader, "gqlapp.article", article.pk)
    (change,) = newest["attributeDeltas"]
    assert (change["isMasked"], change["oldValue"], change["newValue"]) == (True, None, shown.pk)
    assert newest["snapshot"]["draft_id"] == shown.pk
    assert "draft_id" not in oldest["snapshot"]
    newest, oldest = deltas(as_superuser, "gqlapp.article", article.pk)
    assert oldest["snapshot"]["draft_id"] == hidden.pk


def test_reference_to_a_deleted_object_of_a_filtered_type_is_masked(as_reader: Api) -> None:
    shown = Draft.objects.create(title="s", is_public=True)
    with recorded():
        article = Article.objects.create(title="t", draft=shown)
    assert attributes(as_reader, "gqlapp.article", article.pk)["draft_id"]["isMasked"] is False
    shown.delete()
    assert attributes(as_reader, "gqlapp.article", article.pk)["draft_id"]["isMasked"] is True


def test_reference_to_a_model_without_object_type_is_masked(reader: User) -> None:
    class Lonely(DjangoObjectType):
        class Meta:
            model = Article
            fields = "__all__"
            registry = Registry()

    draft = Draft.objects.create(title="d")
    with recorded():
        Article.objects.create(title="t", draft=draft)
    assert "draft_id" not in seen_values(make_schema(Lonely), reader)


# Objects and actors as nodes


def test_object_is_shown_by_the_registered_type_alone(as_reader: Api) -> None:
    """AAAArticle, another type of the model in the same schema, comes first by name and shows the secret."""
    with recorded():
        Article.objects.create(title="t", secret="s")
    query = """{ revisions { edges { node { objectDeltas { edges { node { object {
        __typename ... on AAAArticle { secret } ... on ArticleType { title } } } } } } } } }"""
    (edge,) = as_reader.ask(query)["revisions"]["edges"][0]["node"]["objectDeltas"]["edges"]
    assert edge["node"]["object"] == {"__typename": "ArticleType", "title": "t"}


def test_object_whose_type_is_no_node_is_null(as_superuser: Api) -> None:
    with recorded():
        Label.objects.create(name="l")
    assert deltas(as_superuser)[0]["object"] is None


def test_actor_that_the_viewer_may_see_is_shown(as_reader: Api, editor: User) -> None:
    with recorded(editor):
        Article.objects.create(title="t")
    (revision,) = revisions(as_reader)
    (edge,) = revision["objectDeltas"]["edges"]
    actor = edge["node"]["actor"]
    assert (actor["contentType"], actor["contentId"], actor["display"]) == ("auth.user", str(editor.pk), "editor")
    assert actor["node"] == {"__typename": "UserType"}
    assert [actor["display"] for actor in revision["actors"]] == ["editor"]
    assert edge["node"]["attributeDeltas"][0]["actor"] == {"display": "editor"}


def test_actor_without_permission_on_its_model_is_null(editor: User) -> None:
    viewer = grant(User.objects.create_user("viewer"), "view_article")
    with recorded(editor):
        Article.objects.create(title="t")
    (revision,) = revisions(Api.of(viewer))
    assert revision["actors"] == []
    assert revision["objectDeltas"]["edges"][0]["node"]["actor"] is None
    assert "editor" not in str(revision)


def test_actor_that_get_queryset_hides_is_null(as_reader: Api) -> None:
    hidden, shown = Draft.objects.create(title="h"), Draft.objects.create(title="s", is_public=True)
    with recorded(hidden):
        Article.objects.create(title="t")
    with recorded(shown):
        Article.objects.create(title="u")
    newest, oldest = revisions(as_reader)
    assert [actor["contentId"] for actor in newest["actors"]] == [str(shown.pk)]
    assert oldest["actors"] == []


def test_actor_of_a_model_without_object_type_has_no_display(as_reader: Api) -> None:
    with recorded(Untyped.objects.create(title="secret")):
        Article.objects.create(title="t")
    assert revisions(as_reader)[0]["actors"][0]["display"] is None


def test_actor_that_is_gone_keeps_its_key(as_reader: Api) -> None:
    bot = Bot.objects.create(name="robot")
    pk = bot.pk
    with recorded(bot):
        Article.objects.create(title="t")
    assert revisions(as_reader)[0]["actors"][0]["display"] == "robot"
    bot.delete()
    assert revisions(as_reader)[0]["actors"] == [
        {"contentType": "gqlapp.bot", "contentId": str(pk), "display": None, "node": None}
    ]


def test_actors_are_those_of_the_visible_deltas_each_once(as_editor: Api, editor: User) -> None:
    one, two, three = (Bot.objects.create(name=name) for name in ("one", "two", "three"))
    with Context.via_revision_description("shared"):
        with Context.via_actor(one):
            article = Article.objects.create(title="a")
            Article.objects.create(title="b")
        with Context.via_actor(two):
            Draft.objects.create(title="hidden")
        with Context.via_actor(editor):
            with Context.via_actor(three):
                article.body = "3"
            article.save()
    (revision,) = revisions(as_editor)
    assert [actor["display"] for actor in revision["actors"]] == ["one", "editor", "three"]


def test_actor_model_that_is_not_recorded_is_shown(as_reader: Api, editor: User, settings: Any) -> None:
    settings.REVY_MODELS = ["gqlapp"]
    with recorded(editor):
        Article.objects.create(title="t")
    assert revisions(as_reader)[0]["actors"][0]["display"] == "editor"


# What is gone


def test_stale_content_types_hide_their_history_and_break_nothing(as_superuser: Api, editor: User) -> None:
    with recorded(editor):
        article = Article.objects.create(title="t")
    stale = ContentType.objects.create(app_label="gone", model="nothing")
    model = get_object_delta_model()
    for version, content_type_id in enumerate((stale.pk, 987654)):
        model.objects.create(
            revision=model.objects.earliest("pk").revision, action="U", content_type_id=content_type_id,
            content_id="1", version=version, actor_type_id=content_type_id, actor_id="1",
        )  # fmt: skip
    model.objects.filter(content_id=str(article.pk)).update(actor_type_id=stale.pk)
    (delta,) = deltas(as_superuser)
    assert delta["actor"] is None
    assert revisions(as_superuser)[0]["actors"] == []
    assert refusal(as_superuser, "gone.nothing") == NOT_FOUND


def test_actor_with_a_nonsense_key_does_not_break_the_page(as_superuser: Api, editor: User) -> None:
    with recorded(editor):
        Article.objects.create(title="t")
    get_object_delta_model().objects.update(actor_id="nonsense")
    assert revisions(as_superuser)[0]["actors"][0]["display"] is None


# The policy as a class


def test_queryset_is_filtered_by_a_condition_a_slice_or_a_combination() -> None:
    rows = Article.objects.all()
    for filtered in (rows.filter(title="a"), rows.none(), rows[:1], rows.union(rows)):
        assert is_filtered(filtered) is True
    for whole in (rows, rows.order_by("title"), rows.select_related("draft"), rows.distinct(), rows.only("title")):
        assert is_filtered(whole) is False


class OwnPolicy(revy_graphql.Policy):
    def can_view_model(self, info: Any, model: type[models.Model]) -> bool:
        return model is Article

    def can_view_field(self, info: Any, model: type[models.Model], field: models.Field[Any, Any]) -> bool:
        return field.name == "secret"

    def get_actor_display(self, info: Any, actor: models.Model) -> str | None:
        return "somebody"


def test_policy_is_a_class_of_the_project(anonymous: Api, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"POLICY": "tests.graphql.test_policy.OwnPolicy"}
    with recorded():
        article = Article.objects.create(title="t", secret="s")
    (delta,) = deltas(anonymous, "gqlapp.article", article.pk)
    assert delta["snapshot"] == {"secret": "s"}


def test_wrong_policy_fails_masked(as_reader: Api, settings: Any) -> None:
    settings.REVY_GRAPHQL = {"POLICY": "no.such.Policy"}
    assert as_reader(REVISIONS).codes == ["INTERNAL"]


def test_get_queryset_that_returns_a_list_fails_masked_and_says_what_to_do(reader: User, caplog: Any) -> None:
    class Listed(DjangoObjectType):
        class Meta:
            model = Article
            fields = ("id",)
            registry = Registry()

        @classmethod
        def get_queryset(cls, queryset: Any, info: Any) -> Any:
            return list(queryset)

    result = make_schema(Listed).execute("{ revisions { totalCount } }", context_value=request_of(reader))
    assert [error.extensions for error in result.errors or ()] == [{"code": "INTERNAL"}]
    assert "Return a QuerySet" in str(caplog.records[-1].exc_info[1])


@pytest.mark.parametrize(
    "narrow",
    [
        lambda rows: rows.filter(title="a").union(rows.filter(title="b")),
        lambda rows: rows.order_by("title")[:2],
        lambda rows: rows.exclude(title="c").order_by("title").distinct(),
    ],
)
def test_get_queryset_may_combine_slice_and_order(narrow: Any, reader: User) -> None:
    class Combined(DjangoObjectType):
        class Meta:
            model = Article
            fields = ("id",)
            registry = Registry()

        @classmethod
        def get_queryset(cls, queryset: Any, info: Any) -> Any:
            return narrow(queryset)

    for title in "abc":
        with recorded(message=title):
            Article.objects.create(title=title)
    result = make_schema(Combined).execute(
        "{ revisions { edges { node { description } } } }", context_value=request_of(reader)
    )
    assert result.errors is None
    assert [edge["node"]["description"] for edge in result.data["revisions"]["edges"]] == ["b", "a"]


def test_get_queryset_may_return_a_manager(reader: User) -> None:
    class Managed(DjangoObjectType):
        class Meta:
            model = Article
            fields = ("id",)
            registry = Registry()

        @classmethod
        def get_queryset(cls, queryset: Any, info: Any) -> Any:
            return Article.objects

    with recorded():
        Article.objects.create(title="t")
    result = make_schema(Managed).execute("{ revisions { totalCount } }", context_value=request_of(reader))
    assert result.data == {"revisions": {"totalCount": 1}}


def test_node_of_every_type_asks_the_policy(as_editor: Api, as_superuser: Api, anonymous: Api) -> None:
    with recorded():
        Article.objects.create(title="t")
    (revision,) = revisions(as_superuser)
    for node_id in (revision["id"], revision["objectDeltas"]["edges"][0]["node"]["id"]):
        query = "query ($id: ID!) { node(id: $id) { id } }"
        assert as_editor.ask(query, id=node_id) == {"node": {"id": node_id}}
        assert anonymous.ask(query, id=node_id) == {"node": None}


def test_object_delta_as_a_node_shows_what_the_list_shows(as_reader: Api, editor: User) -> None:
    with recorded(editor, "m"):
        Article.objects.create(title="t", secret="s")
    (listed,) = deltas(as_reader)
    query = """query ($id: ID!) { node(id: $id) { ... on ObjectDelta { revision { description actors { display } }
        id contentType contentId action version description snapshot object { __typename id }
        actor { contentType contentId display node { __typename } }
        attributeDeltas { id fieldName oldValue newValue isMasked action description actor { display } } } } }"""
    found = as_reader.ask(query, id=listed["id"])["node"]
    assert found.pop("revision") == {"description": "m", "actors": [{"display": "editor"}]}
    assert found == listed


def test_anonymous_user_object_is_no_viewer(db: None) -> None:
    with recorded():
        Article.objects.create(title="t")
    result = schema.execute("{ revisions { totalCount } }", context_value=request_of(AnonymousUser()))
    assert result.data == {"revisions": {"totalCount": 0}}
