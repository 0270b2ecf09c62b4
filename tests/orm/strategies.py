"""Values for a column of every type, as far as all three databases can hold them."""

from __future__ import annotations

import datetime
from typing import Any

from hypothesis import strategies as st

text = st.text(st.characters(codec="utf-8", exclude_characters="\x00", exclude_categories=["Cs"]), max_size=60)
words = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
_dates = {"min_value": datetime.date(1900, 1, 1), "max_value": datetime.date(2200, 1, 1)}
_offsets = st.integers(-14, 14).map(lambda hours: datetime.timezone(datetime.timedelta(hours=hours)))


def _or_none(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


VALUES: dict[str, st.SearchStrategy[Any]] = {
    name: _or_none(values)
    for name, values in {
        "big": st.integers(-(2**63), 2**63 - 1),
        "binary": st.binary(max_size=40),
        "boolean": st.booleans(),
        "char": text,
        "date": st.dates(**_dates),
        "datetime": st.datetimes(
            min_value=datetime.datetime(1900, 1, 2), max_value=datetime.datetime(2200, 1, 1), timezones=_offsets
        ),
        "decimal": st.decimals(-(10**9), 10**9, places=6) | st.integers(-1000, 1000),
        "duration": st.timedeltas(datetime.timedelta(days=-10000), datetime.timedelta(days=10000)),
        "email": st.emails().map(lambda email: email[:200]),
        "float": st.floats(
            allow_nan=False, allow_infinity=False, allow_subnormal=False, min_value=-1e300, max_value=1e300
        ),
        "integer": st.integers(-(2**31), 2**31 - 1),
        "ip": st.ip_addresses().map(str),
        "json": json_values.filter(lambda value: value is not None),
        "positive": st.integers(0, 2**63 - 1),
        "slug": words,
        "small": st.integers(-(2**15), 2**15 - 1),
        "text": text,
        "time": st.times(),
        "url": st.just("https://example.org/ä?q=1"),
        # MariaDB refuses other versions.
        "uuid": st.uuids(version=4),
    }.items()
}
