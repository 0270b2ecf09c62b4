from django.urls import path
from graphene_django.views import GraphQLView

from revy_graphql import RevyMutationMiddleware
from tests.graphql.schema import bare_schema, schema

urlpatterns = [
    path("graphql", GraphQLView.as_view(schema=schema)),
    path("bare", GraphQLView.as_view(schema=bare_schema, middleware=[])),
    path("middleware", GraphQLView.as_view(schema=bare_schema, middleware=[RevyMutationMiddleware])),
    path("both", GraphQLView.as_view(schema=schema, middleware=[RevyMutationMiddleware])),
]
