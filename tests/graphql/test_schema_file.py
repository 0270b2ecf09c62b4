from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

import revy_graphql
from revy_graphql.print_schema import build_text

ROOT = Path(__file__).parents[2]

# What the design promises, without descriptions and without what Relay adds.
PROMISED = """
interface Node { id: ID! }
scalar JSON
scalar DateTime
type Query {
  revisions(contentType: String, contentId: ID, first: Int, after: String, last: Int, before: String, actor: ActorInput, action: DeltaAction, fieldName: String, since: DateTime, until: DateTime, text: String, asOf: DateTime, order: RevisionOrder): RevisionConnection!
  revision(id: ID!): Revision
  diff(contentType: String!, contentId: ID!, from: Int, to: Int, fromAsOf: DateTime, toAsOf: DateTime): ObjectDiff!
  objectAsOf(contentType: String!, contentId: ID!, asOf: DateTime, revision: ID): ObjectDelta
}
input ActorInput { contentType: String! contentId: ID! }
enum RevisionOrder { NEWEST OLDEST }
type ObjectDiff { from: ObjectDelta to: ObjectDelta attributes: [AttributeDiff!]! }
type AttributeDiff { fieldName: String! oldValue: JSON newValue: JSON unifiedDiff: String isMasked: Boolean! }
type Mutation {
  restoreObject(contentType: String!, contentId: ID!, version: Int, expectedVersion: Int, related: Boolean, dryRun: Boolean, expectedPlan: String, commitMessage: String): RestoreObjectPayload!
  revertRevision(id: ID!, skipConflicts: Boolean, dryRun: Boolean, expectedPlan: String, commitMessage: String): RevertRevisionPayload!
}
interface Delta { id: ID! revision: Revision! actor: Actor action: DeltaAction! description: String! contentType: String! contentId: ID! createdAt: DateTime! }
type Revision implements Node { id: ID! description: String! createdAt: DateTime! actors: [Actor!]! objectDeltas(contentType: String, contentId: ID, first: Int, after: String, last: Int, before: String): ObjectDeltaConnection! }
type ObjectDelta implements Node & Delta { id: ID! revision: Revision! actor: Actor action: DeltaAction! description: String! contentType: String! contentId: ID! createdAt: DateTime! version: Int! attributeDeltas: [AttributeDelta!]! snapshot: JSON object: Node }
type AttributeDelta implements Delta { id: ID! revision: Revision! actor: Actor action: DeltaAction! description: String! contentType: String! contentId: ID! createdAt: DateTime! fieldName: String! oldValue: JSON newValue: JSON isMasked: Boolean! }
type Actor { contentType: String! contentId: ID! display: String node: Node }
enum DeltaAction { CREATE UPDATE DELETE SET UNSET }
type RestoreObjectPayload { revision: Revision objectDelta: ObjectDelta object: Node plan: RestorePlan errors: [RestoreError!]! }
type RevertRevisionPayload { revision: Revision plan: RestorePlan errors: [RestoreError!]! }
type RestorePlan { objects(first: Int, offset: Int): [ObjectPlan!]! objectCount: Int! token: String! isEmpty: Boolean! }
type ObjectPlan { contentType: String! contentId: ID! action: DeltaAction changes: [PlannedChange!]! conflicts: [PlannedChange!]! problems: [RestoreError!]! object: Node }
type PlannedChange { fieldName: String! now: JSON then: JSON isMasked: Boolean! }
type RestoreError { field: String message: String! code: String! }
type RevisionConnection { totalCount: Int! edges: [RevisionEdge!]! pageInfo: PageInfo! }
type RevisionEdge { node: Revision! cursor: String! }
type ObjectDeltaConnection { totalCount: Int! edges: [ObjectDeltaEdge!]! pageInfo: PageInfo! }
type ObjectDeltaEdge { node: ObjectDelta! cursor: String! }
type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
"""  # noqa: E501


def outline(schema: GraphQLSchema) -> dict[str, object]:
    return {
        name: (
            {
                field_name: (
                    str(field.type),
                    {arg: str(value.type) for arg, value in getattr(field, "args", {}).items()},
                )
                for field_name, field in getattr(kind, "fields", {}).items()
            },
            sorted(interface.name for interface in getattr(kind, "interfaces", ())),
            sorted(getattr(kind, "values", ())),
        )
        for name, kind in schema.type_map.items()
        if not name.startswith("__")
    }


def test_schema_file_is_current() -> None:
    """If this fails, run `make schema`."""
    assert (ROOT / "schema.graphql").read_text() == build_text()


def test_schema_is_the_promised_one() -> None:
    assert outline(build_schema(build_text())) == outline(build_schema(PROMISED))


def test_every_type_field_argument_and_value_is_described() -> None:
    schema = build_schema(build_text())
    silent = []
    for name, kind in schema.type_map.items():
        if name.startswith("__") or name in ("String", "ID", "Int", "Boolean"):
            continue
        silent += [name] if not kind.description else []
    for kind in schema.type_map.values():
        if kind.name.startswith("__"):
            continue
        for field_name, field in getattr(kind, "fields", {}).items():
            silent += [f"{kind.name}.{field_name}"] if not field.description else []
            args = getattr(field, "args", {})
            silent += [f"{kind.name}.{field_name}.{arg}" for arg, value in args.items() if not value.description]
        silent += [
            f"{kind.name}.{name}" for name, value in getattr(kind, "values", {}).items() if not value.description
        ]
    assert silent == []


def test_schema_is_printed_without_a_project() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO")}
    printed = subprocess.run(
        [sys.executable, "-m", "revy_graphql.print_schema"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert printed.stdout == (ROOT / "schema.graphql").read_text()


def test_public_names_are_importable() -> None:
    assert revy_graphql.__all__ == sorted(revy_graphql.__all__)
    assert all(getattr(revy_graphql, name) for name in revy_graphql.__all__)
    assert set(revy_graphql.__all__) <= set(dir(revy_graphql))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        revy_graphql.nothing  # noqa: B018
