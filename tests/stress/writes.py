"""What a worker may do: one write each, and what the history must hold of it if it succeeds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection, models, transaction
from django.db.models import F

from tests.stress.app.models import Box, Item, Slip, Tag

Write = Callable[["Hand"], "Wrote"]


@dataclass
class Wrote:
    """What the revision of a write must hold.

    `objects`: the least and the most object deltas of each object, named by `name_of`; none of others. `boxes`: how
    many of boxes altogether, whichever they are. `added`: by how much the count of a box changed. `tags`: the only tags
    that came or went. `is_loose`: at most one of any other box too. `falls`: items too, by nobody.
    """

    objects: dict[str, tuple[int, int]] = field(default_factory=dict)
    boxes: int | None = None
    added: dict[str, int] = field(default_factory=dict)
    tags: list[int] = field(default_factory=list)
    is_loose: bool = False
    falls: bool = False


@dataclass
class Hand:
    """What a worker writes with: its token is new at every write, its tags and the keys of its slips are its own."""

    random: random.Random
    boxes: list[int]
    older_slips: list[int]
    tags: list[int]
    next_slip: int
    step: int
    token: str = ""
    slips: list[int] = field(default_factory=list)

    def box(self) -> int:
        return self.random.choice(self.boxes)

    def some_boxes(self, count: int = 3) -> list[int]:
        return sorted(self.random.sample(self.boxes, min(count, len(self.boxes))))

    def tag(self) -> Tag:
        return Tag.objects.get(pk=self.random.choice(self.tags))

    def new_slips(self, count: int) -> list[Slip]:
        """Return slips whose keys sit between those of other workers."""
        keys = [self.next_slip + number * self.step for number in range(count)]
        self.next_slip += count * self.step
        return [Slip(pk=key, label=self.token) for key in keys]


def name_of(model: type[models.Model], pk: object) -> str:
    return f"{model.__name__} {pk}"


def once(*instances: models.Model, **options: object) -> Wrote:
    return Wrote({name_of(type(instance), instance.pk): (1, 1) for instance in instances}, **options)  # type: ignore[arg-type]


def save(hand: Hand) -> Wrote:
    box = Box.objects.get(pk=hand.box())
    box.label = hand.token
    box.save()
    return once(box)


def save_some_fields(hand: Hand) -> Wrote:
    box = Box.objects.get(pk=hand.box())
    box.label = hand.token
    box.data = {"by": hand.token}
    box.save(update_fields=["label", "data"])
    return once(box)


def save_expression(hand: Hand) -> Wrote:
    box = Box.objects.only("pk").get(pk=hand.box())
    box.count = F("count") + 1
    box.save(update_fields=["count"])
    return once(box, added={name_of(Box, box.pk): 1})


def save_two_locked(hand: Hand) -> Wrote:
    """Move one from a box to another, both locked in the order of their keys."""
    with transaction.atomic():
        boxes = list(Box.objects.select_for_update().filter(pk__in=hand.some_boxes(2)).order_by("pk"))
        added = {}
        for box, change in zip(boxes, (-1, 1), strict=False):
            box.count += change
            box.label = hand.token
            box.save()
            added[name_of(Box, box.pk)] = change
    return once(*boxes, added=added)


def update_one(hand: Hand) -> Wrote:
    return Wrote(boxes=Box.objects.filter(pk=hand.box()).update(label=hand.token))


def update_some(hand: Hand) -> Wrote:
    return Wrote(boxes=Box.objects.filter(pk__in=hand.some_boxes()).update(label=hand.token))


def update_by_condition(hand: Hand) -> Wrote:
    limit = hand.random.randrange(20)
    return Wrote(boxes=Box.objects.filter(count__gte=limit).update(label=hand.token, count=F("count") - limit))


def update_or_create(hand: Hand) -> Wrote:
    return once(Box.objects.update_or_create(pk=hand.box(), defaults={"label": hand.token})[0])


def bulk_update(hand: Hand) -> Wrote:
    boxes = list(Box.objects.filter(pk__in=hand.some_boxes()).order_by("pk"))
    for box in boxes:
        box.label = hand.token
    return Wrote(boxes=Box.objects.bulk_update(boxes, ["label"]))


def upsert(hand: Hand) -> Wrote:
    boxes = [Box(pk=key, label=hand.token) for key in hand.some_boxes()]
    target = {"unique_fields": ["id"]} if connection.features.supports_update_conflicts_with_target else {}
    Box.objects.bulk_create(boxes, update_conflicts=True, update_fields=["label"], **target)
    return once(*boxes)


def toggle_tag(hand: Hand) -> Wrote:
    """Add or remove a tag of one's own under lock, and so for certain."""
    with transaction.atomic():
        box = Box.objects.select_for_update().get(pk=hand.box())
        tag = hand.random.choice(hand.tags)
        if box.tags.filter(pk=tag).exists():
            box.tags.remove(tag)
        else:
            box.tags.add(tag)
    return once(box, tags=[tag])


def change_tags(hand: Hand) -> Wrote:
    box = Box(pk=hand.box())
    tags = hand.random.sample(hand.tags, 2)
    hand.random.choice([box.tags.add, box.tags.remove])(*tags)
    return Wrote({name_of(Box, box.pk): (0, 1)}, tags=tags)


def set_tags(hand: Hand) -> Wrote:
    """Set the tags of a box, and so those of others too."""
    with transaction.atomic():
        box = Box.objects.select_for_update().get(pk=hand.box())
        before = set(box.tags.values_list("pk", flat=True))
        tags = set(hand.random.sample(hand.tags, 2))
        box.tags.set(tags)
    changes = int(tags != before)
    return Wrote({name_of(Box, box.pk): (changes, changes)}, tags=sorted(tags | before))


def change_boxes(hand: Hand) -> Wrote:
    """Change the relation from its other side."""
    tag = hand.tag()
    boxes = hand.some_boxes()
    method = hand.random.choice(["add", "remove", "set", "clear"])
    getattr(tag.boxes, method)(*([] if method == "clear" else [boxes] if method == "set" else boxes))
    return Wrote(tags=[tag.pk], is_loose=True)


def create_item(hand: Hand) -> Wrote:
    return once(Item.objects.create(box_id=hand.box(), spare_id=hand.box(), label=hand.token))


def delete(hand: Hand) -> Wrote:
    box = Box.objects.get(pk=hand.box())
    name = name_of(Box, box.pk)
    _all, by_model = box.delete()
    count = by_model.get(Box._meta.label, 0)
    return Wrote({name: (count, count)}, falls=True)


def delete_some(hand: Hand) -> Wrote:
    _all, by_model = Box.objects.filter(pk__in=hand.some_boxes(2)).delete()
    return Wrote(boxes=by_model.get(Box._meta.label, 0), falls=True)


def recreate(hand: Hand) -> Wrote:
    with transaction.atomic():
        box = Box(pk=hand.box(), label=hand.token)
        Box.objects.filter(pk=box.pk).delete()
        box.save(force_insert=True)
    return Wrote({name_of(Box, box.pk): (1, 2)}, falls=True)


def create_slip(hand: Hand) -> Wrote:
    (slip,) = hand.new_slips(1)
    slip.save(force_insert=True)
    hand.slips.append(slip.pk)
    return once(slip)


def create_slips(hand: Hand) -> Wrote:
    slips = hand.new_slips(hand.random.choice([3, 100]))
    Slip.objects.bulk_create(slips)
    hand.slips += [slip.pk for slip in slips]
    return once(*slips)


def save_own_slip(hand: Hand) -> Wrote:
    if not hand.slips:
        return create_slip(hand)
    slip = Slip.objects.get(pk=hand.random.choice(hand.slips))
    slip.label = hand.token
    slip.save()
    return once(slip)


def delete_own_slips(hand: Hand) -> Wrote:
    hand.random.shuffle(hand.slips)
    keys = [hand.slips.pop() for _ in range(min(len(hand.slips), hand.random.choice([1, 50])))]
    Slip.objects.filter(pk__in=keys).delete()
    return Wrote({name_of(Slip, key): (1, 1) for key in keys})


def save_older_slip(hand: Hand) -> Wrote:
    """Write to an object that is older than its history, each one once."""
    slip = Slip(pk=hand.older_slips.pop(), label=hand.token)
    slip.save()
    return once(slip)


def write_much(hand: Hand) -> Wrote:
    """Do many things in one transaction, some of them for nothing."""
    with transaction.atomic():
        box = Box.objects.select_for_update().get(pk=hand.box())
        slips = hand.new_slips(10)
        for slip in slips:
            slip.save(force_insert=True)
            if slip.pk % 3 == 0:
                with transaction.atomic():
                    Slip.objects.filter(pk__in=[each.pk for each in slips]).update(label="for nothing")
                    transaction.set_rollback(True)
        box.label = hand.token
        box.save()
    hand.slips += [slip.pk for slip in slips]
    return once(box, *slips)


SCENARIOS: dict[str, dict[Write, int]] = {
    # Of everything.
    "mixed": {
        save: 6, save_some_fields: 3, save_expression: 4, save_two_locked: 4, update_one: 2, update_some: 2,
        update_by_condition: 1, update_or_create: 3, upsert: 2, bulk_update: 2, toggle_tag: 2, change_tags: 2,
        change_boxes: 2, create_item: 2, delete: 1, recreate: 2,
    },
    # What Django alone never deadlocks on, as everything is locked in the order of the keys.
    "ordered": {
        save: 3, save_some_fields: 2, save_expression: 3, save_two_locked: 4, update_one: 2, update_or_create: 2,
        upsert: 2, toggle_tag: 2, change_tags: 2, change_boxes: 2,
    },
    # New objects whose keys sit between those of others.
    "adjacent": {create_slip: 4, create_slips: 2, save_own_slip: 3, delete_own_slips: 1},
    # One relation, from both sides.
    "relations": {toggle_tag: 2, change_tags: 2, set_tags: 2, change_boxes: 4},
    # Deletions that meet in what falls with them.
    "cascades": {create_item: 6, delete: 1, delete_some: 1, recreate: 2, update_or_create: 3},
    # Upserts of objects that others delete and insert.
    "upserts": {upsert: 4, delete: 1, update_or_create: 2, save: 2},
    # The first versions of objects that are older than their history, by two at a time.
    "older": {save_older_slip: 1},
    # What a writer that is killed was doing.
    "killed": {
        save: 2, save_expression: 2, save_two_locked: 2, update_some: 2, bulk_update: 1, toggle_tag: 1,
        change_boxes: 1, create_item: 2, delete: 1, recreate: 1, update_or_create: 2, upsert: 1, create_slips: 3,
        save_own_slip: 1, delete_own_slips: 2, write_much: 4,
    },
}  # fmt: skip
