"""What the machine writes to: one of everything that a history must get right."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F

from revy.contrib.django.models import CASCADE, SET, SET_DEFAULT, SET_NULL

# Shelves that referrers of deleted shelves are moved to; never deleted themselves.
FALLBACK = -1
SENTINEL = -2


def get_sentinel() -> int:
    return Shelf.objects.get_or_create(pk=SENTINEL, defaults={"name": "sentinel"})[0].pk


class Shelf(models.Model):
    """What everything else refers to."""

    name = models.CharField(max_length=50)


class Tag(models.Model):
    """A text key."""

    name = models.CharField(max_length=20, primary_key=True)
    color = models.CharField(max_length=20, blank=True)


def _refers(on_delete: object, name: str, **options: object) -> models.ForeignKey:
    options = {"null": True, **options}
    return models.ForeignKey(Shelf, on_delete, related_name=f"{name}_things", **options)


class Thing(models.Model):
    """A column of every troublesome type, and a reference of every on_delete kind."""

    name = models.CharField(max_length=50)
    count = models.IntegerField(default=0)
    double = models.GeneratedField(expression=F("count") * 2, output_field=models.IntegerField(), db_persist=True)
    rank = models.IntegerField(db_default=7)
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)
    at = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    ratio = models.FloatField(null=True)
    flag = models.BooleanField(null=True)
    data = models.JSONField(default=dict)
    file = models.FileField(upload_to="machine", blank=True)
    # Written by receivers of signals only, as Place.edits is.
    edits = models.IntegerField(default=0)

    cascade = _refers(CASCADE, "cascade")
    plain_cascade = _refers(models.CASCADE, "plain_cascade")
    protect = _refers(models.PROTECT, "protect")
    restrict = _refers(models.RESTRICT, "restrict")
    set_null = _refers(SET_NULL, "set_null")
    plain_set_null = _refers(models.SET_NULL, "plain_set_null")
    set_default = _refers(SET_DEFAULT, "set_default", null=False, default=FALLBACK)
    plain_set_default = _refers(models.SET_DEFAULT, "plain_set_default", default=None)
    set_value = _refers(SET(get_sentinel), "set_value")
    plain_set_value = _refers(models.SET(get_sentinel), "plain_set_value")
    do_nothing = _refers(models.DO_NOTHING, "do_nothing", db_constraint=False)

    tags = models.ManyToManyField(Tag, related_name="things")
    notes = GenericRelation("Note")


class SpecialThing(Thing):
    class Meta:
        proxy = True


class Note(models.Model):
    """Refers to anything."""

    content_type = models.ForeignKey(ContentType, models.DO_NOTHING, db_constraint=False, related_name="+")
    object_id = models.BigIntegerField()
    content = GenericForeignKey()
    text = models.CharField(max_length=50)


class Person(models.Model):
    """References to itself, of every kind."""

    name = models.CharField(max_length=50)
    boss = models.ForeignKey("self", SET_NULL, null=True, related_name="team")
    mentor = models.ForeignKey("self", models.CASCADE, null=True, related_name="pupils")
    twin = models.OneToOneField("self", models.SET_NULL, null=True, related_name="other_twin")
    desk = models.ForeignKey(Shelf, models.CASCADE, null=True, related_name="people")
    friends = models.ManyToManyField("self")
    follows = models.ManyToManyField("self", symmetrical=False, related_name="followers")


class Club(models.Model):
    name = models.CharField(max_length=50)
    members = models.ManyToManyField(Person, through="Membership", related_name="clubs")


class Membership(models.Model):
    person = models.ForeignKey(Person, models.CASCADE)
    club = models.ForeignKey(Club, CASCADE)
    role = models.CharField(max_length=20, default="member")


class Place(models.Model):
    name = models.CharField(max_length=50)
    owner = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="places")
    tags = models.ManyToManyField(Tag, related_name="places")
    edits = models.IntegerField(default=0)


class Restaurant(Place):
    stars = models.IntegerField(default=0)
    cook = models.ForeignKey(Person, models.CASCADE, null=True, related_name="kitchens")
    regulars = models.ManyToManyField(Person, related_name="haunts")


class Pizzeria(Restaurant):
    ovens = models.IntegerField(default=1)
    data = models.JSONField(default=dict)


class Natural(models.Manager):
    """Finds objects by the field that names them in fixtures."""

    def get_by_natural_key(self, name: str) -> models.Model:
        return self.get(**{self.model.NATURAL_KEY: name})


class Entry(models.Model):
    """A UUID key, and a unique field to meet it by."""

    NATURAL_KEY = "slug"

    id = models.UUIDField(primary_key=True)
    slug = models.SlugField(unique=True)
    value = models.IntegerField(default=0)
    data = models.JSONField(default=dict)

    objects = Natural()

    def natural_key(self) -> tuple[str]:
        return (self.slug,)


class Gauge(models.Model):
    """A key by the database, and a unique field to meet it by."""

    NATURAL_KEY = "key"

    key = models.CharField(max_length=20, unique=True)
    value = models.IntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=2, default=0)

    objects = Natural()

    def natural_key(self) -> tuple[str]:
        return (self.key,)


class Code(models.Model):
    """A text key that is changed."""

    id = models.CharField(max_length=20, primary_key=True)
    label = models.CharField(max_length=50, blank=True)


class Number(models.Model):
    """A number as a key that is changed."""

    id = models.IntegerField(primary_key=True)
    label = models.CharField(max_length=50, blank=True)


class Reading(models.Model):
    """References to what gets other keys: by the key itself, and by a unique field that is none."""

    gauge = models.ForeignKey(
        Gauge, models.CASCADE, to_field="key", null=True, db_constraint=False, related_name="readings"
    )
    code = models.ForeignKey(Code, SET_NULL, null=True, db_constraint=False, related_name="readings")
    value = models.IntegerField(default=0)


class Seat(models.Model):
    """A key of two columns."""

    pk = models.CompositePrimaryKey("row", "place")
    row = models.CharField(max_length=5)
    place = models.IntegerField()
    label = models.CharField(max_length=50, blank=True)


class Chapter(models.Model):
    shelf = models.ForeignKey(Shelf, models.CASCADE)
    title = models.CharField(max_length=50)

    class Meta:
        order_with_respect_to = "shelf"


class Log(models.Model):
    """Written by receivers of signals only."""

    text = models.CharField(max_length=50)
    count = models.IntegerField(default=0)
