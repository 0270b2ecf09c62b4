"""Points of time, as clients name them."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from revy_graphql.errors import InvalidArgument


def parse_moment(name: str, value: datetime | None) -> datetime | None:
    """Return the time as the database has them; one without zone is in the current one.

    Raises InvalidArgument, with the name of the argument, for one that cannot be compared with those of the database.
    """
    if value is None:
        return None
    try:
        if timezone.is_naive(value):
            value = timezone.make_aware(value)
        # Databases convert it to their own zone, which the first and the last day of the calendar may not bear.
        value.astimezone(UTC)
        return value if settings.USE_TZ else timezone.make_naive(value)
    except (OverflowError, ValueError) as error:
        raise InvalidArgument(f"`{name}` is a time that no calendar has.") from error


def made_until(moment: datetime) -> Q:
    """Return the condition on object deltas that were made at that time or before."""
    return Q(created_at__lte=moment)
