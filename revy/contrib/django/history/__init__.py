"""What was: the history of an object, its past states and what differs between them, and whole tables as they were."""

from __future__ import annotations

from revy.contrib.django.history.diff import AttributeDiff, ObjectDiff, diff
from revy.contrib.django.history.of_object import History
from revy.contrib.django.history.past import Past, as_of, recorded_list, snapshot_at

__all__ = ["AttributeDiff", "History", "ObjectDiff", "Past", "as_of", "diff", "recorded_list", "snapshot_at"]
