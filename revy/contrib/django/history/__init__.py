"""What was: the history of an object, its past states and what differs between them, and whole tables as they were."""

from __future__ import annotations

from revy.contrib.django.history.of_object import History
from revy.contrib.django.history.past import Past, as_of, recorded_list, snapshot_at

__all__ = ["History", "Past", "as_of", "recorded_list", "snapshot_at"]
