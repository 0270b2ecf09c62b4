from __future__ import annotations

import pickle
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Model
from django.db.models.signals import post_init
from django.test.utils import isolate_apps

from revy import Context
from revy.contrib.django import installation, loading, patching
from tests.app.models import Code, Document, Pizzeria, Post, SpecialPost
from tests.orm.history import actions, recorded

pytestmark = pytest.mark.django_db


def shape(instance: Any) -> Any:
    attributes = {name: str(value) for name, value in vars(instance).items() if name != "_state"}
    state = {"fields_cache": instance._state.fields_cache, **vars(instance._state)}  # made at its first use
    return list(attributes.items()), state


@pytest.mark.parametrize(
    "load", [lambda rows: rows, lambda rows: rows.only("pk"), lambda rows: rows.select_for_update()]
)
def test_loaded_instance_is_to_the_letter_what_django_makes_of_the_row(alice: User, load: Any) -> None:
    Post.objects.create(author=alice, title="a")
    Pizzeria.objects.create(name="b")
    Document.objects.create(slug="c")
    for model in (User, Post, SpecialPost, Pizzeria, Document):
        rows = load(model.objects.order_by("pk"))
        ours = [shape(row) for row in rows.all()]
        installation.uninstall()
        try:
            theirs = [shape(row) for row in rows.all()]
        finally:
            installation.install()
        assert ours == theirs
        assert loading.loadable_attnames(model) is not None


@isolate_apps("tests.app")
def test_loading_calls_the_constructor_of_models_that_have_one_and_of_those_with_listeners() -> None:
    class Own(models.Model):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.called = True

        class Meta:
            app_label = "app"

    class Plain(models.Model):
        class Meta:
            app_label = "app"

    class Assigning(models.Model):
        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            self.__dict__.setdefault("names", []).append(name)

        class Meta:
            app_label = "app"

    listened: list[Any] = []
    assert Own.from_db("default", ["id"], [1]).called
    assert Assigning.from_db("default", ["id"], [1]).__dict__["names"][-1] == "id"

    def listen(instance: Any, **_: Any) -> None:
        listened.append(instance.pk)

    Plain.from_db("default", ["id"], [1])
    post_init.connect(listen, sender=Plain)
    try:
        Plain.from_db("default", ["id"], [2])
    finally:
        post_init.disconnect(listen, sender=Plain)
    assert listened == [2]


def test_uninstall_puts_everything_back() -> None:
    names = ("from_db", "__setattr__", "refresh_from_db", "_save_table")
    ours = {name: vars(Model).get(name) for name in names}
    installation.uninstall()
    try:
        assert not patching.is_installed()
        assert "__setattr__" not in vars(Model)
        assert all(getattr(Model, name) is not ours[name] for name in names)
        with recorded(0, 0, 0), Context():
            Code.objects.create(id="a")
    finally:
        installation.install()
    installation.install()
    with Context():
        Code.objects.create(id="b")
    assert (actions(Code, "a"), actions(Code, "b")) == ("", "C")


def test_replaced_methods_keep_their_names_and_documentation() -> None:
    for name in ("from_db", "refresh_from_db", "_save_table"):
        assert getattr(Model, name).__name__ == name
        assert getattr(Model, name).__module__ == "django.db.models.base"


def test_loaded_and_pickled_instances_are_recorded_on() -> None:
    with Context():
        Code.objects.create(id="a", label="1")
        code = pickle.loads(pickle.dumps(Code.objects.get()))
        code.label = "2"
        code.save()
    assert actions(Code, "a") == "CU"
