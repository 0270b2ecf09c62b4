from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path
from graphene_django.views import GraphQLView

from demo.schema import schema
from demo.wiki import views

urlpatterns = [
    path("", views.index, name="index"),
    path("pages/<int:pk>/", views.page, name="page"),
    path("login/", LoginView.as_view(template_name="wiki/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("graphql/", GraphQLView.as_view(schema=schema, graphiql=True), name="graphql"),
]
