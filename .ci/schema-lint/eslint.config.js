// Lints schema.graphql with all rules that graphql-eslint has for schemas; each that is off, or eased, says why.
import graphql from "@graphql-eslint/eslint-plugin";

export default [
  {
    files: ["**/*.graphql"],
    plugins: { "@graphql-eslint": graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "schema.graphql" } },
    },
    rules: {
      ...graphql.configs["flat/schema-all"].rules,
      ...graphql.configs["flat/schema-relay"].rules,
      // Everything is described, not only types and the fields of the root.
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          rootField: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          DirectiveDefinition: true,
        },
      ],
      // What is no object of its own has no ID: pages, edges, payloads, and values that belong to something else.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          exceptions: {
            types: ["Actor", "AttributeDiff", "ObjectDiff", "ObjectPlan", "PageInfo", "PlannedChange", "RestorePlan"],
            suffixes: ["Connection", "Edge", "Error", "Payload"],
          },
        },
      ],
      // Short lists that are always wanted whole are plain lists: actors, attributes, errors. So are plans, whose parts
      // are no objects of their own.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false }],
      // The order is that in which people read: what identifies a thing first, details last.
      "@graphql-eslint/alphabetize": "off",
      // Mutations are what this is about.
      "@graphql-eslint/no-root-type": "off",
      // Arguments stand by themselves, so that `commitMessage` is beside them in every mutation, whatever its style.
      "@graphql-eslint/input-name": "off",
      // Lists and payloads are never null: what is refused is an error in them, or one of the whole field.
      "@graphql-eslint/require-nullable-result-in-root": "off",
      // revy adds fields to the query type of a project, and does not decide that its mutations hand it out.
      "@graphql-eslint/require-field-of-type-query-in-mutation-result": "off",
    },
  },
];
