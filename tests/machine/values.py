"""What the machine writes: small pools, so that things meet."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

from hypothesis import strategies as st

from tests.machine.app import models as app

WORDS = ("a", "b", "c", "d", "e", "f")
names = st.sampled_from([*WORDS, "", "ünï 🦉", 'it\'s "x" \\ %s {}'])
keys = st.sampled_from(WORDS)
counts = st.integers(-4, 4)
prices = st.decimals(-99, 99, places=2) | st.sampled_from([decimal.Decimal("1.5"), 3, decimal.Decimal("0")])
moments = st.datetimes(
    min_value=datetime.datetime(2000, 1, 1),
    max_value=datetime.datetime(2030, 1, 1),
    timezones=st.sampled_from([datetime.UTC, datetime.timezone(datetime.timedelta(hours=5, minutes=30))]),
)
days = st.dates(datetime.date(2000, 1, 1), datetime.date(2030, 1, 1))
ratios = st.sampled_from([0.0, 0.1, 1.0, -2.5, 1e10])
flags = st.none() | st.booleans()
_atoms = st.none() | st.booleans() | st.integers(-9, 9) | names | st.sampled_from([0.5, -1.25])
# Python takes these for each other.
alike = st.sampled_from([True, 1, 1.0, [True], [1], {"a": True}, {"a": 1}])
data = alike | st.recursive(
    _atoms, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2), max_leaves=4
)
files = st.sampled_from(["", "machine/a.txt", "machine/b.txt"])
uuids = st.integers(1, 12).map(lambda number: uuid.UUID(int=number, version=4))

# By model: the columns that are written at random; references come besides.
VALUES: dict[Any, dict[str, st.SearchStrategy[Any]]] = {
    app.Shelf: {"name": names},
    app.Tag: {"name": keys, "color": names},
    app.Thing: {
        "name": names,
        "count": counts,
        "rank": counts,
        "price": prices,
        "at": st.none() | moments,
        "day": st.none() | days,
        "ratio": st.none() | ratios,
        "flag": flags,
        "data": data,
        "file": files,
    },
    app.Note: {"text": names},
    app.Person: {"name": names},
    app.Club: {"name": names},
    app.Membership: {"role": keys},
    app.Place: {"name": names},
    app.Restaurant: {"name": names, "stars": counts},
    app.Pizzeria: {"name": names, "stars": counts, "ovens": counts, "data": data},
    app.Entry: {"id": uuids, "slug": keys, "value": counts, "data": data},
    app.Gauge: {"key": keys, "value": counts, "price": prices},
    app.Code: {"id": keys, "label": names},
    app.Number: {"id": st.integers(1, 9), "label": names},
    app.Reading: {"value": counts},
    app.Seat: {"row": st.sampled_from(["a", "b"]), "place": st.integers(1, 4), "label": names},
    app.Chapter: {"title": names, "_order": st.integers(0, 3)},
}
VALUES[app.SpecialThing] = VALUES[app.Thing]
