from django.apps import AppConfig


class GraphQLTestConfig(AppConfig):
    name = "tests.graphql.app"
    label = "gqlapp"
