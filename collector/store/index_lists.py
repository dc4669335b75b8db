"""Lists of names as the index keeps them: the JSON of `json.dumps`, and read as `json.loads` reads it.

Every communication has such a list in three places, and the library's way of writing and reading one costs more than
the database takes for the row.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii


def write_list(names: Iterable[str]) -> str:
    return f"[{', '.join([encode_basestring_ascii(name) for name in names])}]"


def read_list(text: str) -> list[str]:
    """A list that `write_list` wrote. Without a backslash no quotation mark stands inside of a name."""
    if "\\" in text or not text.startswith('["'):
        found: list[str] = json.loads(text)
        return found
    return text[2:-2].split('", "')
