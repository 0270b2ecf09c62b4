"""Print what revy adds to a schema: `python -m revy_graphql.print_schema`."""

from __future__ import annotations

import sys

import django
from django.conf import settings


def build_text() -> str:
    """Return the types as text in the schema definition language. Django has to be set up."""
    import graphene  # noqa: PLC0415 - graphene-django reads the settings when it is imported

    from revy_graphql import Mutation, Query, Schema  # noqa: PLC0415

    query = type("Query", (Query, graphene.ObjectType), {"__doc__": "What revy adds to the queries of a project."})
    mutation = type("Mutation", (Mutation, graphene.ObjectType), {"__doc__": "What revy adds to the mutations."})
    return f"{Schema(query=query, mutation=mutation)}\n"


def main() -> None:
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "revy.contrib.django"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
    sys.stdout.write(build_text())


if __name__ == "__main__":
    main()
