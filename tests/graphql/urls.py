from django.urls import path
from django.views.decorators.csrf import csrf_protect
from graphene_django.views import GraphQLView as DjangoGraphQLView

from revy_graphql import VALIDATION_RULES, GraphQLView, RevyMutationMiddleware
from tests.graphql.schema import bare_schema, schema

urlpatterns = [
    path("graphql", GraphQLView.as_view(schema=schema)),
    path("batch", GraphQLView.as_view(schema=schema, batch=True)),
    path("csrf", csrf_protect(GraphQLView.as_view(schema=schema))),
    path("rules", DjangoGraphQLView.as_view(schema=schema, validation_rules=VALIDATION_RULES)),
    path("unlimited", DjangoGraphQLView.as_view(schema=schema)),
    path("bare", DjangoGraphQLView.as_view(schema=bare_schema, middleware=[])),
    path("middleware", DjangoGraphQLView.as_view(schema=bare_schema, middleware=[RevyMutationMiddleware])),
    path("both", DjangoGraphQLView.as_view(schema=schema, middleware=[RevyMutationMiddleware])),
]
