"""Every code block of README.md and docs/swapping.md runs as it stands, and does what the text around it says."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import graphene
import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import ForeignKey, Model
from django.test import RequestFactory
from django.test.utils import isolate_apps
from graphene_django import DjangoObjectType

from revy import Context
from tests.app.models import Code, Comment, Invoice, Organization
from tests.app.models import Post as AppPost
from tests.docs.blocks import block, blocks
from tests.orm.history import ObjectDelta, Revision, actions, changes, deltas_of, recorded, values_of

pytestmark = pytest.mark.django_db
README = "README.md"
BLOCKS = {
    "install": block(README, "INSTALLED_APPS"),
    "with_block": block(README, "Detected by the system."),
    "decorator": block(README, "HTTP_X_PERFORM_AS_ORGANIZATION"),
    "nested": block(README, "Corrected by the system."),
    "switches": block(README, "Context.disable()"),
    "deletion": block(README, "from revy.contrib.django.models import CASCADE"),
    "rollback": block(README, "object_delta.snapshot.save()"),
    "history": block(README, "history.newest(20)"),
    "restore": block(README, "RestoreError as error"),
    "admin": block(README, "HistoryAdminMixin"),
    "schema": block(README, "revy_graphql.Schema("),
    "swapped_model": block("docs/swapping.md", "class Revision(AbstractRevision)"),
    "swapped_setting": block("docs/swapping.md", "REVY_REVISION_MODEL ="),
    "given_revision": block("docs/swapping.md", "via_revision(lambda"),
    "create_code": block(README, "createCode(", "graphql"),
    "revisions": block(README, "revisions(", "graphql"),
    "restore_object": block(README, "restoreObject(", "graphql"),
}


def run(code: str, **names: Any) -> dict[str, Any]:
    namespace = {"__name__": "documentation", **names}
    exec(compile(code, "documentation", "exec"), namespace)
    return namespace


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice", password="secret")


@pytest.fixture
def comment(alice: User) -> Comment:
    return Comment.objects.create(post=AppPost.objects.create(author=alice, title="a"), text="x")


def test_readme_install_block_names_the_app() -> None:
    installed = run(BLOCKS["install"])["INSTALLED_APPS"]
    assert apps.get_app_config("revy").name in installed


def test_readme_with_block_records_actor_and_description(comment: Comment) -> None:
    with recorded(1, 1, 1):
        run(BLOCKS["with_block"], comment=comment)
    delta = deltas_of(Comment, comment.pk).get()
    assert (delta.actor, delta.revision.description) == (None, "Detected by the system.")
    assert changes(delta) == [("is_marked_as_spam", False, True, None, "")]


def test_readme_decorator_takes_each_calls_own_actor(comment: Comment, alice: User) -> None:
    view = run(BLOCKS["decorator"], Context=Context, comment=comment)["view"]
    organization = Organization.objects.create(name="o")
    request = RequestFactory().get("/", headers={"X-Perform-As-Organization": "1"})
    request.organization = organization  # type: ignore[attr-defined]
    view(request)
    Comment.objects.update(text="x")
    for user in (alice, AnonymousUser()):
        request = RequestFactory().get("/")
        request.user = user
        view(request)
        Comment.objects.update(text="x")
    assert [delta.actor for delta in deltas_of(Comment, comment.pk)] == [organization, alice, None]


def test_readme_nested_blocks_record_two_actors_in_one_save(alice: User) -> None:
    invoice = Invoice.objects.create(amount=1, exchange_rate=1, local_amount=1)

    def deserialize(data: dict[str, int]) -> Invoice:
        for name, value in data.items():
            setattr(invoice, name, value)
        return invoice

    view = run(BLOCKS["nested"], C=Context, deserialize=deserialize)["view"]
    request = RequestFactory().post("/", headers={"X-Commit-Message": "New rate."})
    request.user, request.data = alice, {"amount": 2, "exchange_rate": 3}  # type: ignore[attr-defined]
    with recorded(1, 1, 3):
        view(request)
    delta = deltas_of(Invoice, invoice.pk).get()
    assert (delta.actor, delta.revision.description) == (alice, "New rate.")
    assert changes(delta) == [
        ("amount", 1, 2, alice, ""),
        ("exchange_rate", 1, 3, alice, ""),
        ("local_amount", 1, 6, None, "Corrected by the system."),
    ]


def test_readme_switches_turn_recording_off_and_on() -> None:
    code = BLOCKS["switches"]
    states: list[bool] = []
    probe = "states.append(Context.is_enabled())"
    code = code.replace("...\n    Context.enable()", f"{probe}\n    Context.enable()\n    {probe}")
    code = code.replace("...  # disabled here", probe) + f"    {probe}\n"
    namespace = run(code, Context=Context, states=states)
    namespace["some_task"]()
    namespace["some_other_task"]()
    assert states == [False, True, False, True]


@isolate_apps("tests.app")
def test_readme_deletion_is_recorded_and_rolled_back(alice: User) -> None:
    class TrackedModel(Model):
        class Meta:
            app_label = "app"
            abstract = True

    AppPost.objects.create(author=alice, title="falls")
    before, pk = values_of(User.objects.get()), alice.pk
    run(
        BLOCKS["deletion"].replace("class Post(Model)", "class Post(TrackedModel)"),
        Context=Context,
        TrackedModel=TrackedModel,
        ForeignKey=ForeignKey,
        User=User,
        user=alice,
    )
    assert [
        (delta.content_type.model, delta.action, delta.description) for delta in ObjectDelta.objects.order_by("pk")
    ] == [
        ("post", "D", "Deleted because the owner's account has been closed."),
        ("user", "D", "The account has been closed at the owner's request."),
    ]
    assert Revision.objects.count() == 1
    rollback = BLOCKS["rollback"]
    if ObjectDelta._meta.label != "revy.ObjectDelta":
        rollback = rollback.replace(
            "from revy.contrib.django.models import ObjectDelta, ", "from revy.contrib.django.models import "
        )
    names: dict[str, Any] = {
        "ContentType": ContentType,
        "User": User,
        "DELETED_USER_ID": pk,
        "ObjectDelta": ObjectDelta,
    }
    run(rollback, **names)
    assert values_of(User.objects.get()) == before


def test_readme_history_prints_changes_and_rebuilds_the_object(comment: Comment, alice: User, capsys: Any) -> None:
    with Context.via_actor(alice), Context.via_revision_description("Edited."):
        for text in "1", "2":
            comment.text = text
            comment.save()
    names = run(BLOCKS["history"], comment=comment)
    out = capsys.readouterr().out
    assert out.startswith("2 alice Edited.\ntext 1 2\n1 alice Edited.\n")
    assert "text x 1\n" in out
    assert names["comment"].text == "1"


def test_readme_restore_writes_back_or_prints_the_problems(alice: User, capsys: Any) -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        code.label = "2"
        code.save()
    names = {"Context": Context, "user": alice, "object_delta": deltas_of(Code, "x").first()}
    run(BLOCKS["restore"], **names)
    assert (actions(Code, "x"), deltas_of(Code, "x").last().actor) == ("CUU", alice)
    run(BLOCKS["restore"], **names)
    assert "CONFLICT" in capsys.readouterr().out


def test_readme_admin_gives_objects_a_timeline() -> None:
    registered = dict(admin.site._registry)
    run(BLOCKS["admin"], Post=AppPost)
    names = {pattern.name for pattern in admin.site.get_model_admin(AppPost).get_urls()}
    admin.site._registry = registered
    assert {"app_post_history", "app_post_history_compare", "app_post_history_restore", "app_post_deleted"} <= names


def test_readme_graphql_records_reads_and_restores(alice: User) -> None:
    class CodeType(DjangoObjectType):
        class Meta:
            model = Code
            fields = ("id", "label")

    class CreateCode(graphene.Mutation):
        class Arguments:
            id = graphene.ID(required=True)
            label = graphene.String()

        code = graphene.Field(CodeType)

        def mutate(root: Any, info: Any, id: str, label: str) -> Any:
            return CreateCode(code=Code.objects.create(id=id, label=label))

    schema = run(BLOCKS["schema"], CreateCode=CreateCode)["schema"]
    alice.user_permissions.set(Permission.objects.filter(codename__in=["view_code", "change_code", "view_user"]))
    context = SimpleNamespace(user=User.objects.get(), META={}, headers={})

    def execute(name: str) -> Any:
        result = schema.execute(BLOCKS[name], context_value=context)
        assert result.errors is None
        return result.data

    execute("create_code")
    (edge,) = execute("revisions")["revisions"]["edges"]
    assert edge["node"]["description"] == "Add the first code."
    (delta,) = edge["node"]["objectDeltas"]["edges"]
    assert {"fieldName": "label", "oldValue": None, "newValue": "First"} in delta["node"]["attributeDeltas"]
    Code.objects.update(label="spoiled")
    restored = execute("restore_object")["restoreObject"]
    assert restored["errors"] == []
    assert (restored["objectDelta"]["version"], Code.objects.get().label) == (2, "First")


def test_swapping_blocks_run(comment: Comment, monkeypatch: pytest.MonkeyPatch) -> None:
    with isolate_apps("tests.app"):
        module = BLOCKS["swapped_model"]
        model = run(
            module.replace(
                "class Revision(AbstractRevision):\n",
                "class Revision(AbstractRevision):\n    class Meta:\n        app_label = 'app'\n",
            )
        )["Revision"]
    assert model._meta.get_field("ticket").default == ""
    assert run(BLOCKS["swapped_setting"])["REVY_REVISION_MODEL"] == "history.Revision"
    lines = BLOCKS["given_revision"]
    if not hasattr(Revision, "ticket"):
        lines = lines.replace('ticket="REVY-1"', 'description="REVY-1"')
    pk = comment.pk
    run(lines, Context=Context, Revision=Revision, comment=comment)
    assert "REVY-1" in vars(deltas_of(Comment, pk).get().revision).values()


def test_every_block_is_run_here() -> None:
    written = {
        code
        for page in (README, "docs/swapping.md")
        for language in ("python", "graphql")
        for code in blocks(page, language)
    }
    assert written == set(BLOCKS.values())
