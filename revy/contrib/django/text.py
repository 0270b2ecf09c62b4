from __future__ import annotations


def is_storable(text: str) -> bool:
    """Tell whether databases can store the text: PostgreSQL takes no NUL, and UTF-8 no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)
