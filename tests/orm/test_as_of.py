"""`as_of` gives what the table was, at every revision and at every time."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import FieldError, ValidationError
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from revy import Context
from revy.contrib.django.errors import IncompleteHistory
from revy.contrib.django.history import Past, as_of, recorded_list, snapshot_at
from revy.contrib.django.values import key_to_text
from tests.app.models import Code, Document, Everything, Pizzeria, Post, SpecialPost
from tests.machine.app.models import Seat
from tests.odd.models import Base, Flag, Heir, Label, Passport
from tests.orm.history import Revision, counting, deltas_of, queries, values_of

pytestmark = pytest.mark.django_db

LISTS = {Base: ("labels",), Heir: ("labels", "own_labels")}
TRACKED: tuple[Any, ...] = (Base, Code, Heir, Pizzeria, Post)
OBJECTS: tuple[tuple[Any, Any], ...] = (
    (Code, "1"),
    (Code, "10"),
    (Code, "2"),
    (Heir, uuid.UUID(int=4 << 76 | 7)),
    (Heir, uuid.UUID(int=4 << 76 | 8)),
    (Pizzeria, 3),
    (Post, 5),
    (Post, 12),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(OBJECTS),
        st.sampled_from(["save", "save", "save", "delete", "relate", "update"]),
        st.text("ab", max_size=3),
    ),
    min_size=1,
    max_size=20,
)


def now() -> datetime.datetime:
    return timezone.now()


def edit(instance: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(instance, name, value)
    instance.save()


def everything_of(instance: Any, lists: dict[str, list[Any]]) -> tuple[Any, ...]:
    return type(instance), instance.pk, values_of(instance), {name: sorted(keys) for name, keys in lists.items()}


def table(model: Any) -> list[tuple[Any, ...]]:
    """Return all that the table holds, in the order of the keys as texts."""
    rows = [
        everything_of(
            row, {name: list(getattr(row, name).values_list("pk", flat=True)) for name in LISTS.get(model, ())}
        )
        for row in model.objects.all()
    ]
    return sorted(rows, key=lambda row: key_to_text(model, row[1]))


def past_table(past: Past[Any], size: int) -> list[tuple[Any, ...]]:
    return [
        everything_of(each, {name: recorded_list(each, name) for name in LISTS.get(past.model, ())})
        for each in past.iterator(size)
    ]


class TestEveryMoment(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(STEPS, st.sampled_from([1, 2, 3, 32]), st.integers(1, 4))
    def test_past_is_the_table_that_was_noted_after_each_step(
        self, steps: list[tuple[tuple[Any, Any], str, str]], interval: int, size: int
    ) -> None:
        self.author = User.objects.create_user("author")
        self.labels = [Label.objects.create(name=name) for name in "xyz"]
        noted = [(now(), None, {model: table(model) for model in TRACKED})]
        with self.settings(REVY_KEYFRAME_INTERVAL=interval):
            for (model, pk), action, text in steps:
                with Context():
                    self._step(model, pk, action, text)
                # The last one, which is that of an earlier step where this has changed nothing.
                revision = Revision.objects.order_by("pk").last()
                noted.append((now(), revision, {each: table(each) for each in TRACKED}))
        for moment, revision, tables in noted:
            for model in TRACKED:
                for point in (moment, *filter(None, [revision])):
                    assert past_table(as_of(model, point), size) == tables[model]
        moment, revision, tables = noted[len(noted) // 2]
        for model, pk in OBJECTS:
            for point in (moment, *filter(None, [revision])):
                past: Past[Any] = as_of(model, point)
                assert (past.count(), past.exists()) == (len(tables[model]), bool(tables[model]))
                first, found = past.first(), snapshot_at(model, point, pk)
                assert (first and first.pk) == (tables[model][0][1] if tables[model] else None)
                there = {row[1]: row[2] for row in tables[model]}
                assert (found and values_of(found)) == there.get(pk)

    def _step(self, model: Any, pk: Any, action: str, text: str) -> None:
        instance = model.objects.filter(pk=pk).first()
        if action == "delete":
            if instance is not None:
                instance.delete()
        elif action == "update":
            model.objects.filter(pk=pk).update(**self._values(model, text))
        elif action == "relate" and model is Heir and instance is not None:
            instance.labels.set(self.labels[: len(text)])
            instance.own_labels.set(self.labels[len(text) :])
        elif instance is None:
            model(pk=pk, **self._values(model, text)).save(force_insert=True)
        else:
            edit(instance, **self._values(model, text))

    def _values(self, model: Any, text: str) -> dict[str, Any]:
        if model is Post:
            return {"author": self.author, "title": text, "price": len(text), "data": {"text": text}}
        return {
            Code: {"label": text},
            Heir: {"size": len(text)},
            Pizzeria: {"name": text, "stars": len(text), "ovens": text.count("a")},
        }[model]


@pytest.fixture
def codes(db: None) -> list[Code]:
    """Seven of them, each with its key as label and a version before."""
    with Context():
        found = [Code.objects.create(id=str(number)) for number in range(7)]
        for code in found:
            edit(code, label=code.pk)
    return found


@pytest.fixture
def posts(alice: User, bob: User) -> list[Post]:
    day = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)
    with Context():
        return [
            Post.objects.create(author=alice, title="Alpha", body="50% off_", price="9.50", data={"a": [1, None]}),
            Post.objects.create(author=bob, editor=alice, title="Beta", price="10", published_at=day),
            Post.objects.create(author=bob, title="gamma", body="é\n", price="-1", is_published=True, data={"a": 1}),
            Post.objects.create(author=alice, editor=bob, title="", published_at=day + datetime.timedelta(days=1)),
        ]


def lookups(alice: User, bob: User) -> Iterator[dict[str, Any]]:
    day = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)
    yield from ({"author": alice}, {"author_id": alice.pk}, {"author": str(bob.pk)}, {"author__in": [bob, alice]})
    yield from ({"editor": None}, {"editor__isnull": False}, {"editor_id__in": [alice.pk]}, {"editor__gt": 0})
    yield from ({"title": "Alpha"}, {"title__in": ["Alpha", "Beta"]}, {"title__exact": ""}, {"title__in": []})
    yield from ({"title__contains": "eta"}, {"title__icontains": "ETA"}, {"title__startswith": "Al"})
    yield from ({"title__istartswith": "GAM"}, {"title__endswith": "mma"}, {"title__iendswith": "MMA"})
    yield from ({"title__iexact": "ALPHA"}, {"body__contains": "%"}, {"body__contains": "f_"}, {"body__endswith": "\n"})
    yield from ({"price": "10"}, {"price__gt": 9.5}, {"price__gte": "9.50"}, {"price__lt": 0}, {"price__lte": 0})
    yield from ({"price__range": (0, 10)}, {"price__in": [10, "9.5"]}, {"price__isnull": True})
    yield from ({"is_published": True}, {"is_published__in": [False]}, {"published_at": day})
    yield from ({"published_at__gt": day}, {"published_at__range": (day, day)}, {"published_at__isnull": True})
    yield from ({"data": {"a": 1}}, {"data": {"a": [1, None]}}, {"data": {}}, {"data__isnull": False})
    yield from ({"pk__gt": 0, "title": "Beta"}, {"pk__in": []}, {"pk": 0}, {"id__isnull": True})


def test_conditions_find_what_those_of_the_database_find(posts: list[Post], alice: User, bob: User) -> None:
    past = as_of(Post, now())
    pks = [post.pk for post in posts]
    own = [{"pk": pks[1]}, {"id": str(pks[2])}, {"pk__in": pks[1:3]}, {"pk__lte": pks[1]}]
    for conditions in (*lookups(alice, bob), *own):
        for method in "filter", "exclude":
            expected = getattr(Post.objects, method)(**conditions).values_list("pk", flat=True)
            found = {post.pk for post in getattr(past, method)(**conditions)}
            assert found == set(expected), (method, conditions)
            assert getattr(past, method)(**conditions).count() == len(expected)


def test_conditions_chain_and_leave_the_past_that_they_narrow_as_it_was(posts: list[Post], alice: User) -> None:
    past = as_of(Post, now())
    by_alice = past.filter(author=alice)
    assert [post.title for post in by_alice.filter(price__gt=1)] == ["Alpha"]
    assert [post.title for post in by_alice.exclude(title="Alpha", price=0)] == ["Alpha", ""]
    assert [post.title for post in by_alice.exclude(title="Alpha").exclude(price=0)] == []
    assert (by_alice.count(), past.count(), past.exclude().count()) == (2, 4, 4)
    assert past.filter(pk__in=[posts[0].pk, posts[1].pk]).filter(pk__in=[posts[1].pk]).get() == posts[1]
    assert past.filter(pk=posts[0].pk).exclude(pk=posts[0].pk).first() is None


def test_conditions_tell_case_apart_on_every_database() -> None:
    with Context():
        for key, label in ("x", "aa"), ("y", "AA"), ("z", "b"):
            Code.objects.create(id=key, label=label)
    past = as_of(Code, now())
    for lookup, found in {
        "": "x",
        "__contains": "x",
        "__startswith": "x",
        "__icontains": "xy",
        "__iexact": "xy",
    }.items():
        assert {code.pk for code in past.filter(**{f"label{lookup}": "aa"})} == set(found)
    assert [code.pk for code in past.filter(pk__in=["z", "X", "x"])] == ["x", "z"]


def test_conditions_are_on_what_was_recorded_not_on_what_is(codes: list[Code]) -> None:
    before = now()
    with Context():
        edit(codes[3], label="changed")
        codes[5].delete()
    assert [code.pk for code in as_of(Code, before).filter(label__in=["3", "5"])] == ["3", "5"]
    assert [code.pk for code in as_of(Code, now()).filter(label__in=["3", "5", "changed"])] == ["3"]


def test_conditions_on_lists_are_met_by_membership() -> None:
    with Context():
        red, blue = (Label.objects.create(name=name) for name in ("red", "blue"))
        heirs = [Heir.objects.create() for _ in range(3)]
        heirs[0].labels.set([red, blue])
        heirs[1].labels.set([blue])
        heirs[2].own_labels.set([red])
    moment = now()
    with Context():
        for heir in heirs:
            heir.labels.clear()
    past = as_of(Heir, moment)
    for conditions, expected in (
        ({"labels": blue}, heirs[:2]),
        ({"labels": str(red.pk)}, heirs[:1]),
        ({"labels__in": [red.pk, red]}, heirs[:1]),
        ({"labels__isnull": True}, heirs[2:]),
        ({"labels": None}, heirs[2:]),
        ({"own_labels": red}, heirs[2:]),
    ):
        assert set(past.filter(**conditions)) == set(expected), conditions
        assert set(past.exclude(**conditions)) == set(heirs) - set(expected), conditions
    assert recorded_list(past.get(pk=heirs[0]), "labels") == [red.pk, blue.pk]
    assert recorded_list(as_of(Heir, now()).get(pk=heirs[0].pk), "labels") == []
    for instance, name in ((heirs[0], "labels"), (past.get(pk=heirs[0].pk), "size")):
        with pytest.raises(LookupError, match=f"'{name}'"):
            recorded_list(instance, name)


@pytest.mark.parametrize(
    ("model", "lookup", "message"),
    [
        (Post, "tilte", r"no 'tilte' is recorded of app.Post. Choose from author, author_id, body"),
        (Post, "comments", "no 'comments' is recorded"),
        (Post, "title__regex", r"lookup 'regex' cannot be tested on recorded values of app.Post.title.*contains"),
        (Post, "author__username", "lookup 'username' .* relations are not followed"),
        (Post, "data__contains", r"lookup 'contains'.*app.Post.data.*Choose from exact, in, isnull"),
        (Post, "data__a", "lookup 'a'"),
        (Heir, "labels__gt", "lookup 'gt'"),
        (Seat, "pk__gt", "lookup 'gt'"),
    ],
)
def test_condition_that_cannot_be_tested_is_refused_with_the_choice(model: Any, lookup: str, message: str) -> None:
    with pytest.raises(FieldError, match=message):
        as_of(model, now()).filter(**{lookup: 1})


def test_condition_with_a_value_that_does_not_fit_is_refused(alice: User) -> None:
    past = as_of(Post, now())
    for conditions in (
        {"pk": "no number"},
        {"price__gt": "much"},
        {"published_at": "yesterday"},
        {"author": Code(id="x")},
        {"author": User()},
        {"price__gt": None},
        {"title__isnull": "yes"},
    ):
        for method in past.filter, past.exclude, past.get:
            with pytest.raises((ValueError, ValidationError)):
                method(**conditions)


def test_key_of_any_kind_is_found_by_the_index(alice: User) -> None:
    with Context():
        label = Label.objects.create(name="a")
        objects: list[tuple[Any, Any]] = [
            (Seat.objects.create(row="a", place=1), ("a", 1)),
            (Flag.objects.create(id=True), True),
            (Passport.objects.create(label=label), label),
            (Pizzeria.objects.create(name="a"), "{}"),
            (Document.objects.create(slug="a"), "{}"),
        ]
    for instance, key in objects:
        wanted = str(instance.pk) if key == "{}" else key
        with counting() as captured:
            assert as_of(type(instance), now()).filter(pk=wanted).get() == instance
        (query,) = (each["sql"] for each in captured if "objectdelta" in each["sql"])
        assert f"IN ('{key_to_text(type(instance), instance.pk)}')" in query.replace("\\", "")
        assert as_of(type(instance), now()).exclude(pk__in=[wanted]).count() == 0


def test_get_of_none_or_several_is_refused_as_by_a_queryset(codes: list[Code]) -> None:
    past = as_of(Code, now())
    assert past.get(label="3") == codes[3]
    with pytest.raises(Code.DoesNotExist, match="app.Code objects as of .* meets {'label': '9'}"):
        past.get(label="9")
    with pytest.raises(Code.MultipleObjectsReturned, match="app.Code objects as of"):
        past.get(label__gt="3")
    with pytest.raises(Code.DoesNotExist):
        past.filter(label="3").get(pk="4")


def test_past_is_read_lazily_with_one_query_a_batch_each_time(codes: list[Code]) -> None:
    past, moment = as_of(Code, now()), now()
    past.first()
    with queries(at_most=0):
        found = as_of(Code, moment).filter(label__gt="0").exclude(pk="1").iterator(3)
        assert repr(as_of(Code, moment)) == f"<Past of app.Code objects as of {moment}>"
    with queries(at_most=1):
        next(found)
    for size, expected in ((3, 3), (4, 2), (8, 1), (2000, 1)):
        for _ in range(2):
            with counting() as captured:
                assert [code.label for code in past.iterator(size)] == list("0123456")
            assert len(captured) == expected
    for narrowed, expected in (
        (past.filter(pk__in=list("0246"), label__gt="0"), 1),
        (past.filter(pk="9"), 1),
        (past.filter(pk__in=[]), 0),
    ):
        with counting() as captured:
            list(narrowed)
        assert len(captured) == expected
    with counting() as captured:
        assert [code.pk for code in past.filter(pk__in=list("6543210")).iterator(3)] == list("0123456")
    assert len(captured) == 3
    with pytest.raises(ValueError, match="chunk_size"):
        next(past.iterator(0))


def test_objects_that_are_gone_or_yet_to_come_fill_batches_of_their_own(codes: list[Code]) -> None:
    before = now()
    with Context():
        Code.objects.exclude(pk="6").delete()
        Code.objects.create(id="7")
    assert [code.pk for code in as_of(Code, now()).iterator(2)] == ["6", "7"]
    assert [code.pk for code in as_of(Code, before).iterator(2)] == list("0123456")
    assert (as_of(Code, now()).count(), as_of(Code, now()).first()) == (2, codes[6])


def test_versions_of_equal_and_reversed_times_go_by_their_numbers() -> None:
    with Context():
        code = Code.objects.create(id="x", label="1")
        for label in "234":
            edit(code, label=label)
    begin = now()
    for version, hours in ((1, 1), (2, 1), (3, 5), (4, 3)):
        deltas_of(Code, "x").filter(version=version).update(created_at=begin + datetime.timedelta(hours=hours))
    labels = []
    for hours in range(7):
        found = snapshot_at(code, begin + datetime.timedelta(hours=hours))
        assert found == as_of(Code, begin + datetime.timedelta(hours=hours)).first()
        labels.append(found and found.label)
    # The fourth came before the third by its clock, but builds upon it.
    assert labels == [None, "2", "2", "4", "4", "4", "4"]


def test_revision_counts_up_to_its_last_delta_whatever_began_before_it() -> None:
    code = Code(id="x")
    early = Context.via_revision_description("early")
    with early:
        edit(code, label="1")
        revision = Revision.objects.get()
        with Context.via_revision_description("late"):
            edit(code, label="2")
        edit(code, label="3")
    late = Revision.objects.get(description="late")
    assert [each.label for each in as_of(Code, late)] == ["2"]
    assert [each.label for each in as_of(Code, revision)] == ["3"]


def test_time_without_zone_is_in_the_default_one_with_djangos_warning(codes: list[Code], settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    moment = now()
    naive = timezone.make_naive(moment, datetime.timezone(datetime.timedelta(hours=9)))
    with pytest.warns(RuntimeWarning, match="received a naive datetime"):
        past = as_of(Code, naive)
    assert (past.count(), past.moment) == (7, as_of(Code, moment).moment)
    with pytest.warns(RuntimeWarning, match="received a naive datetime"):
        assert snapshot_at(codes[0], naive - datetime.timedelta(hours=1)) is None


def test_what_is_no_moment_is_refused(codes: list[Code]) -> None:
    for odd in ("2026-01-01", None, datetime.date(2026, 1, 1), codes[0]):
        with pytest.raises(TypeError, match="A moment is a datetime or a"):
            as_of(Code, odd)  # type: ignore[arg-type]
    for revision in Revision(), Revision.objects.first():
        with pytest.raises(ValueError, match="is no revision of the database 'other'"):
            as_of(Code, revision, using="other")
    empty = Revision.objects.create(description="empty")
    with pytest.raises(IncompleteHistory, match=f"Of revision {empty.pk} no object delta is there"):
        list(as_of(Code, empty))


def test_object_whose_whole_state_was_pruned_is_named_unless_left_out(codes: list[Code]) -> None:
    deltas_of(Code, "3").filter(version=1).delete()
    past = as_of(Code, now())
    for read in (lambda: list(past), lambda: past.get(pk="3"), lambda: snapshot_at(codes[3], now())):
        with pytest.raises(IncompleteHistory, match=r"app.Code 3 as of .* cannot be rebuilt.*exclude\(pk=…\)"):
            read()
    assert past.exclude(pk="3").count() == len(list(past.exclude(pk="3"))) == 6
    assert (past.count(), past.filter(pk="3").exists()) == (7, True)
    with Context():
        codes[3].delete()
    assert len(list(as_of(Code, now()))) == 6


def test_field_that_was_not_recorded_is_deferred_and_meets_no_condition(settings: Any) -> None:
    settings.REVY_EXCLUDED_FIELDS = ["app.Document.file"]
    with Context():
        document = Document.objects.create(slug="a", file="a.txt")
    past = as_of(Document, now())
    assert past.get().get_deferred_fields() == {"file"}
    assert past.get().file.name == "a.txt"
    assert [past.filter(**{name: value}).count() for name, value in (("file", "a.txt"), ("file__isnull", True))] == [
        0,
        0,
    ]
    assert past.exclude(file="a.txt").get() == document


def test_proxies_are_of_the_class_that_was_asked_for(posts: list[Post]) -> None:
    past = as_of(SpecialPost, now())
    assert {(type(post), post.pk) for post in past} == {(SpecialPost, post.pk) for post in posts}
    special = snapshot_at(SpecialPost.objects.get(pk=posts[0].pk), now())
    assert (type(special), special) == (SpecialPost, posts[0])


def test_objects_of_the_past_can_be_saved_again(posts: list[Post]) -> None:
    moment = now()
    with Context():
        posts[0].delete()
        edit(posts[1], title="changed")
    with Context():
        for post in as_of(Post, moment):
            post.save()
    assert [post.title for post in Post.objects.order_by("pk")] == ["Alpha", "Beta", "gamma", ""]


def test_long_texts_are_not_cut() -> None:
    with Context():
        row = Everything.objects.create(text="x")
        for letter in "abc":
            edit(row, text=letter * 700_000)
    assert as_of(Everything, now()).get().text == "c" * 700_000


def test_past_tells_of_what_the_running_transaction_has_not_written_yet() -> None:
    with Context():
        Code.objects.create(id="x", label="1")
        assert as_of(Code, now()).get().label == "1"
        assert snapshot_at(Code, now(), "x") is not None


@pytest.mark.django_db(databases=["default", "other"])
def test_past_is_that_of_the_database_of_the_history() -> None:
    with Context():
        here = Code.objects.create(id="x", label="here")
        there = Code.objects.using("other").create(id="x", label="there")
    for past, label in (
        (as_of(Code, now()), "here"),
        (as_of(Code, now(), using="other"), "there"),
        (as_of(Code, Revision.objects.using("other").get()), "there"),
    ):
        (code,) = past
        assert (code.label, code._state.db) == (label, past.using)
    for found, label in (
        (snapshot_at(here, now()), "here"),
        (snapshot_at(there, now()), "there"),
        (snapshot_at(Code, now(), "x", using="other"), "there"),
        (snapshot_at(Code, Revision.objects.using("other").get(), "x"), "there"),
    ):
        assert found is not None
        assert found.label == label


def test_snapshot_at_costs_one_query_and_takes_keys_of_objects_that_are_gone(codes: list[Code]) -> None:
    moment = now()
    with Context():
        codes[0].delete()
    with queries(at_most=1):
        assert values_of(snapshot_at(Code, moment, "0") or codes[1]) == {"id": "0", "label": "0"}
    with queries(at_most=1):
        assert snapshot_at(Code, now(), "0") is None
    with pytest.raises(ValueError, match="app.Code without primary key"):
        snapshot_at(Code, now())
