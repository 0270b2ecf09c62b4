"""What tests do in the library, in one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import Client
from django.urls import reverse

from revy import Context
from tests.orm.history import Revision


@contextmanager
def by(actor: Any, why: str = "") -> Iterator[None]:
    with Context.via_actor(actor), Context.via_revision_description(why):
        yield


def change(instance: models.Model, actor: Any, why: str = "", **values: Any) -> None:
    """Save an instance with these values as one revision."""
    with by(actor, why):
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save()


def staff(name: str, *permissions: str) -> User:
    """Return somebody who may use the admin, with permissions such as `view_book`."""
    user = User.objects.create_user(name, password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


class Page:
    """A page that came back: `html` as it was sent, `text` as it is read."""

    def __init__(self, response: Any) -> None:
        self.response = response
        self.status: int = response.status_code
        self.html: str = response.content.decode()
        main = self.html.partition('<main id="content-start"')[2].partition("</main>")[0]
        self.main = main or self.html
        self.text = " ".join(unescape(re.sub(r"<[^>]*>", " ", self.main)).split())

    def field(self, name: str) -> str:
        """Return the value of the hidden input of that name."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.main)
        assert found is not None, self.text
        return unescape(found[1])

    def links(self) -> list[str]:
        return [unescape(url) for url in re.findall(r'<a\b[^>]*href="([^"]*)"', self.main)]


class Visitor:
    """Somebody who is logged in to the library's admin."""

    def __init__(self, user: User | None) -> None:
        self.client = Client()
        if user is not None:
            self.client.force_login(user)

    def get(self, path: str, **query: Any) -> Page:
        return Page(self.client.get(path, query))

    def post(self, path: str, **form: Any) -> Page:
        return Page(self.client.post(path, form))


def url(model: Any, view: str, *args: Any) -> str:
    meta = model._meta
    return reverse(f"library:{meta.app_label}_{meta.model_name}_{view}", args=args)


def history(instance: models.Model, *, pk: Any = None) -> str:
    return url(type(instance), "history", instance.pk if pk is None else pk)


def last_revision() -> Any:
    return Revision.objects.order_by("pk").last()


def content_type(model: type[models.Model]) -> ContentType:
    return ContentType.objects.get_for_model(model)
