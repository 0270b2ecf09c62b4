from django.urls import path

from revy_graphql import GraphQLView
from tests.graphql.fuzz.schema import schema

urlpatterns = [
    path("graphql", GraphQLView.as_view(schema=schema)),
    path("batch", GraphQLView.as_view(schema=schema, batch=True)),
]
