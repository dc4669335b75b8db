"""BER primitives: identifier, length, and the handful of primitive contents our records use (ITU-T X.690).

Rules of this file. It knows no record. Every function takes a buffer and offsets, so nothing is copied until a value is
made, and raises `DecodeError` (offset counted in that buffer) and nothing else, for any octets. What the field sends is
accepted where its meaning is certain: non-minimal and zero-padded long-form lengths, indefinite lengths, padded
integers. What has two meanings is refused. All encoding is definite and minimal. Nothing here recurses without a bound,
and an indefinite length is resolved in one pass, so that work stays linear in the octets given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from asn1.errors import DecodeError, EncodeError

Buffer = bytes | bytearray | memoryview
"""Octets to read; indexing gives an int, slicing gives octets."""

MAX_LENGTH_OCTETS: Final = 8
"""Length octets behind the first one. Field encoders pad to seven or eight; more has never been seen."""

MAX_TAG_OCTETS: Final = 4
"""Octets of a high tag number. The largest in our modules is 255 (two octets); four leave room for extensions."""

MAX_DEPTH: Final = 32
"""Nested constructed values. A SIP message's address sits eleven deep; the deepest HI2 parameter about sixteen."""

MAX_ELEMENTS: Final = 65_536
"""Elements walked in one record. A hash over the customary 1 000 PDUs lists 1 000 numbers; this is far above any use
and keeps the memory that a hostile record can claim to some tens of megabytes."""

MAX_INTEGER_OCTETS: Final = 16
"""Content octets of an INTEGER. The widest in the modules is 64 bits (nine octets with a sign); the rest is padding."""

MAX_OID_OCTETS: Final = 128
"""Content octets of an object identifier; ours have at most ten."""

MAX_ARC_BITS: Final = 64
"""Bits of one arc; no registered arc of ours passes 32."""

UNIVERSAL: Final = 0
APPLICATION: Final = 1
CONTEXT: Final = 2
PRIVATE: Final = 3

CONSTRUCTED: Final = 0x20
INDEFINITE: Final = -1

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLASS_WORDS: Final = ("UNIVERSAL ", "APPLICATION ", "", "PRIVATE ")
_TAG_TEXT: Final = re.compile(r"\[(UNIVERSAL |APPLICATION |PRIVATE |)(\d{1,9})\]")
_TIME: Final = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(?:(\d\d)(?:(\d\d))?)?(?:[.,](\d{1,18}))?(Z|[+-]\d\d(?:\d\d)?)")
_UTC_TIME: Final = re.compile(rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})")


class Tlv(NamedTuple):
    """Where one element lies. `content:content_end` is its value; `end` is behind its end-of-contents, if any."""

    tag_class: int
    constructed: bool
    number: int
    start: int
    content: int
    content_end: int
    end: int


def read_head(buf: Buffer, pos: int, end: int) -> tuple[int, int, int, int]:
    """Identifier and length at `pos`: (first identifier octet, tag number, content offset, content length).

    The length is `INDEFINITE` (-1) for the indefinite form. Does not check that the content lies before `end`.
    Raises DecodeError TRUNCATED, BAD_TAG, BAD_LENGTH. X.690 8.1.2, 8.1.3.
    """
    start = pos
    if pos >= end:
        raise DecodeError(DecodeError.TRUNCATED, "an element was expected here", pos)
    first = buf[pos]
    pos += 1
    number = first & 0x1F
    if number == 0x1F:
        number = 0
        for count in range(MAX_TAG_OCTETS + 1):
            if count == MAX_TAG_OCTETS:
                raise DecodeError(DecodeError.BAD_TAG, f"tag number longer than {MAX_TAG_OCTETS} octets", start)
            if pos >= end:
                raise DecodeError(DecodeError.TRUNCATED, "the tag number is cut off", start)
            octet = buf[pos]
            pos += 1
            if count == 0 and octet == 0x80:
                raise DecodeError(DecodeError.BAD_TAG, "tag number with leading zeros", start)
            number = number << 7 | octet & 0x7F
            if octet < 0x80:
                break
        if number < 0x1F:
            raise DecodeError(DecodeError.BAD_TAG, f"tag number {number} in the long form", start)
    if pos >= end:
        raise DecodeError(DecodeError.TRUNCATED, "the length is missing", start)
    length: int = buf[pos]
    pos += 1
    if length < 0x80:
        return first, number, pos, length
    if length == 0x80:
        if not first & CONSTRUCTED:
            raise DecodeError(DecodeError.BAD_LENGTH, "indefinite length on a primitive element", start)
        return first, number, pos, INDEFINITE
    octets = length & 0x7F
    if octets > MAX_LENGTH_OCTETS:
        raise DecodeError(
            DecodeError.BAD_LENGTH, f"{octets} length octets; at most {MAX_LENGTH_OCTETS} are read", start
        )
    if pos + octets > end:
        raise DecodeError(DecodeError.TRUNCATED, "the length is cut off", start)
    return first, number, pos + octets, int.from_bytes(buf[pos : pos + octets], "big")


def at_end_of_contents(buf: Buffer, pos: int, end: int) -> bool:
    """Whether the two end-of-contents octets stand at `pos`. Raises DecodeError TRUNCATED when `end` is nearer."""
    if pos + 2 > end:
        raise DecodeError(DecodeError.TRUNCATED, "end-of-contents is missing", pos)
    return buf[pos] == 0 and buf[pos + 1] == 0


def skip_indefinite(buf: Buffer, pos: int, end: int) -> int:
    """Offset behind the end-of-contents octets that close the indefinite value whose content starts at `pos`.

    Definite children are stepped over, so only open indefinite ones count as depth. Raises DecodeError.
    """
    depth = 1
    for _ in range(MAX_ELEMENTS):
        if at_end_of_contents(buf, pos, end):
            pos += 2
            depth -= 1
            if depth == 0:
                return pos
            continue
        _, _, content, length = read_head(buf, pos, end)
        if length == INDEFINITE:
            depth += 1
            if depth > MAX_DEPTH:
                raise DecodeError(DecodeError.TOO_DEEP, f"more than {MAX_DEPTH} values inside each other", pos)
            pos = content
        else:
            if length > end - content:
                raise DecodeError(DecodeError.TRUNCATED, f"{length} octets announced, {end - content} are there", pos)
            pos = content + length
    raise DecodeError(DecodeError.TOO_MANY, f"more than {MAX_ELEMENTS} elements", pos)


def read_tlv(buf: Buffer, pos: int, end: int) -> Tlv:
    """The element that starts at `pos` and must end at or before `end`. Raises DecodeError."""
    first, number, content, length = read_head(buf, pos, end)
    if length == INDEFINITE:
        behind = skip_indefinite(buf, content, end)
        return Tlv(first >> 6, True, number, pos, content, behind - 2, behind)
    if length > end - content:
        raise DecodeError(DecodeError.TRUNCATED, f"{length} octets announced, {end - content} are there", pos)
    behind = content + length
    return Tlv(first >> 6, bool(first & CONSTRUCTED), number, pos, content, behind, behind)


def children(buf: Buffer, parent: Tlv) -> Iterator[Tlv]:
    """The elements directly inside a constructed one, in order. Raises DecodeError, also for a primitive parent."""
    if not parent.constructed:
        raise DecodeError(DecodeError.BAD_TAG, "a primitive element has no elements inside", parent.start)
    pos = parent.content
    while pos < parent.content_end:
        child = read_tlv(buf, pos, parent.content_end)
        yield child
        pos = child.end


def tag_text(tag_class: int, number: int) -> str:
    """How a tag is written: `[7]` context, `[UNIVERSAL 16]`, `[APPLICATION 1]`, `[PRIVATE 3]`."""
    return f"[{_CLASS_WORDS[tag_class]}{number}]"


def tag_tree(buf: Buffer, pos: int, end: int) -> list[dict[str, Any]]:
    """Everything between `pos` and `end` as nodes `{"tag": "[3]", "octets": "0a"}` or `{"tag": "[3]", "items": […]}`.

    For elements whose record we do not know: nothing is lost and the line stays JSON. Octets are lower-case hex.
    Raises DecodeError.
    """
    nodes, _ = read_tree(buf, pos, end, False)
    return nodes


def read_tree(
    buf: Buffer, pos: int, end: int, indefinite: bool, depth: int = 0, budget: list[int] | None = None
) -> tuple[list[dict[str, Any]], int]:
    """`tag_tree` in one pass, also over a value of indefinite length; gives the nodes and the offset behind them."""
    left = [MAX_ELEMENTS] if budget is None else budget
    if depth > MAX_DEPTH:
        raise DecodeError(DecodeError.TOO_DEEP, f"more than {MAX_DEPTH} values inside each other", pos)
    nodes: list[dict[str, Any]] = []
    while True:
        if indefinite:
            if at_end_of_contents(buf, pos, end):
                return nodes, pos + 2
        elif pos >= end:
            return nodes, pos
        left[0] -= 1
        if left[0] < 0:
            raise DecodeError(DecodeError.TOO_MANY, f"more than {MAX_ELEMENTS} elements", pos)
        first, number, content, length = read_head(buf, pos, end)
        tag = tag_text(first >> 6, number)
        if length > end - content:
            raise DecodeError(DecodeError.BAD_LENGTH, f"{length} octets announced, {end - content} are there", pos)
        if first & CONSTRUCTED:
            inner_end = end if length == INDEFINITE else content + length
            items, pos = read_tree(buf, content, inner_end, length == INDEFINITE, depth + 1, left)
            nodes.append({"tag": tag, "items": items})
        else:
            pos = content + length
            nodes.append({"tag": tag, "octets": bytes(buf[content:pos]).hex()})


def encode_tree(nodes: list[dict[str, Any]]) -> bytes:
    """The octets of a tag tree, definite and minimal. Raises EncodeError for anything that is not one."""
    out = bytearray()
    for node in nodes:
        match = _TAG_TEXT.fullmatch(str(node.get("tag", "")))
        if match is None:
            raise EncodeError(f"not a tag: {node.get('tag')!r}")
        tag_class, number = _CLASS_WORDS.index(match[1]), int(match[2])
        if "items" in node:
            out += encode_tlv(tag_class, True, number, encode_tree(node["items"]))
        else:
            try:
                content = bytes.fromhex(node["octets"])
            except (KeyError, TypeError, ValueError) as error:
                raise EncodeError(f"{match[0]}: octets must be hexadecimal text") from error
            out += encode_tlv(tag_class, False, number, content)
    return bytes(out)


def encode_identifier(tag_class: int, constructed: bool, number: int) -> bytes:
    """Identifier octets. `number` 0..2**28-1. Raises EncodeError."""
    first = tag_class << 6 | (CONSTRUCTED if constructed else 0)
    if 0 <= number < 0x1F:
        return bytes((first | number,))
    if not 0 <= number < 1 << 7 * MAX_TAG_OCTETS:
        raise EncodeError(f"tag number {number} is out of range")
    return bytes((first | 0x1F,)) + _base128(number)


def encode_length(length: int) -> bytes:
    """Length octets, definite and minimal."""
    if length < 0x80:
        return bytes((length,))
    octets = (length.bit_length() + 7) // 8
    return bytes((0x80 | octets,)) + length.to_bytes(octets, "big")


def encode_tlv(tag_class: int, constructed: bool, number: int, content: bytes) -> bytes:
    """One whole element."""
    return encode_identifier(tag_class, constructed, number) + encode_length(len(content)) + content


def decode_integer(buf: Buffer, pos: int, end: int) -> int:
    """Two's complement content octets; leading padding is accepted up to 16 octets. Raises DecodeError BAD_VALUE."""
    if not 0 < end - pos <= MAX_INTEGER_OCTETS:
        raise DecodeError(DecodeError.BAD_VALUE, f"an integer of {end - pos} octets", pos)
    return int.from_bytes(buf[pos:end], "big", signed=True)


def encode_integer(value: int) -> bytes:
    """Two's complement content octets, minimal. X.690 8.3."""
    return value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, "big", signed=True)


def _base128(value: int) -> bytes:
    octets = bytearray((value & 0x7F,))
    value >>= 7
    while value:
        octets.append(0x80 | value & 0x7F)
        value >>= 7
    octets.reverse()
    return bytes(octets)


# A stream repeats a handful of object identifiers in every record; both directions remember the last few.
_REMEMBERED: Final = 256


def _arcs(content: bytes) -> list[int]:
    if not 0 < len(content) <= MAX_OID_OCTETS:
        raise DecodeError(DecodeError.BAD_VALUE, f"an object identifier of {len(content)} octets")
    arcs: list[int] = []
    arc = 0
    fresh = True
    for at, octet in enumerate(content):
        if fresh and octet == 0x80:
            raise DecodeError(DecodeError.BAD_VALUE, "an arc with leading zeros", at)
        arc = arc << 7 | octet & 0x7F
        if arc >> MAX_ARC_BITS:
            raise DecodeError(DecodeError.BAD_VALUE, f"an arc of more than {MAX_ARC_BITS} bits", at)
        fresh = octet < 0x80
        if fresh:
            arcs.append(arc)
            arc = 0
    if not fresh:
        raise DecodeError(DecodeError.BAD_VALUE, "the last arc is cut off", len(content) - 1)
    return arcs


@lru_cache(_REMEMBERED)
def _oid_text(content: bytes) -> str:
    joint, *rest = _arcs(content)
    top = min(joint // 40, 2)
    return ".".join(map(str, (top, joint - 40 * top, *rest)))


@lru_cache(_REMEMBERED)
def _relative_oid_text(content: bytes) -> str:
    return ".".join(map(str, _arcs(content)))


def decode_oid(buf: Buffer, pos: int, end: int) -> str:
    """OBJECT IDENTIFIER content as dotted text. X.690 8.19. Raises DecodeError BAD_VALUE."""
    try:
        return _oid_text(bytes(buf[pos:end]))
    except DecodeError as error:
        raise error.within("", pos) from error


def decode_relative_oid(buf: Buffer, pos: int, end: int) -> str:
    """RELATIVE-OID content as dotted text. X.690 8.20. Raises DecodeError BAD_VALUE."""
    try:
        return _relative_oid_text(bytes(buf[pos:end]))
    except DecodeError as error:
        raise error.within("", pos) from error


def _parse_arcs(text: str) -> list[int]:
    parts = text.split(".")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise EncodeError(f"not a dotted object identifier: {text!r}")
    arcs = [int(part) for part in parts]
    if any(arc >> MAX_ARC_BITS for arc in arcs):
        raise EncodeError(f"an arc of more than {MAX_ARC_BITS} bits: {text!r}")
    return arcs


@lru_cache(_REMEMBERED)
def encode_oid(text: str) -> bytes:
    """OBJECT IDENTIFIER content from dotted text. Raises EncodeError."""
    arcs = _parse_arcs(text)
    if len(arcs) < 2 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39):
        raise EncodeError(f"not an object identifier: {text!r}")
    return b"".join(map(_base128, (arcs[0] * 40 + arcs[1], *arcs[2:])))


@lru_cache(_REMEMBERED)
def encode_relative_oid(text: str) -> bytes:
    """RELATIVE-OID content from dotted text. Raises EncodeError."""
    return b"".join(map(_base128, _parse_arcs(text)))


def _offset_us(zone: bytes) -> int:
    if zone == b"Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[3:5] or b"0")
    if hours > 14 or minutes > 59:
        raise ValueError("time zone out of range")
    return (-1 if zone.startswith(b"-") else 1) * (hours * 60 + minutes) * 60_000_000


def _civil_us(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """Microseconds since 1970. A leap second (60) is read as the first of the next minute, as POSIX clocks do."""
    base = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    if second > 60:
        raise ValueError("second out of range")
    return (base - _EPOCH) // timedelta(microseconds=1) + (1_000_000 if second == 60 else 0)


def decode_generalized_time(buf: Buffer, pos: int, end: int) -> int:
    """GeneralizedTime content as microseconds UTC since 1970; digits finer than a microsecond are cut.

    A time without zone is local to a sender we do not know (X.680 46.2), so it is no time; the scan says the same.
    Raises DecodeError BAD_VALUE.
    """
    match = _TIME.fullmatch(bytes(buf[pos:end])) if end - pos <= 40 else None
    if match is None:
        raise DecodeError(DecodeError.BAD_VALUE, "not a GeneralizedTime with its zone", pos)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        value = _civil_us(int(year), int(month), int(day), int(hour), int(minute or b"0"), int(second or b"0"))
        shift = _offset_us(zone)
    except ValueError as error:
        raise DecodeError(DecodeError.BAD_VALUE, f"not a time: {error}", pos) from error
    if fraction:
        unit = 1_000_000 if second else 60_000_000 if minute else 3_600_000_000
        value += int(fraction) * unit // 10 ** len(fraction)
    return value - shift


def encode_generalized_time(time_us: int) -> bytes:
    """`YYYYMMDDhhmmss[.f]Z`, fraction without trailing zeros (X.690 11.7). Raises EncodeError outside years 1..9999."""
    try:
        moment = _EPOCH + timedelta(microseconds=time_us)
    except OverflowError as error:
        raise EncodeError(f"time {time_us} is outside the years 1 to 9999") from error
    text = f"{moment.year:04}{moment.month:02}{moment.day:02}{moment.hour:02}{moment.minute:02}{moment.second:02}"
    fraction = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    return f"{text}{fraction}Z".encode("ascii")


def decode_utc_time(buf: Buffer, pos: int, end: int) -> int:
    """UTCTime content as microseconds UTC; years 50..99 are 19xx (X.509). Raises DecodeError BAD_VALUE."""
    match = _UTC_TIME.fullmatch(bytes(buf[pos:end])) if end - pos <= 20 else None
    if match is None:
        raise DecodeError(DecodeError.BAD_VALUE, "not a UTCTime", pos)
    year, month, day, hour, minute, second, zone = match.groups()
    century = 1900 if int(year) >= 50 else 2000
    try:
        value = _civil_us(century + int(year), int(month), int(day), int(hour), int(minute), int(second or b"0"))
        return value - _offset_us(zone)
    except ValueError as error:
        raise DecodeError(DecodeError.BAD_VALUE, f"not a time: {error}", pos) from error


def encode_utc_time(time_us: int) -> bytes:
    """`YYMMDDhhmmssZ`; fractions are cut. Raises EncodeError outside 1950..2049."""
    text = encode_generalized_time(time_us)
    if not 1950 <= int(text[:4]) <= 2049:
        raise EncodeError(f"year {text[:4].decode()} does not fit a UTCTime")
    return text[2:14] + b"Z"


def time_text(time_us: int) -> str:
    """ISO 8601 UTC with microseconds, `2026-03-01T12:00:00.000000Z`; years outside 1..9999 as plain microseconds."""
    try:
        moment = _EPOCH + timedelta(microseconds=time_us)
    except OverflowError:
        return f"{time_us} us"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06}Z".rjust(27, "0")
