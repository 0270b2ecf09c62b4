"""What is in the database before the first commit: tables and users, but no page and no history."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command

from demo.accounts import VISITOR

PERMISSIONS = ("add_page", "change_page", "delete_page", "view_page", "view_user")


def create_database(authors: Iterable[str], password: str) -> None:
    """Create the tables, a user for each author, all with the password, and the visitor, whose password is the name."""
    call_command("migrate", verbosity=0)
    secret = make_password(password)
    users = User.objects.bulk_create(User(username=username, password=secret) for username in authors)
    group = Group.objects.create(name="authors")
    group.permissions.set(Permission.objects.filter(codename__in=PERMISSIONS))
    group.user_set.add(*users)
    User.objects.create_superuser(VISITOR, password=VISITOR)
