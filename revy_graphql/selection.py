"""What an operation selects, seen ahead."""

from __future__ import annotations

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, InlineFragmentNode, SelectionSetNode


class Selection:
    """The names of the fields that an operation selects, by the name of the field that they are selected of.

    Names, not types: a field that is called the same in another type counts, too, and so does one with `@skip`. Then a
    little too much is read, but never a number of times that depends on the data.
    """

    def __init__(self, info: GraphQLResolveInfo) -> None:
        self._children: dict[str, set[str]] = {}
        self._fragments = info.fragments
        self._seen: set[tuple[str, str]] = set()
        self._collect("", info.operation.selection_set)

    def has(self, name: str, *, below: str | None = None) -> bool:
        """Tell whether a field of that name is selected: anywhere, or `below` one of another name, directly."""
        if below is not None:
            return name in self._children.get(below, ())
        return any(name in names for names in self._children.values())

    def _collect(self, parent: str, selections: SelectionSetNode) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self._children.setdefault(parent, set()).add(node.name.value)
                if node.selection_set is not None:
                    self._collect(node.name.value, node.selection_set)
            elif isinstance(node, InlineFragmentNode):
                self._collect(parent, node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and (parent, node.name.value) not in self._seen:
                self._seen.add((parent, node.name.value))
                fragment = self._fragments.get(node.name.value)
                if fragment is not None:
                    self._collect(parent, fragment.selection_set)
