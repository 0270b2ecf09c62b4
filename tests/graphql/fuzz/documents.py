"""Random documents, built from the schema alone: whatever is added to the schema is tried, too."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)

from tests.graphql.fuzz.values import Values, literal
from tests.graphql.fuzz.ways import Ways
from tests.graphql.fuzz.world import World

BRACKETS = "{}()[]:!$@#\"'\\,.|&= \n\x00\ud800é0a"


@dataclass
class Request:
    """What is sent: a document, its variables, and the name of the operation."""

    query: Any
    variables: Any = None
    operation: Any = None

    @property
    def body(self) -> dict[str, Any]:
        body = {"query": self.query}
        if self.variables is not None:
            body["variables"] = self.variables
        if self.operation is not None:
            body["operationName"] = self.operation
        return body


@dataclass
class Documents:
    """Makes requests; the same ones for the same seed and world."""

    random: Random
    world: World
    schema: GraphQLSchema
    ways: Ways
    _fragments: list[str] = field(default_factory=list)
    _variables: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def make(self) -> Request:
        self._fragments, self._variables = [], {}
        # Most documents are right, since only these show anything; the others have mistakes of every kind.
        self._is_right = self._chance(0.7)
        self.values = Values(self.random, self.world, is_right=self._is_right)
        is_mutation = self._chance(0.2)
        root: Any = self.schema.mutation_type if is_mutation else self.schema.query_type
        if self._chance(0.4):
            body = self._straight(root, self.random.choice(self.ways.kinds), self.random.choice([6, 9, 12]))
        else:
            body = self._selection(root, self.random.choice([4, 6, 9, 9, 12]), most=1)
        if self._errs(0.1):
            body += " __schema { types { name fields { name } } }"
        # Variables are given after the document is made, which says what they are.
        header = ", ".join(f"${name}: {kind}" for name, (kind, _) in self._variables.items())
        word = "mutation" if is_mutation else "query"
        text = f"{word} Q{f'({header})' if header else ''} {{ {body} }}\n" + "\n".join(self._fragments)
        variables = {name: value for name, (_, value) in self._variables.items() if not self._errs(0.03)}
        if self._errs(0.35):
            text = self._broken(text)
        return self._mistaken(Request(text, variables))

    def _mistaken(self, request: Request) -> Request:
        """Make one of the mistakes that have nothing to do with the document, rarely."""
        if not self._errs(0.1):
            return request
        choose = self.random.choice
        return choose([
            lambda: Request(choose([None, 5, [], "", "#", "\ufeff", "{" * 5_000, "[" * 400, '"' * 99, "query"])),
            lambda: Request(request.query, choose([[], "x", 7, {"v0": 1e308}, {"": None}, '{"v0": 1}', True])),
            lambda: Request(request.query, request.variables, choose(["Q", "nothing", 5, ["Q"], "", "\x00", "\ud800"])),
            lambda: Request(f"{request.query} query R {{ hello }}", request.variables, choose(["Q", "R", None])),
        ])()  # fmt: skip

    def _broken(self, text: str) -> str:
        for _ in range(self.random.randint(1, 3)):
            place, end = sorted(self.random.randrange(len(text) + 1) for _ in range(2))
            text = self.random.choice([
                text[:place] + self.random.choice(BRACKETS) + text[place:],
                text[:place] + text[place + 1 :],
                text[:end],
                text[:place] + text[place:end] * 2 + text[end:],
            ])  # fmt: skip
        return text

    def _selection(self, kind: Any, depth: int, most: int = 6) -> str:
        fields: dict[str, GraphQLField] = dict(getattr(kind, "fields", {}))
        names = [name for name, one in fields.items() if depth > 1 or not is_composite_type(get_named_type(one.type))]
        chosen = self.random.sample(names, min(len(names), self.random.randint(min(most, 2), most)))
        # What leads further down is what there is to find.
        below = [name for name in names if is_composite_type(get_named_type(fields[name].type))]
        chosen += [name for name in ("edges", "node") if name in below and name not in chosen]
        chosen += [
            name
            for name in self.random.sample(below, min(len(below), self.random.choice([1, 1, 2])))
            if name not in chosen
        ]
        parts = [self._field(name, fields[name], kind, depth) for name in chosen]
        if not parts or self._chance(0.1):
            parts.append("__typename")
        if is_abstract_type(kind) and depth > 1:
            possible = self.schema.get_possible_types(kind)
            for one in self.random.sample(possible, min(len(possible), self.random.randint(1, 2))):
                parts.append(f"... on {one.name} {{ {self._selection(one, depth - 1)} }}")
        return " ".join(parts)

    def _straight(self, kind: Any, target: Any, depth: int) -> str:
        """Select one way to a type, and everything that is short there: chance alone rarely leads so far."""
        steps = self.ways.towards(kind, target, depth)
        if not steps or (kind is target and self._chance(0.7)):
            return self._selection(kind, 2, most=9)
        name, below = self.random.choice(steps)
        inner = f"{{ {self._straight(below, target, depth - 1)} }}"
        if not name:
            return f"... on {below.name} {inner}"
        return f"{name}{self._arguments(kind.fields[name], 0.05)} {inner}"

    def _field(self, name: str, definition: GraphQLField, parent: Any, depth: int) -> str:
        kind = get_named_type(definition.type)
        alias = f"a{self.random.randrange(1000)}: " if self._chance(0.1) else ""
        below = f" {{ {self._selection(kind, depth - 1)} }}" if is_composite_type(kind) else ""
        if self._errs(0.02):
            name, below = self.random.choice([("nothing", ""), (name, "" if below else " { id }")])
        text = f"{alias}{name}{self._arguments(definition)}{self._directive()}{below}"
        if self._chance(0.05):
            return f"... on {parent.name}{self._directive()} {{ {text} }}"
        if self._chance(0.08):
            self._fragments.append(f"fragment F{len(self._fragments)} on {parent.name} {{ {text} }}")
            return f"...F{len(self._fragments) - 1}{self._directive()}"
        return text

    def _arguments(self, definition: GraphQLField, optional: float = 0.2) -> str:
        given = [
            f"{name}: {self._value(name, argument, get_named_type(definition.type).name)}"
            for name, argument in definition.args.items()
            if (not self._errs(0.03) if isinstance(argument.type, GraphQLNonNull) else self._chance(optional))
        ]
        return f"({', '.join(given)})" if given else ""

    def _value(self, name: str, argument: GraphQLArgument, of: str) -> str:
        value = self.values.choose(name, argument.type, of)
        if self._chance(0.7):
            return literal(value)
        variable = f"v{len(self._variables)}"
        kind = (
            str(argument.type) if not self._errs(0.05) else self.random.choice(["Int", "String", "Nothing", "[ID!]!"])
        )
        self._variables[variable] = kind, value
        return f"${variable}"

    def _directive(self) -> str:
        if self._chance(0.95):
            return ""
        if self._errs(0.3):
            return self.random.choice([" @include(if: $missing)", " @nothing", " @skip"])
        return self.random.choice([" @include(if: true)", " @skip(if: false)", " @skip(if: true)"])

    def _errs(self, probability: float) -> bool:
        return not self._is_right and self._chance(probability)

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability
