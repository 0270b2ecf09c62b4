"""Every setting of revy and revy_graphql, typed as a project would."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLResolveInfo


def get_actor(info: GraphQLResolveInfo) -> Any:
    return info.context.user


INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "graphene_django",
    "revy.contrib.django",
    "revy_graphql",
    "shop",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "revy.contrib.django.middleware.RevyMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
SECRET_KEY = "only for tests"
USE_TZ = True

REVY_MODELS: str | list[str] = ["shop", "auth.User"]
REVY_EXCLUDED_MODELS = ["sessions.Session"]
REVY_EXCLUDED_FIELDS = ["auth.User.password"]
REVY_KEYFRAME_INTERVAL = 16
REVY_UNTRACKED_WRITES = "warn"
REVY_CONTEXT_CLASS = "shop.contexts.ShopContext"
REVY_GRAPHQL: dict[str, str | bool | int | list[str] | Callable[..., Any]] = {
    "POLICY": "shop.policy.ShopPolicy",
    "GET_ACTOR": get_actor,
    "DATABASES": ["default"],
    "REQUIRE_COMMIT_MESSAGE": True,
    "INTROSPECTION": False,
    "MAX_DEPTH": 10,
}
