"""What the scan reads BER with: tags and lengths (X.690 clause 8.1), numbers, and both forms of time.

One source for two paths (ADR 0002): `scan_ber.pxd` types it for Cython. A function answers with a number >= 0, or with
minus a status, numbered 1 + index into `DecodeError.CODES`. The header of a TLV is answered packed: content octets << 8
| 0x80 when the length is indefinite | header octets. Nothing is read at or beyond `end`, and nothing recurses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if cython.compiled:
    from cython.cimports.libc.string import memcmp
else:
    # The same constants as in scan_ber.pxd, where the compiler needs them; a test compares the two.
    _TRUNCATED, _OVERSIZED, _BAD_LENGTH, _BAD_TAG, _BAD_VALUE = 1, 2, 3, 4, 5
    _MISSING_FIELD, _TOO_DEEP, _TOO_MANY, _WRONG_DIALECT = 6, 7, 8, 9
    _MAX_LENGTH = 2_000_000_000
    _MAX_DEPTH = 32
    _MAX_SECONDS = 4_000_000_000_000
    _NO_TIME = -(1 << 63)

COMPILED: Final[bool] = cython.compiled

MAX_LENGTH: Final = 2_000_000_000
"""Octets. A record that claims more has lost its framing: nothing legitimate is near, and lengths stay 32-bit."""
MAX_DEPTH: Final = 32
"""Indefinite lengths nested in one another; the deepest record of the standards needs about 15."""
MAX_SECONDS: Final = 4_000_000_000_000
"""Seconds since 1970 that are still a time: in microseconds they stay below 2**62, so differences cannot overflow."""


def length_at(data: memoryview, pos: int, end: int) -> int:
    """The length octets at `pos`, packed as a TLV header without its tag. Up to eight of them, padded or not."""
    if pos >= end:
        return -_TRUNCATED
    first = data[pos]
    if first < 0x80:
        return first << 8 | 1
    if first == 0x80:
        return 0x81
    count = first & 0x7F
    if count > 8:
        return -_BAD_LENGTH
    if pos + count >= end:
        return -_TRUNCATED
    value = 0
    for at in range(pos + 1, pos + 1 + count):
        # Octets that would leave the range are caught before the shift, so the compiled path cannot overflow.
        if value > _MAX_LENGTH:
            return -_BAD_LENGTH
        value = value << 8 | data[at]
    if value > _MAX_LENGTH:
        return -_BAD_LENGTH
    return value << 8 | 1 + count


def _identifier(data: memoryview, pos: int, end: int) -> int:
    """How many octets the tag at `pos` has: one, or up to five in the high-number form."""
    if data[pos] & 0x1F != 0x1F:
        return 1
    for at in range(pos + 1, pos + 5):
        if at >= end:
            return -_TRUNCATED
        if data[at] < 0x80:
            return at + 1 - pos
    return -_BAD_TAG


def end_of_contents(data: memoryview, pos: int, end: int) -> int:
    """Where the two end-of-contents octets are that close the indefinite length whose contents start at `pos`."""
    depth = 0
    while True:
        if pos + 2 > end:
            return -_TRUNCATED
        tag = data[pos]
        if tag == 0:
            if data[pos + 1] != 0:
                return -_BAD_LENGTH
            if depth == 0:
                return pos
            depth -= 1
            pos += 2
            continue
        count = _identifier(data, pos, end)
        if count < 0:
            return count
        head = length_at(data, pos + count, end)
        if head < 0:
            return head
        pos += count + (head & 0x7F)
        if head & 0x80:
            if not tag & 0x20:
                return -_BAD_LENGTH
            depth += 1
            if depth >= _MAX_DEPTH:
                return -_TOO_DEEP
        else:
            pos += head >> 8


def head_at(data: memoryview, pos: int, end: int) -> int:
    """The TLV header at `pos`; the TLV ends at or before `end` (after its end of contents, if it has one)."""
    if pos + 2 <= end:
        first = data[pos + 1]
        if first < 0x80 and data[pos] & 0x1F != 0x1F:
            return first << 8 | 2 if first <= end - pos - 2 else -_BAD_LENGTH
    return _long_head(data, pos, end)


def _long_head(data: memoryview, pos: int, end: int) -> int:
    if pos >= end:
        return -_TRUNCATED
    count = _identifier(data, pos, end)
    if count < 0:
        return count
    head = length_at(data, pos + count, end)
    if head < 0:
        return head
    octets = count + (head & 0x7F)
    if head & 0x80:
        if not data[pos] & 0x20:
            return -_BAD_LENGTH
        close = end_of_contents(data, pos + octets, end)
        if close < 0:
            return close
        return close - pos - octets << 8 | 0x80 | octets
    if head >> 8 > end - pos - octets:
        return -_BAD_LENGTH
    return (head >> 8) << 8 | octets


def unsigned_at(data: memoryview, pos: int, end: int, most: int) -> int:
    """INTEGER or ENUMERATED 0..most, with leading zero octets if need be."""
    if pos >= end or end - pos > 8 or data[pos] >= 0x80:
        return -_BAD_VALUE
    if cython.compiled:
        value = 0
        for at in range(pos, end):
            value = value << 8 | data[at]
    else:
        value = int.from_bytes(data[pos:end], "big")
    return value if value <= most else -_BAD_VALUE


def same(data: memoryview, one: int, other: int, octets: int) -> bool:
    if cython.compiled:
        return memcmp(data + one, data + other, octets) == 0
    else:
        return data[one : one + octets] == data[other : other + octets]


def microseconds_at(data: memoryview, pos: int, end: int) -> int:
    """MicroSecondTimeStamp: seconds [0], microSeconds [1], both mandatory."""
    seconds = -1
    micros = -1
    while pos < end:
        tag = data[pos]
        head = head_at(data, pos, end)
        if head < 0:
            return head
        at = pos + (head & 0x7F)
        stop = at + (head >> 8)
        if tag == 0x80:
            if seconds >= 0:
                return -_BAD_TAG
            seconds = unsigned_at(data, at, stop, _MAX_SECONDS)
            if seconds < 0:
                return seconds
        elif tag == 0x81:
            if micros >= 0:
                return -_BAD_TAG
            micros = unsigned_at(data, at, stop, 999_999)
            if micros < 0:
                return micros
        elif tag == 0xA0 or tag == 0xA1:
            return -_BAD_TAG
        pos = stop + ((head >> 6) & 2)
    if seconds < 0 or micros < 0:
        return -_MISSING_FIELD
    return seconds * 1_000_000 + micros


def _digits(data: memoryview, pos: int, count: int) -> int:
    value = 0
    for at in range(pos, pos + count):
        if not 0x30 <= data[at] <= 0x39:
            return -1
        value = value * 10 + data[at] - 0x30
    return value


def generalized_at(data: memoryview, pos: int, end: int) -> int:
    """GeneralizedTime `YYYYMMDDhhmmss[.f…](Z|±hhmm|±hh)`, X.680 clause 46; NO_TIME when it is not one.

    A time without a zone says when only to its sender, so it is none. Digits beyond microseconds are cut off.
    """
    if not 15 <= end - pos <= 40:
        return _NO_TIME
    year, month, day = _digits(data, pos, 4), _digits(data, pos + 4, 2), _digits(data, pos + 6, 2)
    hour, minute, second = _digits(data, pos + 8, 2), _digits(data, pos + 10, 2), _digits(data, pos + 12, 2)
    if year < 1970 or not 1 <= month <= 12 or not 0 <= hour <= 23 or not 0 <= minute <= 59 or not 0 <= second <= 59:
        return _NO_TIME
    most = 31
    if month == 4 or month == 6 or month == 9 or month == 11:
        most = 30
    elif month == 2:
        most = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    if not 1 <= day <= most:
        return _NO_TIME
    pos += 14
    micros = 0
    if data[pos] == 0x2E or data[pos] == 0x2C:
        pos += 1
        scale = 100_000
        first = pos
        while pos < end and 0x30 <= data[pos] <= 0x39:
            micros += (data[pos] - 0x30) * scale
            scale //= 10
            pos += 1
        if pos in (first, end):
            return _NO_TIME
    shift = 0
    if data[pos] == 0x5A:
        if end - pos != 1:
            return _NO_TIME
    elif data[pos] == 0x2B or data[pos] == 0x2D:
        if end - pos != 5 and end - pos != 3:
            return _NO_TIME
        hours = _digits(data, pos + 1, 2)
        minutes = _digits(data, pos + 3, 2) if end - pos == 5 else 0
        if not 0 <= hours <= 23 or not 0 <= minutes <= 59:
            return _NO_TIME
        shift = hours * 60 + minutes
        if data[pos] == 0x2D:
            shift = -shift
    else:
        return _NO_TIME
    # Days since 1970 with March as the first month, so that the leap day ends the year.
    moved = year if month > 2 else year - 1
    index = (month + 9) % 12
    days = moved * 365 + moved // 4 - moved // 100 + moved // 400 + (153 * index + 2) // 5 + day - 719_469
    return (((days * 24 + hour) * 60 + minute - shift) * 60 + second) * 1_000_000 + micros
