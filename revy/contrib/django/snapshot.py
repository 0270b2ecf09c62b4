"""Past states, rebuilt by the database: the last whole state at or before a version, and the changes since then."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import connections, models
from django.db.models.expressions import Expression, F

from revy.contrib.django.conf import get_attribute_delta_model, get_object_delta_model
from revy.contrib.django.errors import UnreadableValue
from revy.contrib.django.renames import content_type_ids, state_of_today
from revy.contrib.django.selects import composed
from revy.contrib.django.values import Codec

if TYPE_CHECKING:
    from revy.contrib.django.abstract import AbstractObjectDelta

State = dict[str, Any]

# What differs between databases: joining text, JSON as text, and gathering version, id, name and value of attribute
# deltas into one JSON list.
_DIALECTS: dict[str, dict[str, Callable[..., str]]] = {
    "sqlite": {
        "concat": lambda *parts: "(" + " || ".join(parts) + ")",
        "text": lambda sql: sql,
        "gather": lambda version, key, name, value: (
            f"'[' || group_concat('[' || {version} || ',' || {key} || ',' || json_quote({name}) || ',' || "
            f"COALESCE({value}, 'null') || ']', ',') || ']'"
        ),
    },
    "postgresql": {
        "concat": lambda *parts: "(" + " || ".join(parts) + ")",
        "text": "{}::text".format,
        # Joining text takes half as long again.
        "gather": "json_agg(json_build_array({}, {}, {}, {}))::text".format,
    },
    "mysql": {
        "concat": lambda *parts: "CONCAT(" + ", ".join(parts) + ")",
        "text": lambda sql: sql,
        "gather": lambda version, key, name, value: (
            f"CONCAT('[', GROUP_CONCAT(CONCAT('[', {version}, ',', {key}, ',', JSON_QUOTE({name}), ',', "
            f"COALESCE({value}, 'null'), ']') SEPARATOR ','), ']')"
        ),
    },
}


class ObjectState(Expression):
    """Annotates object deltas with the state of their object at their version: encoded values by attname, or None.

    None means that the whole state the version builds upon is gone. One query on every database.
    """

    def __init__(self) -> None:
        super().__init__(output_field=models.TextField())
        self._key: Any = F("pk")

    def get_source_expressions(self) -> list[Any]:
        return [self._key]

    def set_source_expressions(self, exprs: Any) -> None:
        (self._key,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        lift_text_limit(connection)
        alias, parts = self._alias(compiler), (get_object_delta_model(), get_attribute_delta_model())
        return composed(connection, ("state", alias, parts), lambda: compose_state(connection, alias, *parts)), ()

    def _alias(self, compiler: Any) -> str:
        column: str = compiler.compile(self._key)[0]
        return column.removesuffix(f".{compiler.connection.ops.quote_name(self._key.target.column)}")

    def get_db_converters(self, connection: Any) -> list[Callable[..., Any]]:
        return [self._convert]

    def _convert(self, value: str | None, expression: Any, connection: Any) -> Any:
        return None if value is None else replay_text(value)[1]


class ObjectSnapshot(ObjectState):
    """Annotates object deltas of a model's objects with a model instance as it was at their version, ready to be saved.

    None for deltas of other models, and where the state cannot be rebuilt. A field without recorded value is deferred,
    so that saving leaves it alone; at a Delete it has its default. Raises UnreadableValue when a recorded value does
    not fit the field of today.
    """

    def __init__(self, model: type[models.Model]) -> None:
        super().__init__()
        self.model: type[models.Model] = model

    @property
    def identity(self) -> tuple[Any, ...]:
        return (type(self), self.model, self._key)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = super().as_sql(compiler, connection)
        type_ids = content_type_ids(self.model, connection.alias)
        own = _Table(self._alias(compiler), get_object_delta_model(), connection.ops.quote_name)["content_type"]
        return f"CASE WHEN {own} IN ({', '.join(['%s'] * len(type_ids))}) THEN {sql} END", (*type_ids, *params)

    def _convert(self, value: str | None, expression: Any, connection: Any) -> models.Model | None:
        if value is None:
            return None
        action, state = replay_text(value)
        return build_instance(self.model, state, connection.alias, is_deleted=action == "D", must_fit=True)


class _Table:
    """A table under an alias, as SQL; its columns by field name."""

    def __init__(self, alias: str, model: type[models.Model], quote: Callable[[str], str]) -> None:
        self._alias, self._model, self._quote = alias, model, quote

    def __str__(self) -> str:
        return f"{self._quote(self._model._meta.db_table)} {self._alias}"

    def __getitem__(self, name: str) -> str:
        field: Any = self._model._meta.get_field(name)
        return f"{self._alias}.{self._quote(field.column)}"


def compose_state(
    connection: Any, alias: str, delta_model: type[models.Model], change_model: type[models.Model]
) -> str:
    """Return the SQL of the state at the object delta that goes by the alias, as text: action, state, changes."""
    dialect, quote_name = _DIALECTS[connection.vendor], connection.ops.quote_name
    concat, text, gather = (dialect[name] for name in ("concat", "text", "gather"))
    own, whole, between = (_Table(name, delta_model, quote_name) for name in (alias, "revy_k", "revy_d"))
    change = _Table("revy_a", change_model, quote_name)
    row = between["version"], change["id"], change["field_name"], change["new_value"]
    gathered = (
        f"SELECT {gather(*row)} FROM {between} JOIN {change} ON {change['object_delta']} = {between['id']} "
        f"WHERE {between['content_type']} = {own['content_type']} AND {between['content_id']} = {own['content_id']} "
        f"AND {between['version']} > {whole['version']} AND {between['version']} <= {own['version']}"
    )
    kind = concat("'[\"'", own["action"], "'\",'")
    stored = concat(kind, text(own["state"]), "',[]]'")
    rebuilt = concat(kind, text(whole["state"]), "','", f"COALESCE(({gathered}), '[]')", "']'")
    return (
        f"CASE WHEN {own['state']} IS NOT NULL THEN {stored} "
        f"ELSE (SELECT {rebuilt} FROM {whole} "
        f"WHERE {whole['content_type']} = {own['content_type']} AND {whole['content_id']} = {own['content_id']} "
        f"AND {whole['version']} < {own['version']} AND {whole['state']} IS NOT NULL "
        f"ORDER BY {whole['version']} DESC LIMIT 1) END"
    )


def is_known(object_delta: AbstractObjectDelta) -> bool:
    """Tell whether `state_of` needs no query."""
    return object_delta.state is not None or "recorded_state" in object_delta.__dict__


def state_of(object_delta: AbstractObjectDelta) -> State | None:
    if object_delta.state is not None:
        return object_delta.state  # type: ignore[no-any-return]
    if "recorded_state" in object_delta.__dict__:
        return object_delta.__dict__["recorded_state"]  # type: ignore[no-any-return]
    rows = type(object_delta)._base_manager.using(object_delta._state.db).filter(pk=object_delta.pk)
    return rows.annotate(recorded_state=ObjectState()).values_list("recorded_state", flat=True).first()


def build_instance(
    model: type[models.Model], state: State, using: str, *, is_deleted: bool, must_fit: bool = False
) -> models.Model:
    """Return an instance of the recorded state, as if loaded from `using`.

    Raises UnreadableValue for a value that its field of today cannot hold; with `must_fit` also if the database has no
    room for it, which validation tells else.
    """
    names, values = [], []
    state = state_of_today(model, state)
    connection = connections[using] if must_fit else None
    for field, codec in _codecs(model):
        if field.attname in state:
            names.append(field.attname)
            try:
                values.append(codec.decode(state[field.attname], connection))
            except UnreadableValue as error:
                keys = [state.get(part.attname) for part in model._meta.pk_fields]
                pk = keys[0] if len(keys) == 1 else tuple(keys)
                raise UnreadableValue(
                    f"{model._meta.label} {pk!r}: {error} `get_state()` and `get_attribute_deltas()` of its object "
                    "delta give it as it was recorded."
                ) from error
        elif is_deleted and not field.generated:
            names.append(field.attname)
            values.append(field.get_default())
    return model.from_db(using, names, values)


@functools.cache
def _codecs(model: type[models.Model]) -> tuple[tuple[Any, Codec], ...]:
    return tuple((field, Codec(field)) for field in model._meta.concrete_fields)


def replay_text(text: str) -> tuple[str, State]:
    """Return the action and the state that the database has told by the SQL of `compose_state`."""
    action, state, changes = json.loads(text)
    # By version and id, which no two have in common.
    for _version, _id, name, value in sorted(changes):
        state[name] = value
    return action, state


def lift_text_limit(connection: Any) -> None:
    """Let GROUP_CONCAT return texts of any length on this connection: it cuts them at 1 MiB or less by default."""
    if connection.vendor != "mysql":
        return
    connection.ensure_connection()
    if vars(connection).get("_revy_unlimited") is not connection.connection:
        with connection.connection.cursor() as cursor:
            cursor.execute("SET SESSION group_concat_max_len = 4294967295")
        vars(connection)["_revy_unlimited"] = connection.connection
