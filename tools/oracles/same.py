"""Whether another decoder read the same values as ours, field by field.

Each library has its own Python shape for the values of ASN.1 (a time as text, as a tuple or as a datetime; an object
identifier as numbers or as text), so both sides are walked along our description and told apart by its types.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from asn1.table import (
    Choice,
    Field,
    Sequence,
    SequenceOf,
    Type,
)
from asn1.table_types import BitString, Enumerated, GeneralizedTime, Null, Oid, RelativeOid, Undescribed, UtcTime
from asn1.tlv import decode_generalized_time, decode_relative_oid, decode_utc_time


def difference(record: Type, ours: Any, theirs: Any, path: str = "") -> str:  # noqa: ANN401  values of any shape
    """Where the two part, as `path: what`; empty when they say the same. A time may be cut to what the other keeps."""
    if isinstance(record, Sequence):
        return _of_sequence(record, ours, theirs, path)
    if isinstance(record, Choice):
        return _of_choice(record, ours, theirs, path)
    if isinstance(record, SequenceOf):
        return _of_items(record, ours, theirs, path)
    if isinstance(record, Undescribed | Null):
        return ""
    said = _plain(record, theirs)
    if isinstance(record, GeneralizedTime | UtcTime):
        return "" if abs(ours - said) < 1_000 else f"{path}: {ours} is {said} there"
    if isinstance(record, BitString):
        return _of_bits(record, ours, theirs, path)
    if isinstance(record, Enumerated) and isinstance(ours, int):
        return "" if str(ours) in str(said) else f"{path}: number {ours} is {said!r} there"
    if isinstance(ours, str) and not isinstance(said, str | bytes | bytearray):
        said = _as_text(said)
    return "" if _text(ours) == _text(said) else f"{path}: {ours!r} is {said!r} there"


def _of_sequence(record: Sequence, ours: dict[str, Any], theirs: Any, path: str) -> str:  # noqa: ANN401
    if not isinstance(theirs, dict):
        return f"{path}: not a SEQUENCE there"
    rows: dict[str, Field] = {row.name: row for row in record.fields}
    for name, value in ours.items():
        if name not in theirs:
            return f"{path}.{name}: not known there"
        if found := difference(rows[name].type, value, theirs[name], f"{path}.{name}"):
            return found
    more = [name for name in theirs if name not in ours and not _is_default(name, rows, theirs[name])]
    return f"{path}: more there: {', '.join(sorted(more))}" if more else ""


def _is_default(name: str, rows: dict[str, Field], value: Any) -> bool:  # noqa: ANN401
    """asn1tools fills in the default of an absent field; we leave it out."""
    return name in rows and rows[name].optional and (value is False or isinstance(value, str | int))


def _of_choice(record: Choice, ours: tuple[str, Any], theirs: Any, path: str) -> str:  # noqa: ANN401
    if not (isinstance(theirs, tuple) and len(theirs) == 2 and theirs[0] == ours[0]):
        return f"{path}: {ours[0]} is {theirs[0] if isinstance(theirs, tuple) and theirs else theirs!r} there"
    rows = {row.name: row.type for row in record.fields}
    return difference(rows[ours[0]], ours[1], theirs[1], f"{path}.{ours[0]}")


def _of_items(record: SequenceOf, ours: list[Any], theirs: Any, path: str) -> str:  # noqa: ANN401
    if not isinstance(theirs, list) or len(theirs) != len(ours):
        return f"{path}: {len(ours)} items, {len(theirs) if isinstance(theirs, list) else 'none'} there"
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        if found := difference(record.item, one, other, f"{path}[{number}]"):
            return found
    return ""


def _of_bits(record: BitString, ours: list[str | int], theirs: Any, path: str) -> str:  # noqa: ANN401
    names = dict(record.rows)
    said = [names.get(bit, bit) for bit, is_set in enumerate(_bits(theirs)) if is_set]
    return "" if said == ours else f"{path}: {ours} is {said} there"


def _plain(record: Type, value: Any) -> Any:  # noqa: ANN401
    if isinstance(record, RelativeOid) and isinstance(value, bytes):
        return decode_relative_oid(value, 0, len(value))
    if isinstance(record, Oid | RelativeOid):
        return value if isinstance(value, str) else ".".join(str(arc) for arc in value)
    if isinstance(record, GeneralizedTime | UtcTime):
        return _microseconds(record, value)
    return value


def _microseconds(record: Type, value: Any) -> int:  # noqa: ANN401
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1_000_000)
    if isinstance(value, tuple):
        value = _digits(value, isinstance(record, GeneralizedTime))
    octets = re.sub(r"\.(?=Z|$)", "", str(value)).encode()
    decode = decode_generalized_time if isinstance(record, GeneralizedTime) else decode_utc_time
    return decode(octets, 0, len(octets))


def _digits(value: tuple[Any, ...], has_fraction: bool) -> str:
    """pycrate's tuple of a time's parts as ASN.1 writes them."""
    parts = ["" if part is None else str(part) for part in value]
    if not has_fraction:
        return "".join(parts)
    *whole, fraction, zone = parts
    return "".join(whole) + (f".{fraction}" if fraction else "") + zone


def _as_text(value: Any) -> Any:  # noqa: ANN401
    """What we keep as the text it was, libraries have as a value: a local time, the bits of a bit string."""
    if isinstance(value, datetime):
        return value.strftime("%Y%m%d%H%M%S")
    if isinstance(value, tuple) and len(value) == 2:
        return "".join("01"[bit] for bit in _bits(value))
    return _digits(value, has_fraction=True) if isinstance(value, tuple) else value


def _bits(value: tuple[Any, int]) -> list[int]:
    """(number, bits) as pycrate has a bit string, (octets, bits) as asn1tools has it."""
    held, size = value
    number = int.from_bytes(held, "big") >> (-size % 8) if isinstance(held, bytes | bytearray) else held
    return [number >> (size - 1 - bit) & 1 for bit in range(size)]


def _text(value: Any) -> Any:  # noqa: ANN401
    """Octets and text of the same characters are the same value: libraries differ in what they call text."""
    if isinstance(value, bytes | bytearray):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value.encode("utf-8").decode("latin-1")
    return value
