"""Whether the history tells exactly what the workers say that they did: read by itself, without revy's own readers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType

from revy.contrib.django import get_attribute_delta_model, get_object_delta_model, get_revision_model
from tests.stress.app.models import Box, Item, Slip, Tag

MODELS = (Box, Item, Slip, Tag)
NOBODY = None

State = dict[str, Any]


@dataclass(frozen=True)
class Delta:
    name: str
    version: int
    action: str
    actor: int | None
    token: str
    state: State | None
    changes: Mapping[str, tuple[Any, Any]]

    @property
    def model(self) -> str:
        return self.name.partition(" ")[0]


@dataclass(frozen=True)
class Said:
    """What a worker said of a write; `actor` is the key of the user that it acts for."""

    actor: int
    act: str
    token: str
    outcome: str
    wrote: dict[str, Any]

    @property
    def is_done(self) -> bool:
        return self.outcome == "done"


class History:
    """All of it, in memory."""

    def __init__(self) -> None:
        names = {ContentType.objects.get_for_model(model).pk: model.__name__ for model in MODELS}
        tokens = dict(get_revision_model()._base_manager.values_list("pk", "description"))
        changes: dict[int, dict[str, tuple[Any, Any]]] = defaultdict(dict)
        rows = get_attribute_delta_model()._base_manager.values_list(
            "object_delta_id", "field_name", "old_value", "new_value"
        )
        for delta, name, old, new in rows.iterator():
            changes[delta][name] = (old, new)
        self.by_object: dict[str, list[Delta]] = defaultdict(list)
        self.by_token: dict[str, list[Delta]] = {token: [] for token in tokens.values()}
        self.repeated = [token for token, count in Counter(tokens.values()).items() if count > 1]
        fields = ("pk", "content_type_id", "content_id", "version", "action", "actor_id", "revision_id", "state")
        deltas = get_object_delta_model()._base_manager.order_by("content_type_id", "content_id", "version")
        for pk, type_id, key, version, action, actor, revision, state in deltas.values_list(*fields).iterator():
            name = f"{names[type_id]} {key}"
            who = None if actor is None else int(actor)
            delta = Delta(name, version, action, who, tokens[revision], state, changes[pk])
            self.by_object[name].append(delta)
            self.by_token[delta.token].append(delta)

    @property
    def longest(self) -> int:
        return max(map(len, self.by_object.values()), default=0)

    @property
    def size(self) -> int:
        return sum(map(len, self.by_object.values()))


def problems(history: History, said: list[Said], *, untold: Container[str]) -> Iterator[str]:
    """Yield everything that is wrong. `untold` are the writes of which nobody has told what they did."""
    rows = live_rows()
    acts = {each.token: each.act for each in said}
    for name in history.by_object.keys() | rows.keys():
        yield from chain_problems(name, history.by_object.get(name, []), rows.get(name), acts)
    for token in history.repeated:
        yield f"{token}: more than one revision"
    by_token = {each.token: each for each in said}
    for token, deltas in history.by_token.items():
        if not deltas:
            yield f"{token}: a revision without object deltas"
        if token in untold:
            continue
        if token not in by_token or not by_token[token].is_done:
            yield f"{token}: has a revision, but {by_token[token].outcome if token in by_token else 'nobody wrote it'}"
    for each in said:
        if each.is_done:
            for problem in write_problems(each, history.by_token.get(each.token, [])):
                yield f"{each.token} ({each.act}): {problem}"


def live_rows() -> dict[str, State]:
    rows = {f"{model.__name__} {row['id']}": row for model in MODELS for row in model._base_manager.values()}
    for name, row in rows.items():
        if name.startswith("Box "):
            row["tags"] = []
    for box, tag in Box.tags.through._base_manager.order_by("tag_id").values_list("box_id", "tag_id"):
        rows[f"Box {box}"]["tags"].append(tag)
    return rows


def chain_problems(name: str, deltas: list[Delta], row: State | None, acts: Mapping[str, str]) -> Iterator[str]:
    """Follow an object through its versions: each has to begin with what the one before had left."""
    if not deltas:
        return
    if [delta.version for delta in deltas] != list(range(1, len(deltas) + 1)):
        yield f"{name}: versions {[delta.version for delta in deltas]}"
    state: State | None = None
    # Objects that are older than their history begin with an update.
    exists = deltas[0].action != "C"
    done = "nothing"
    for delta in deltas:
        act = f"{delta.action} by {acts.get(delta.token, 'somebody')} {delta.token}"
        where = f"{name} version {delta.version} ({act}, after {done})"
        done = act
        if exists != (delta.action != "C"):
            yield f"{where}: the object was{'' if exists else ' not'} there"
        for field, (old, _new) in delta.changes.items():
            if state is not None and delta.action == "U" and state[field] != old:
                yield f"{where}: {field} was {state[field]!r}, not {old!r}"
        new = {field: new for field, (_old, new) in delta.changes.items()}
        before = state
        state = delta.state if state is None or delta.action == "C" else {**state, **new}
        if delta.state is not None and state != delta.state:
            yield f"{where}: the state is {state!r}, not {delta.state!r}"
        if before is not None and delta.action == "U" and before == state:
            yield f"{where}: nothing changed"
        exists = delta.action != "D"
    if (state if exists else None) != row:
        yield f"{name}: the row is {row!r}, but its history ends with {deltas[-1].action} {state!r}"


def write_problems(said: Said, deltas: list[Delta]) -> Iterator[str]:
    wrote = said.wrote
    found = Counter(delta.name for delta in deltas)
    for name, (least, most) in wrote["objects"].items():
        if not least <= found[name] <= most:
            yield f"{found[name]} object deltas of {name} instead of {least} to {most}"
    boxes = sum(delta.model == "Box" for delta in deltas)
    if wrote["boxes"] is not None and boxes != wrote["boxes"]:
        yield f"{boxes} object deltas of boxes instead of {wrote['boxes']}"
    for delta in deltas:
        has_fallen = wrote["falls"] and delta.model == "Item"
        is_meant = has_fallen or delta.name in wrote["objects"]
        if not is_meant and not (delta.model == "Box" and (wrote["boxes"] is not None or wrote["is_loose"])):
            yield f"{delta.name} was not meant"
        if delta.actor != (NOBODY if has_fallen else said.actor):
            yield f"{delta.name} was changed by {delta.actor} instead of {said.actor}"
        yield from value_problems(said, delta)


def value_problems(said: Said, delta: Delta) -> Iterator[str]:
    label = delta.changes.get("label")
    if label is not None and label[1] != said.token:
        yield f"{delta.name} got the label {label[1]!r}"
    if delta.name in said.wrote["added"]:
        old, new = delta.changes["count"]
        if new - old != said.wrote["added"][delta.name]:
            yield f"the count of {delta.name} went from {old} to {new}"
    if "tags" in delta.changes and delta.action == "U":
        old, new = delta.changes["tags"]
        if not set(old) ^ set(new) <= set(said.wrote["tags"]):
            yield f"the tags of {delta.name} went from {old} to {new}"
