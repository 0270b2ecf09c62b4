"""Writing what comes as text: fixtures and forms."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from django.core import serializers
from django.core.management import call_command
from django.core.serializers.base import DeserializationError
from django.forms import ModelChoiceField, inlineformset_factory, modelform_factory

from tests.machine.app import models as app
from tests.machine.expected import Expected
from tests.machine.values import keys, names
from tests.machine.world import World, field_of

LINKED = [app.Thing, app.Person, app.Place, app.Restaurant, app.Pizzeria]
FORMS: dict[Any, list[str]] = {
    app.Thing: ["name", "count", "price", "flag", "day", "set_null", "tags"],
    app.SpecialThing: ["name", "tags"],
    app.Person: ["name", "boss", "friends", "follows"],
    app.Restaurant: ["name", "owner", "stars", "tags", "regulars"],
    app.Pizzeria: ["stars", "cook", "ovens", "regulars"],
}


def load_fixture(world: World) -> Expected:
    models = [app.Shelf, app.Tag, *LINKED, app.Entry, app.Code, app.Membership, app.Chapter, app.Reading, app.Gauge]
    model = world.one_of(models, "model")
    instance = world.get(model)
    for name, value in world.changes(model).items():
        setattr(instance, name, value)
    is_natural = world.chance("natural keys")
    try:
        options = {"use_natural_foreign_keys": is_natural, "use_natural_primary_keys": is_natural}
        (record,) = serializers.serialize("python", [instance], **options)
    except (app.Gauge.DoesNotExist, app.Code.DoesNotExist):
        world.skip()
    for field in model._meta.local_many_to_many:
        if field.remote_field.through._meta.auto_created:
            record["fields"][field.name] = world.some_of(world.pks(field.remote_field.model), field.name)
    record["fields"] = {name: value for name, value in record["fields"].items() if name != "double"}
    # Django sets PostgreSQL's sequences to the last key after this command, which fails if that is a negative one.
    if world.chance("command") and (model is not app.Shelf or world.pks(model)[-1] > 0):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "fixture.json")
            file.write_text(json.dumps([record], cls=serializers.json.DjangoJSONEncoder))
            call_command("loaddata", str(file), database=world.using, verbosity=0)
    else:
        try:
            (loaded,) = serializers.deserialize("python", [record], using=world.using)
        except DeserializationError:
            world.skip()
        loaded.save(using=world.using)
    # Django 6.1 clears a relation before it sets it.
    return Expected(at_most=1 + 2 * len(model._meta.local_many_to_many))


def submit_form(world: World) -> Expected:
    """A form saves the object, then its relations."""
    model = world.one_of(list(FORMS), "model")
    instance = world.get(model) if world.chance("existing") else model()
    instance._state.db = world.using
    fields = FORMS[model]
    links = [field for field in model._meta.many_to_many if field.name in fields]
    data: dict[str, Any] = {}
    for attname, draw in world.columns(model).items():
        name = field_of(model, attname).name
        if name in fields:
            value = draw()
            data[name] = "" if value is None else value
    for field in links:
        data[field.name] = world.some_of(world.pks(field.remote_field.model), field.name)
    form = modelform_factory(model, fields=fields)(data, instance=instance)
    _choose_from(world, form)
    if not form.is_valid():
        world.skip()
    saved = form.save(commit=False)
    saved.save(using=world.using)
    form.save_m2m()
    return Expected(at_most=1 + len(links))


def submit_formset(world: World) -> Expected:
    """The rows of a through model, edited beside one of their ends."""
    club = world.get(app.Club)
    rows = list(world.rows(app.Membership).filter(club=club).order_by("pk"))
    factory = inlineformset_factory(app.Club, app.Membership, fields=["person", "role"], extra=1)
    data: dict[str, Any] = {"membership_set-TOTAL_FORMS": len(rows) + 1, "membership_set-INITIAL_FORMS": len(rows)}
    for position, row in enumerate([*rows, None]):
        prefix = f"membership_set-{position}"
        data[f"{prefix}-id"] = "" if row is None else row.pk
        data[f"{prefix}-club"] = club.pk
        data[f"{prefix}-person"] = world.one_of(world.pks(app.Person), "person")
        data[f"{prefix}-role"] = world.draw(keys, "role")
        if row is not None and world.chance("remove"):
            data[f"{prefix}-DELETE"] = "on"
    formset = factory(data, instance=club, queryset=world.rows(app.Membership).order_by("pk"))
    for form in formset.forms:
        _choose_from(world, form)
    if not formset.is_valid():
        world.skip()
    for membership in formset.save(commit=False):
        membership.save(using=world.using)
    for membership in formset.deleted_objects:
        membership.delete(using=world.using)
    if world.chance("the club too"):
        club.name = world.draw(names, "name")
        club.save()
    return Expected()


def _choose_from(world: World, form: Any) -> None:
    for field in form.fields.values():
        # Fields of the machine's models are as they come, not as people should fill them in.
        field.required = False
        if isinstance(field, ModelChoiceField) and field.queryset is not None:
            field.queryset = field.queryset.using(world.using)


WRITES = [load_fixture, submit_form, submit_formset]
