"""Canonical JSON: keys sorted, no blanks, no escapes but those that must be. The octets are those of `json.dumps`.

Rules. Text, whole numbers, booleans, None, lists and mappings with text for keys are written here; any other value, and
what is nested deeper than MAX_DEPTH, is `json.dumps`'s. One source for two paths (ADR 0002, ADR 0026).
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _MAX_DEPTH = 16

COMPILED: Final[bool] = cython.compiled

_escaped = encode_basestring


class Left(Exception):  # noqa: N818  not an error: a value that is written elsewhere
    pass


def canonical(value: dict[str, Any]) -> bytes:
    """UTF-8. Raises ValueError and TypeError as `json.dumps` does, and for the same values."""
    out: list[str] = []
    try:
        write(value, out, 0)
    except Left:
        return reference(value)
    return "".join(out).encode()


def reference(value: dict[str, Any]) -> bytes:
    """`canonical` by the library, which tests hold it against."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def text_of(text: str) -> str:
    """Text in quotation marks; what has to be escaped is the library's."""
    for letter in text:
        if letter < " " or letter == '"' or letter == "\\":
            return _escaped(text)
    return f'"{text}"'


def write(value: Any, out: list[str], depth: int) -> int:  # noqa: ANN401  any value
    """Adds the parts of a value to `out`. Raises Left for one that is `json.dumps`'s."""
    kind = type(value)
    if kind is str:
        out.append(text_of(value))
    elif kind is int:
        out.append(str(value))
    elif value is None:
        out.append("null")
    elif value is True:
        out.append("true")
    elif value is False:
        out.append("false")
    elif depth >= _MAX_DEPTH:
        raise Left
    elif kind is dict:
        lead = "{"
        for key in sorted(value):
            if type(key) is not str:
                raise Left
            out.append(lead)
            out.append(text_of(key))
            out.append(":")
            write(value[key], out, depth + 1)
            lead = ","
        out.append("{}" if lead == "{" else "}")
    elif kind is list or kind is tuple:
        lead = "["
        for one in value:
            out.append(lead)
            write(one, out, depth + 1)
            lead = ","
        out.append("[]" if lead == "[" else "]")
    elif isinstance(value, str):
        out.append(_escaped(value))
    else:
        raise Left
    return 0
