"""What is counted is what comes at most, however the document is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import build_schema, execute, parse, validate
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from revy_graphql.complexity import measure

# A schema whose lists are all full, so that what it returns is what it returns at most.
FULL = build_schema("""
  type Query {
    thing: Thing things(first: Int, last: Int): ThingConnection some(limit: Int = 3): [Thing!]! all: [Thing]
  }
  type Thing {
    name: String
    thing: Thing things(first: Int, last: Int): ThingConnection some(limit: Int = 3): [Thing!]! all: [Thing]
    parts: [Part!]
  }
  type Part { name: String thing: Thing }
  type ThingConnection { total: String info: Info edges: [ThingEdge] nodes: [Thing!]! }
  type Info { name: String }
  type ThingEdge { node: Thing cursor: String }
""")
FULL.type_map["ThingConnection"].graphene_type = SimpleNamespace(default_page_size=2)  # type: ignore[attr-defined]
FULL.type_map["Part"].graphene_type = SimpleNamespace(list_size=1)  # type: ignore[attr-defined]


class Returned:
    """Resolves the fields of FULL, and counts the nodes as they are returned."""

    def __init__(self) -> None:
        self.nodes = 0

    def resolve(self, size: int | None, info: Any, **args: Any) -> Any:
        """Return a value for any field; `size` is that of the connection that the field belongs to, if it does."""
        if info.field_name == "things":
            count = args.get("first") if args.get("first") is not None else args.get("last")
            return self.count(2 if count is None else count)
        if info.field_name in ("edges", "nodes"):
            return ["x"] * (size or 0)
        if info.field_name in ("some", "all"):
            limit = args.get("limit")
            return ["x"] * self.count(20 if info.field_name == "all" else 100 if limit is None else limit)
        if info.field_name == "parts":
            return ["x"] * self.count(1)
        return "x"

    def count(self, count: int) -> int:
        self.nodes += count
        return count


@dataclass
class Selected:
    """A field of a document, before it is written down."""

    name: str
    size: int | None = None
    alias: str = ""
    below: list[Selected] = field(default_factory=list)


TYPES = {
    "Query": {"thing": "Thing", "things": "ThingConnection", "some": "Thing", "all": "Thing"},
    "Thing": {
        "name": "",
        "thing": "Thing",
        "things": "ThingConnection",
        "some": "Thing",
        "all": "Thing",
        "parts": "Part",
    },
    "Part": {"name": "", "thing": "Thing"},
    "ThingConnection": {"total": "", "info": "Info", "edges": "ThingEdge", "nodes": "Thing"},
    "ThingEdge": {"node": "Thing", "cursor": ""},
    "Info": {"name": ""},
}
SIZES = st.none() | st.integers(0, 4)


@st.composite
def selections(draw: st.DrawFn, kind: str = "Query", depth: int = 5) -> list[Selected]:
    names = [name for name, below in TYPES[kind].items() if depth > 1 or not below]
    found = {}
    for name in draw(st.lists(st.sampled_from(names or ["__typename"]), min_size=1, max_size=3)):
        alias = draw(st.sampled_from(["", "", "a", "b"]))
        key = f"{alias}_{name}" if alias else name
        below = TYPES[kind].get(name)
        size = draw(SIZES) if name in ("things", "some") else None
        found[key] = Selected(name, size, key if alias else "", draw(selections(below, depth - 1)) if below else [])
    return list(found.values())


class Writer:
    """Writes selections down, each time in another way: in fragments, twice, in parts, with variables."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.fragments: list[str] = []
        self.variables: dict[str, int] = {}
        self.sizes: dict[int, str] = {}

    def write(self, chosen: list[Selected], kind: str) -> str:
        parts = [self.part(selected, kind) for selected in chosen]
        return " ".join(part for several in parts for part in several)

    def part(self, selected: Selected, kind: str) -> list[str]:
        below = [selected.below]
        if len(selected.below) > 1 and self.draw(st.booleans()):
            below = [selected.below[:1], selected.below[1:]]
        elif self.draw(st.integers(0, 5)) == 0:
            below = [selected.below, selected.below]
        arguments = self.arguments(selected)
        return [
            self.wrapped(f"{self.name(selected)}{arguments}{self.inner(some, selected, kind)}", kind) for some in below
        ]

    def inner(self, below: list[Selected], selected: Selected, kind: str) -> str:
        return f" {{ {self.write(below, TYPES[kind][selected.name])} }}" if below else ""

    def name(self, selected: Selected) -> str:
        return f"{selected.alias}: {selected.name}" if selected.alias else selected.name

    def arguments(self, selected: Selected) -> str:
        """Return the same text for a field wherever it is written: fields with different arguments cannot be merged."""
        if selected.size is None:
            return ""
        if id(selected) not in self.sizes:
            variable = f"v{len(self.variables)}"
            self.sizes[id(selected)] = self.draw(st.sampled_from([f"${variable}", str(selected.size)]))
            self.variables[variable] = selected.size
        return f"({'limit' if selected.name == 'some' else 'first'}: {self.sizes[id(selected)]})"

    def wrapped(self, text: str, kind: str) -> str:
        way = self.draw(st.integers(0, 7))
        if way == 0:
            return f"... {{ {text} }}"
        if way == 1:
            return f"... on {kind} @include(if: true) {{ {text} }}"
        if way == 2:
            return f"{text} ... @skip(if: true) {{ {text} }}"
        if way in (3, 4):
            self.fragments.append(f"fragment F{len(self.fragments)} on {kind} {{ {text} }}")
            return f"...F{len(self.fragments) - 1}" * (way - 2)
        return text


def plain(chosen: list[Selected]) -> str:
    """Write selections down as they are."""
    texts = []
    for selected in chosen:
        argument = (
            "" if selected.size is None else f"({'limit' if selected.name == 'some' else 'first'}: {selected.size})"
        )
        below = f" {{ {plain(selected.below)} }}" if selected.below else ""
        texts.append(f"{selected.alias}{':' if selected.alias else ''}{selected.name}{argument}{below}")
    return " ".join(texts)


def measured(text: str, variables: Any = None) -> Any:
    operation, *fragments = parse(text).definitions
    found = {fragment.name.value: fragment for fragment in fragments}
    return measure(FULL, operation, found, variables or {}, 100_000)


def returned(text: str, variables: Any = None) -> int:
    """Return how many nodes there are when the document is executed: expanded, and counted one by one."""
    counter = Returned()
    result = execute(FULL, parse(text), variable_values=variables, field_resolver=counter.resolve)
    assert result.errors is None
    return counter.nodes


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_count_is_what_full_lists_return_however_the_document_is_written(data: st.DataObject) -> None:
    chosen = data.draw(selections())
    text = f"{{ {plain(chosen)} }}"
    expected = measured(text)
    assume(expected.nodes <= 500)
    writer = Writer(data.draw)
    body = writer.write(chosen, "Query")
    header = "".join(f"${name}: Int " for name in writer.variables if f"${name}" in writer.sizes.values())
    written = f"query {f'({header})' if header else ''} {{ {body} }} {' '.join(writer.fragments)}"
    assert validate(FULL, parse(written)) == []
    found = measured(written, writer.variables)
    assert (found.nodes, found.depth, found.aliases) == (expected.nodes, expected.depth, expected.aliases)
    assert returned(text) == expected.nodes
    assert returned(written, writer.variables) == expected.nodes


@pytest.mark.parametrize(
    ("query", "nodes"),
    [
        ("{ things { total } }", 2),
        ("{ things(first: 5) { edges { node { name } } } }", 5),
        ("{ things(first: 5) { edges { node { things(last: 3) { nodes { name } } } } } }", 5 + 15),
        ("{ things(first: 5, last: 9) { total } }", 9),
        ("{ things(first: null) { total } }", 2),
        ("{ things(first: -5) { total } }", 2),
        ("{ things(first: 0) { nodes { all { name } } } }", 0),
        ("{ some { name } }", 3),
        ("{ some(limit: null) { name } }", 3),
        ("{ all { all { name } } }", 20 + 400),
        ("{ thing { thing { name } } }", 0),
        ("{ things(first: 99999999999999999999) { total } }", 10**18),
    ],
)
def test_nodes_are_the_elements_of_lists(query: str, nodes: int) -> None:
    assert measured(query).nodes == nodes


def test_variable_counts_with_its_value() -> None:
    query = "query ($n: Int, $yes: Boolean) { things(first: $n) { total } all @include(if: $yes) { name } }"
    assert measured(query, {"n": 7, "yes": True}).nodes == 27
    assert measured(query, {"n": 7, "yes": False}).nodes == 7
    assert measured(query, {"n": None}).nodes == 22
