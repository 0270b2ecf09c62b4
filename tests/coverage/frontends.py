"""What writes on top of the ORM: fixtures, forms, the admin."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.contrib.messages.storage.cookie import CookieStorage
from django.core import serializers
from django.core.management import call_command
from django.forms import modelform_factory, modelformset_factory
from django.test import RequestFactory
from django.test.utils import override_settings
from django.urls import resolve, reverse

from tests.coverage.paths import Writing, deletion, section
from tests.machine.app.models import Gauge, Place
from tests.machine.expected import Expected

path = section("Fixtures, forms and the admin")


@path("`loaddata`: new objects, changed ones, the same ones")
def loaddata() -> Writing:
    records = [
        {"model": "machineapp.code", "pk": pk, "fields": {"label": label}}
        for pk, label in (("a", "a"), ("b", "changed"), ("new", "new"))
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "codes.json")
        file.write_text(json.dumps(records), encoding="utf-8")
        yield
        call_command("loaddata", str(file), verbosity=0)


@path("a deserialized object with many-to-many relations: `save()`")
def deserialized() -> Writing:
    (record,) = serializers.serialize("python", [Place.objects.get(name="park")])
    record["fields"] |= {"name": "garden", "tags": ["green", "blue"]}
    # An Update, and the relation, which Django 6.1 clears first.
    yield Expected(at_most=3)
    for loaded in serializers.deserialize("python", [record]):
        loaded.save()


@path("`ModelForm.save()` with many-to-many relations")
def form() -> Writing:
    place = Place.objects.get(name="park")
    form_class = modelform_factory(Place, fields=["name", "tags"])
    yield Expected(at_most=2)
    form_class({"name": "garden", "tags": ["green", "blue"]}, instance=place).save()


@path("formset: `save()` of a new, a changed and a deleted object")
def formset() -> Writing:
    formset_class = modelformset_factory(Gauge, fields=["key", "value", "price"], can_delete=True)
    kept, deleted = Gauge.objects.get(key="a"), Gauge.objects.get(key="b")
    data = {"form-TOTAL_FORMS": 3, "form-INITIAL_FORMS": 2}
    for number, (pk, key) in enumerate(((kept.pk, "a"), (deleted.pk, "b"), ("", "new"))):
        fields = {"id": pk, "key": key, "value": 7, "price": 0}
        data |= {f"form-{number}-{name}": value for name, value in fields.items()}
    yield
    rows = Gauge.objects.filter(key__in="ab").order_by("key")
    formset_class({**data, "form-1-DELETE": "on"}, queryset=rows).save()


@path("admin: an object is added, with many-to-many relations")
def admin_add() -> Writing:
    yield Expected(at_most=2)
    _post("place_add", {"name": "new", "tags": ["red", "blue"]})


@path("admin: an object is changed, with many-to-many relations")
def admin_change() -> Writing:
    place = Place.objects.get(name="park")
    yield Expected(at_most=2)
    _post("place_change", {"name": "garden", "tags": ["blue"]}, place.pk)


@path("admin: objects are changed in the list")
def admin_list() -> Writing:
    data: dict[str, Any] = {"form-TOTAL_FORMS": 3, "form-INITIAL_FORMS": 3, "_save": "Save"}
    for number, pk in enumerate(("c", "b", "a")):
        data |= {f"form-{number}-id": pk, f"form-{number}-label": "new" if pk != "b" else "b"}
    yield
    _post("code_changelist", data)


@path("admin: an object is deleted, with what falls")
def admin_delete() -> Writing:
    place = Place.objects.get(name="roma")
    yield deletion(place)
    _post("place_delete", {"post": "yes"}, place.pk)


@path("admin: the action “Delete selected”")
def admin_action() -> Writing:
    places = list(Place.objects.all())
    data = {"action": "delete_selected", "_selected_action": [place.pk for place in places], "post": "yes"}
    yield deletion(*places)
    _post("place_changelist", data)


def _post(view: str, data: dict[str, Any], *args: Any) -> None:
    """Post to a view of the admin, as its user would."""
    with override_settings(ROOT_URLCONF="tests.coverage.urls", ALLOWED_HOSTS=["testserver"]):
        url = reverse(f"admin:machineapp_{view}", args=args)
        request: Any = RequestFactory().post(url, data)
        request.user = User(pk=User.objects.values_list("pk", flat=True).get(), is_superuser=True, is_staff=True)
        request._dont_enforce_csrf_checks = True
        request._messages = CookieStorage(request)
        match = resolve(url)
        response = match.func(request, *match.args, **match.kwargs)
        if response.status_code != 302:
            raise AssertionError(f"The admin did not take {data}: status {response.status_code}")
