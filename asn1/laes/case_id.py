"""The case of a record that cannot be decoded: read off its first elements, where all our modules have it.

For setting a broken record apart under the case it is of (R-100), and for nothing else: what is found here was checked
by nobody. Raises nothing, for any octets; looks at a few elements alone.
"""

from __future__ import annotations

from typing import Final

from asn1 import tlv
from asn1.errors import DecodeError

MAX_OCTETS: Final = 64
"""A case identity has 25 characters; longer ones are read as far as a collector could know them."""
_LOOKED_AT: Final = 512
_MAX_STEPS: Final = 8
_CASE: Final = 0x80
_ENHANCED: Final = 0xA0
_SEQUENCE: Final = 0x30


def case_of(octets: bytes | memoryview) -> str | None:
    """The text of `[0]` in the message of a T1.678 (either form), J-STD-025, PCESP or IAS record."""
    data = bytes(octets[:_LOOKED_AT])
    try:
        return _walk(data)
    except DecodeError:
        return None


def _walk(data: bytes) -> str | None:
    end, level = len(data), 0
    first, _, pos, _ = tlv.read_head(data, 0, end)
    # How deep the message lies: behind the identifier of T1.678 and the version of PCESP it has a tag of its own.
    inside = data[pos : pos + 1]
    deep = 2 if first == _ENHANCED or (first == _SEQUENCE and inside == bytes([_CASE])) else 1
    for _ in range(_MAX_STEPS):
        first, _, content, length = tlv.read_head(data, pos, end)
        if first & tlv.CONSTRUCTED:
            pos, level = content, level + 1
        elif level == deep:
            return _text(data[content : content + length]) if first == _CASE and content + length <= end else None
        else:
            pos = content + length
    return None


def _text(octets: bytes) -> str | None:
    printable = all(0x20 <= octet < 0x7F for octet in octets)
    return octets.decode("ascii") if 0 < len(octets) <= MAX_OCTETS and printable else None
