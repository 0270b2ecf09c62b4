"""What a page cannot show: who calls what it defines, and what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path
from django.utils import timezone

from revy import Context
from revy.contrib.django import get_revision_model
from revy.contrib.django.history import History
from revy.contrib.django.middleware import RevyMiddleware
from revy.contrib.django.restore import restore
from tests.app.models import Comment, Post
from tests.docs.page import Page

Story = Callable[[Page], None]


def newest(instance: Any) -> tuple[Any, str]:
    """Return the actor and the description of an object's last change."""
    (object_delta,) = History(instance).newest(1)
    return object_delta.actor, object_delta.revision.description


def contexts(page: Page) -> None:
    names = page.names
    user, request = names["user"], names["request"]
    page.run("Correct the title.")
    assert newest(names["post"]) == (user, "Correct the title.")
    page.run("def publish")
    names["publish"](request, names["post"].pk)
    assert newest(names["post"]) == (user, "Publish.")
    names["post"].refresh_from_db()
    page.run("async def rename_all")
    posts = [Post.objects.create(author=user, title=title) for title in "ab"]
    async_to_sync(names["rename_all"])(posts, user)
    assert [newest(post) for post in posts] == [(user, "Rename to Post 0."), (user, "Rename to Post 1.")]
    spam = Comment.objects.create(post=posts[0], text="spam", is_marked_as_spam=True)
    names["shared_task"] = lambda function: function
    page.run("@shared_task")
    names["clean_up"](user.pk)
    (deletion,) = History(Comment, spam.pk).newest()
    assert (deletion.action, deletion.actor, deletion.revision.description) == ("D", user, "Clean up at night.")
    page.run("def import_posts")
    imported = Post(author=user, title="imported")
    names["import_posts"]([imported])
    comment = Comment.objects.latest("pk")
    assert (comment.text, newest(comment)[0]) == ("Imported.", user)
    assert History(comment.post).newest() == []


def admin(page: Page) -> None:
    post, root = page.names["post"], User.objects.create_superuser("root")
    page.run("class PostAdmin")
    urls = ModuleType("project.urls")
    urls.urlpatterns = [path("admin/", page.names["admin"].site.urls)]  # type: ignore[attr-defined]
    client = Client()
    client.force_login(root)
    with override_settings(ROOT_URLCONF=urls):
        values = {"author": post.author_id, "title": "New", "price": 1, "data": "{}"}
        assert client.post(f"/admin/app/post/{post.pk}/change/", values).status_code == 302
        actor, description = newest(post)
        assert (actor, description.startswith("Changed Title")) == (root, True)
        assert description in client.get(f"/admin/app/post/{post.pk}/history/").content.decode()
    page.run("register_history(staff_site)")
    assert page.names["staff_site"].is_registered(get_revision_model())
    page.run("class OpenPostAdmin")
    post_admin = page.names["OpenPostAdmin"](Post, page.names["staff_site"])
    request = page.names["request"]
    fields = {field.name for field in Post._meta.fields if post_admin.can_view_history_field(request, field, post)}
    assert fields == {field.name for field in Post._meta.fields}
    assert not post_admin.can_view_deleted(request)


def api(page: Page) -> None:
    user = page.names["user"]
    user.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label__in=["app", "auth"], codename__in=["view_post", "change_post", "view_user"]
        )
    )
    page.names["request"].user = User.objects.get(pk=user.pk)
    page.run("renamePost(")
    page.names["variables"] = {"id": Post.objects.get(title="GraphQL").pk}


def limits(page: Page) -> None:
    post = page.names["post"]
    for title in "abc":
        with Context.via_revision_description(title):
            post.title = title
            post.save()
    get_revision_model().objects.get(description="a").delete()
    assert History(post).snapshot(3) is None
    call = "revy_verify", "app.Post", "--verbosity=0"
    with pytest.raises(SystemExit):
        call_command(*call, "--repair")
    assert History(post).snapshot(4).title == "c"  # type: ignore[union-attr]
    with pytest.raises(SystemExit):
        call_command(*call)


def settings(page: Page) -> None:
    user, post = page.names["user"], page.names["post"]
    with override_settings(REVY_EXCLUDED_FIELDS=["auth.User.last_login"]), Context():
        user.first_name = "Alice"
        user.save()
        user.last_login = timezone.now()
        user.save()
        (only,) = History(user).newest()
        assert "last_login" not in only.get_state()
        user.first_name = ""
        user.save()
        restore(only)
    restored = User.objects.get(pk=user.pk)
    assert (restored.first_name, restored.last_login) == ("Alice", user.last_login)
    page.run("class SiteContext")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "project", ModuleType("project"))
        patch.setitem(sys.modules, "project.contexts", SimpleNamespace(**page.names))
        page.run("REVY_CONTEXT_CLASS")
        with override_settings(REVY_CONTEXT_CLASS="project.contexts.SiteContext"):
            request = RequestFactory().get("/", headers={"X-Commit-Message": "Seen."})
            request.user = user

            def view(request: Any) -> HttpResponse:
                Post.objects.filter(pk=post.pk).update(title="seen")
                return HttpResponse()

            RevyMiddleware(view)(request)
    assert newest(post) == (user, "Website: Seen.")


STORIES: Final[dict[str, Story]] = {
    "admin.md": admin,
    "api.md": api,
    "contexts.md": contexts,
    "limits.md": limits,
    "settings.md": settings,
}
