"""Record a history with an early revy, and note what every version was: fixture.json and oracle.json.

See README.md beside it.
"""

import datetime
import decimal
import io
import json
import os
import sys
from pathlib import Path

import django

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
os.environ["DJANGO_SETTINGS_MODULE"] = "then.settings"
django.setup()

# ruff: noqa: E402 - models are there once Django is set up

from django.core.management import call_command
from then.blog.models import Article, Draft, Hall, Person, Tag
from then.talk.models import Comment

from revy import Context

HERE = Path(__file__).resolve().parents[1]
NOW = datetime.datetime(2021, 3, 28, 0, 59, 59, 123456, tzinfo=datetime.UTC)

oracle = []
versions = {}


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return str(value) if isinstance(value, decimal.Decimal) else value


def row_of(instance):
    """Return the row as the database holds it, and the lists of its relations."""
    fresh = type(instance)._base_manager.get(pk=instance.pk)
    row = {field.attname: plain(getattr(fresh, field.attname)) for field in fresh._meta.concrete_fields}
    for field in fresh._meta.many_to_many:
        row[field.name] = sorted(getattr(fresh, field.name).values_list("pk", flat=True))
    return row


def note(instance, action, actor, description, row=None):
    """Note the next version of an object; the row is what it was before, if it is gone."""
    key = instance._meta.label_lower, str(instance.pk)
    versions[key] = versions.get(key, 0) + 1
    oracle.append(
        {
            "model": key[0],
            "pk": key[1],
            "version": versions[key],
            "action": action,
            "actor": None if actor is None else actor.name,
            "description": description,
            "row": row_of(instance) if row is None else row,
        }
    )


def create(model, actor, description, **values):
    with Context.via_actor(actor), Context.via_revision_description(description):
        instance = model.objects.create(**values)
    note(instance, "C", actor, description)
    return instance


def change(instance, actor, description, **values):
    with Context.via_actor(actor), Context.via_revision_description(description):
        for name, value in values.items():
            setattr(instance, name, value)
        instance.save()
    note(instance, "U", actor, description)


def relate(article, actor, description, *tags):
    with Context.via_actor(actor), Context.via_revision_description(description):
        article.tags.set(tags)
    note(article, "U", actor, description)


def main():
    call_command("migrate", run_syncdb=True, verbosity=0)
    ann = create(Person, None, "The first two.", name="ann")
    ben = create(Person, None, "The first two.", name="ben")
    tags = [create(Tag, ann, "Tags.", name=name) for name in ("django", "history", "ä€😀")]

    article = create(
        Article,
        ann,
        "A first article.",
        headline="First",
        body="one",
        author=ann,
        code="12",
        rating=5,
        price="1.5000",
        published_at=NOW,
        data={"nested": {"list": [1, 2.5, None, "x"]}},
        secret="s1",
        legacy="old",
    )
    relate(article, ann, "Tagged.", tags[0], tags[2])
    change(article, ben, "Edited by Ben.", headline="Second", body="two\n\n“quoted”")
    # The fourth version holds the whole state again.
    change(article, ann, "Given to Ben.", author=ben, rating=7, legacy="older")
    change(article, ben, "Priced.", price=decimal.Decimal("2.2500"), code="34", data="plain text")
    relate(article, ann, "Tagged again.", *tags)
    with (
        Context.via_actor(ann),
        Context.via_revision_description("Two people."),
        Context.via_object_delta_description("Closed."),
        Context.via_attribute_delta_description("Because it is done."),
    ):
        article.is_open = False
        with Context.via_actor(ben), Context.via_attribute_delta_description("A detail."):
            article.secret = "s2"
        article.save()
    note(article, "U", ann, "Two people.")
    for number in range(8, 12):
        change(
            article, ben, f"Edit {number}.", body=f"body {number}", published_at=NOW + datetime.timedelta(days=number)
        )

    odd = create(
        Article, ben, "What will not fit.", headline="Odd", author=ben, code="x-12", price="1.2345", data={"a": 1}
    )
    change(odd, ben, "Fits again.", code="99", price="1.2000", data="text")

    gone = create(Article, ann, "To be deleted.", headline="Gone", author=ann, code="1", price="3", data="")
    relate(gone, ann, "Tagged.", tags[1])
    comment = create(Comment, ben, "A comment.", article=gone, author=ben, text="first!")
    change(comment, ben, "Corrected.", text="First!")
    reply = create(Comment, ann, "A reply.", article=gone, author=ann, parent=comment, text="second")
    kept = create(Comment, ann, "Another.", article=article, author=ann, text="kept")
    rows = [row_of(each) for each in (gone, comment, reply)]
    keys = [(type(each), each.pk) for each in (gone, comment, reply)]
    with (
        Context.via_actor(ann),
        Context.via_revision_description("Deleted."),
        Context.via_deletion_description("Its article was deleted."),
    ):
        gone.delete()
    for (model, pk), row, actor in zip(keys, rows, (ann, None, None), strict=True):
        note(model(pk=pk), "D", actor, "Deleted.", row)
    change(kept, ann, "Kept.", text="kept on")

    hall = create(Hall, ann, "A hall.", name="Hall", seats=10)
    for seats in range(11, 16):
        change(hall, ben, "More seats.", name=f"Hall {seats}", seats=seats)

    draft = create(Draft, ben, "A draft.", text="draft", author=ben)
    change(draft, ben, "More.", text="draft 2")


def write(name, items):
    """Write one item a line."""
    lines = ",\n".join(json.dumps(item, ensure_ascii=False) for item in items)
    (HERE / name).write_text(f"[\n{lines}\n]\n")


main()
out = io.StringIO()
call_command("dumpdata", "contenttypes", "revy", natural_foreign=True, natural_primary=True, stdout=out)
write("fixture.json", json.loads(out.getvalue()))
write("oracle.json", oracle)
print(f"{len(oracle)} versions of {len(versions)} objects")
