"""Documents that are refused before they are parsed."""

from __future__ import annotations

import re
from typing import Final

from revy_graphql import conf
from revy_graphql.errors import TooComplex

# The parser calls itself for every bracket within brackets.
MAX_NESTING: Final = 100

_BLOCK_STRING: Final = r'"""(?:\\"""|(?!""")[\s\S])*+"""'
_STRING: Final = r'"(?:\\[^\n\r]|[^"\\\n\r])*+"'
# Whatever else there is may be split wrongly: a parser refuses it, or it counts as more tokens than it is.
_TOKEN: Final = re.compile(rf"#[^\n\r]*|{_BLOCK_STRING}|{_STRING}|[_A-Za-z0-9.+-]++|[^\s,\ufeff]")


def refuse_document(text: str) -> None:
    """Raise TooComplex if the document is too long to be parsed, or nested too deeply."""
    max_tokens = conf.get_limit("MAX_TOKENS")
    nesting = 0
    for place, match in enumerate(_TOKEN.finditer(text)):
        if place >= max_tokens:
            raise TooComplex(f"The document has more than {max_tokens:,} tokens. Send a shorter one.")
        token = match.group()
        if token in ("{", "[", "("):
            nesting += 1
            if nesting > MAX_NESTING:
                raise TooComplex(f"The document has brackets in more than {MAX_NESTING} brackets.")
        elif token in ("}", "]", ")"):
            nesting -= 1
