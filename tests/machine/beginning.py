"""What there is before the machine writes: objects without a history, actors, and revisions to be given."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.utils.functional import SimpleLazyObject

from revy.contrib.django import get_revision_model
from tests.app.models import Organization
from tests.machine.app import models as app
from tests.machine.contexts import MADE
from tests.machine.history import SYSTEM
from tests.machine.world import actor_key


def fill(using: str) -> None:
    def create(model: Any, **values: Any) -> Any:
        return model._base_manager.using(using).create(**values)

    create(app.Shelf, pk=app.FALLBACK, name="fallback")
    if using != "default":
        # The default database gets it when it is needed.
        create(app.Shelf, pk=app.SENTINEL, name="sentinel")
    shelves = [create(app.Shelf, name=name) for name in "ab"]
    create(app.Tag, name="a", color="b")
    thing = create(app.Thing, name="old", cascade=shelves[0], set_null=shelves[1])
    thing.tags.add("a")
    people = [create(app.Person, name=name) for name in "ab"]
    people[0].friends.add(people[1])
    create(app.Pizzeria, name="old", owner=people[0], cook=people[0]).tags.add("a")
    create(app.Place, name="childless")
    create(app.Club, name="old").members.add(*people)
    create(app.Note, content=thing, text="old")
    for title in "ab":
        create(app.Chapter, shelf=shelves[0], title=title)
    create(app.Gauge, key="a")
    create(app.Code, id="a")
    create(app.Reading, gauge_id="a", code_id="a")
    create(app.Number, id=1)
    create(app.Seat, row="a", place=1)


def actors() -> dict[str, Any]:
    """Return by name who can act, and what the history should say for it."""
    alice, bob = User.objects.create(username="alice"), User.objects.create(username="bob")
    organization = Organization.objects.create(name="organization")
    return {
        "nobody": (None, SYSTEM),
        "alice": (alice, actor_key(alice)),
        "organization": (organization, actor_key(organization)),
        "lazy": (SimpleLazyObject(lambda: bob), actor_key(bob)),
        "anonymous": (AnonymousUser(), SYSTEM),
    }


def revisions() -> list[tuple[Any, Any]]:
    """Return what can be given as a revision, and which one that is: its key, a new one, or MADE by a function."""
    model = get_revision_model()
    first, second = (model._base_manager.create(description=text) for text in ("first", "second"))
    return [
        (None, None),
        (first, first.pk),
        (second, second.pk),
        (lambda: None, None),
        (lambda: second, second.pk),
        (lambda: model._base_manager.create(description=MADE), MADE),
    ]


def instances() -> list[Any]:
    """Return instances that get old while the machine writes."""
    kinds = (app.Thing, app.Person, app.Pizzeria, app.Code, app.Gauge, app.Shelf)
    return [kind._base_manager.order_by("-pk").first() for kind in kinds]
