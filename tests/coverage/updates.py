"""QuerySet.update."""

from __future__ import annotations

from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Upper

from tests.coverage.paths import Writing, section
from tests.machine.app.models import (
    Code,
    Gauge,
    Number,
    Person,
    Place,
    Restaurant,
    Seat,
    Shelf,
    SpecialThing,
    Tag,
    Thing,
)
from tests.machine.world import awaited

path = section("`QuerySet.update()`")


@path("constants")
def constants() -> Writing:
    yield
    Thing.objects.update(rank=1, flag=True, at=None)


@path("constants, `aupdate()`")
def constants_async() -> Writing:
    yield
    awaited(Gauge.objects.aupdate)(value=10)


@path("constants that no row needs")
def unchanged() -> Writing:
    yield
    Thing.objects.filter(name="a").update(name="a")


@path("no rows: `none()`, or nothing matches")
def nothing() -> Writing:
    yield
    Gauge.objects.none().update(value=10)
    Gauge.objects.filter(key="nowhere").update(value=10)


@path("`_base_manager`")
def base_manager() -> Writing:
    yield
    Gauge._base_manager.filter(key="a").update(value=10)


@path("`F()`")
def expression() -> Writing:
    yield
    Gauge.objects.update(value=F("value") + 1)


@path("`F()` of two columns, exchanged")
def exchange() -> Writing:
    yield
    Thing.objects.update(count=F("rank"), rank=F("count"))


@path("`Case()` and `When()`")
def cases() -> Writing:
    yield
    Gauge.objects.update(value=Case(When(value__gt=1, then=Value(0)), default=F("value")))


@path("a subquery")
def subquery() -> Writing:
    yield
    colors = Tag.objects.filter(color="red").values("color")[:1]
    Code.objects.update(label=Subquery(colors))


@path("a correlated subquery")
def correlated() -> Writing:
    yield
    labels = Code.objects.filter(id=OuterRef("key")).values("label")[:1]
    Gauge.objects.update(key=Coalesce(Upper(Subquery(labels)), F("key")))


@path("a foreign key")
def foreign_key() -> Writing:
    shelf = Shelf.objects.get(name="b")
    yield
    Thing.objects.filter(name__in="ab").update(set_null=shelf)


@path("what a generated column is computed of")
def generated() -> Writing:
    yield
    Thing.objects.update(count=7)


@path("rows filtered by a foreign key's columns")
def filtered_by_relation() -> Writing:
    yield
    Thing.objects.filter(set_null__name="a").update(rank=1)


@path("rows filtered by a many-to-many relation, twice the same")
def filtered_by_links() -> Writing:
    yield
    Thing.objects.filter(Q(tags__isnull=False) | Q(name="c")).update(rank=1)


@path("rows filtered by an annotation")
def filtered_by_annotation() -> Writing:
    yield
    Thing.objects.annotate(many=Count("tags")).filter(many=1).update(rank=1)


@path("rows filtered by what is changed")
def filtered_by_itself() -> Writing:
    yield
    Gauge.objects.filter(value__gt=1).update(value=0)


@path("ordered rows")
def ordered() -> Writing:
    yield
    Gauge.objects.order_by("-value").update(value=F("value") + 1)


@path("the rows of a slice: `filter(pk__in=…[:2])`", MariaDB="MariaDB takes no `LIMIT` in a subquery of `IN`.")
def sliced() -> Writing:
    yield
    Gauge.objects.filter(pk__in=Gauge.objects.order_by("value").values("pk")[:2]).update(value=10)


@path("a proxy's rows")
def proxy() -> Writing:
    yield
    SpecialThing.objects.update(rank=1)


@path("a multi-table child's own column")
def child() -> Writing:
    yield
    Restaurant.objects.update(stars=5)


@path("a multi-table child's columns of two tables")
def child_and_parent() -> Writing:
    yield
    Restaurant.objects.update(stars=F("stars") + 1, name="new")


@path("a multi-table parent's column, seen in the history of its children")
def parent() -> Writing:
    yield
    Place.objects.update(name="new")


@path("the primary key: one object ends, another begins")
def primary_key() -> Writing:
    yield
    Code.objects.filter(pk="a").update(id="new", label="moved")


@path("the primary keys, each taken over by the next: `F()`")
def primary_keys() -> Writing:
    yield
    Number.objects.filter(pk=3).update(id=F("id") + 7)


@path("a part of a composite primary key")
def composite_key() -> Writing:
    yield
    Seat.objects.filter(pk=("a", 1)).update(place=9)


@path("a reference to another row of the model, found by `OuterRef`")
def self_reference() -> Writing:
    yield
    first = Person.objects.exclude(pk=OuterRef("pk")).order_by("pk").values("pk")[:1]
    Person.objects.filter(name="cat").update(boss=Subquery(first))
