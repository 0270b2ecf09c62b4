from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

import revy_graphql
from demo.schema import schema
from demo.wiki import views

# Django's own does not tell its template who asks.
handler400 = views.bad_request

urlpatterns = [
    path("", views.index, name="index"),
    path("changes/", views.changes, name="changes"),
    path("revisions/<str:revision_id>/", views.revision, name="revision"),
    path("pages/<int:pk>/", views.page, name="page"),
    path("pages/<int:pk>/diff/", views.diff, name="diff"),
    path("pages/<int:pk>/restore/<int:version>/", views.restore, name="restore"),
    path("login/", LoginView.as_view(template_name="wiki/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("graphql/", revy_graphql.GraphQLView.as_view(schema=schema, graphiql=True), name="graphql"),
]
