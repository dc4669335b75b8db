"""The quick walk over a record's octets: definite, minimal-looking, wholly described records, to the values of `table`.

Rules of this file. It answers only where it is sure: what it does not read in one way alone it leaves to the reference
walk of `asn1.table`, by the answer UNSURE. That is every error, every element that no row describes, indefinite
lengths, constructed strings, a field twice or missing, a number out of its range, text that is no ASCII, records above
64 KiB. What it does answer is what the reference answers for the same octets, to the last value; a property test holds
the one against the other. So it may be left out at any time, and nothing changes but the speed.

All of a record is read and checked, whether somebody asks for a field or not: framing, tags, forms, ranges, mandatory
fields, octets left over. `check` is the same walk without the values: it says whether `walk` is sure, and where those
fields lie that a plan of one's own marks. One source for two paths (ADR 0002, ADR 0026): `walk.pxd` types it for
Cython.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from asn1.errors import DecodeError, LocalError

if TYPE_CHECKING:
    from asn1 import plain as cython
else:
    try:
        import cython
    except ImportError:
        from asn1 import plain as cython

if not cython.compiled:
    _SEQUENCE, _CHOICE, _LIST, _INTEGER, _ENUMERATED, _OCTETS, _TEXT, _NULL, _BOOLEAN, _OTHER, _TREE = range(11)
    _UTC_TIME, _GENERALIZED_TIME, _IDENTIFIER = 11, 12, 13
    _MAX_DEPTH = 24
    _MAX_OCTETS = 65_535
    _NO_KEY = -1
    _MARKS = 16
    _LOW = -(1 << 63)
    _HIGH = (1 << 63) - 1

Value = Any
"""What a record means, as `asn1.table_types` says it."""

COMPILED: Final[bool] = cython.compiled

SEQUENCE: Final = 0
CHOICE: Final = 1
LIST: Final = 2
INTEGER: Final = 3
ENUMERATED: Final = 4
OCTETS: Final = 5
TEXT: Final = 6
NULL: Final = 7
BOOLEAN: Final = 8
OTHER: Final = 9
"""A primitive type with a reader of its own."""
TREE: Final = 10
"""Undescribed content."""
UTC_TIME: Final = 11
GENERALIZED_TIME: Final = 12
IDENTIFIER: Final = 13
"""An object identifier, with a reader of its own; it is the same in record after record, so the last one is known."""
MAX_OCTETS: Final = 65_535
"""Larger records are the reference's."""
KEYS: Final = 0x300
"""Tags below have a row by index: low numbers by their identifier, long ones of one octet behind 0x100 (`tag_key`)."""


class Unsure:
    """The one answer that is no value."""


UNSURE: Final = Unsure()
_UNSURE = UNSURE


class Plan:
    """A type, flat. `kind` is one of the above; of a SEQUENCE or CHOICE `rows` by key, of a LIST `rows` of its item.

    `tag` is the universal tag that a value of it has where it stands by itself, -1 for a CHOICE. `names` by number of
    an ENUMERATED; `low` and `high` of an INTEGER; `reader` of an OTHER or an
    IDENTIFIER: octets, start, end to a value, or a
    DecodeError.
    """

    def __init__(
        self,
        kind: int,
        tag: int,
        low: int = -(1 << 63),
        high: int = (1 << 63) - 1,
        names: dict[int, str] | None = None,
        reader: Callable[[bytes, int, int], Value] | None = None,
    ) -> None:
        self.kind = kind
        self.tag = tag
        self.low = max(low, _LOW)
        self.high = min(high, _HIGH)
        self.names: dict[int, str] = {} if names is None else names
        self.reader = reader
        self.last = b""
        self.last_value: Value = None
        self.rows: list[Row | None] = []
        self.mandatory = 0

    def set_rows(self, rows: dict[int, Row]) -> None:
        """By `tag_key`; rows with a key beyond KEYS are left to the reference."""
        table: list[Row | None] = [None] * (1 + max((key for key in rows if key < KEYS), default=-1))
        for key, row in rows.items():
            if key < KEYS:
                table[key] = row
        self.rows = table
        self.mandatory = len({row.name for row in rows.values() if row.mandatory})
        _count_off(rows)


class Row:
    """A field. `explicit`: its tag wraps a whole element. `whole`: an untagged CHOICE, with its alternatives' tags.
    `mark`: its place in the `Spans` of a check, -1 for none."""

    def __init__(self, name: str, plan: Plan, explicit: bool, whole: bool, mandatory: bool, mark: int = -1) -> None:
        self.name = name
        self.plan = plan
        self.explicit = explicit
        self.whole = whole
        self.mandatory = mandatory
        self.mark = mark
        self.bit = 0


def _count_off(rows: dict[int, Row]) -> None:
    """A bit for each field of a SEQUENCE. Beyond a machine word there is none: such a record is never checked without
    its values."""
    numbers: dict[str, int] = {}
    for row in rows.values():
        number = numbers.setdefault(row.name, len(numbers))
        row.bit = 1 << number if number < 62 else 0


class Spans:
    """Where marked fields lie, by mark: how many there were, and the content of the last, `start:end`."""

    def __init__(self) -> None:
        if not cython.compiled:
            self.count = [0] * _MARKS
            self.start = [0] * _MARKS
            self.end = [0] * _MARKS
        self.clear()

    def clear(self) -> None:
        for mark in range(_MARKS):
            self.count[mark] = 0

    def span(self, mark: int) -> tuple[int, int, int]:
        """Count, start and end."""
        return self.count[mark], self.start[mark], self.end[mark]


def marked(plan: Plan, paths: Mapping[tuple[str, ...], int]) -> Plan:
    """A plan with marks, 0..15, at fields that are named by the way to them; `plan` itself stays as it is. Raises
    LocalError for another mark."""
    if not all(0 <= mark < _MARKS for mark in paths.values()):
        raise LocalError(f"a mark is 0 to {_MARKS - 1}")
    own = Plan(plan.kind, plan.tag, plan.low, plan.high, plan.names, plan.reader)
    rows: dict[int, Row] = {}
    copies: dict[int, Row] = {}
    for key, row in enumerate(plan.rows):
        if row is None:
            continue
        below = {path[1:]: mark for path, mark in paths.items() if path[0] == row.name}
        if id(row) not in copies:
            inside = {path: mark for path, mark in below.items() if path}
            copies[id(row)] = Row(
                row.name, marked(row.plan, inside) if inside else row.plan, row.explicit, row.whole, row.mandatory,
                below.get((), -1),
            )  # fmt: skip
        rows[key] = copies[id(row)]
    own.set_rows(rows)
    return own


class Head:
    """Where the walk is: what the last identifier and length said. One a walk."""

    def __init__(self) -> None:
        self.first = 0
        self.key = 0
        self.content = 0
        self.end = 0


def walk(plan: Plan, octets: bytes) -> Value:
    """The value of exactly one whole element of `plan`, or UNSURE."""
    size = len(octets)
    if size > _MAX_OCTETS:
        return _UNSURE
    head = Head()
    if cython.compiled:  # noqa: SIM108  mypy passes over a branch, not over an expression
        buf = cython.cast("const unsigned char*", octets)
    else:
        buf = octets
    return _element(plan, buf, octets, 0, size, head, 0)


def _element(plan: Plan, buf: bytes, octets: bytes, pos: int, end: int, head: Head, depth: int) -> Value:
    """The element that fills `pos:end` and has the universal tag of `plan`, or is one of its alternatives."""
    if not _head(buf, pos, end, head) or head.end != end:
        return _UNSURE
    if plan.kind == _CHOICE:
        return _alternative(plan, buf, octets, pos, head, depth)
    if head.key != plan.tag:
        return _UNSURE
    return _value(plan, buf, octets, head.first, head.content, end, head, depth)


def _head(buf: bytes, pos: int, end: int, head: Head) -> bool:
    """Identifier and length at `pos`, whose content lies before `end`; False where they are not plain."""
    if end - pos < 2:
        return False
    first = buf[pos]
    key = first & 0x1F
    pos += 1
    if key == 0x1F:
        number = buf[pos]
        pos += 1
        if number < 0x1F or number >= 0x80 or pos >= end:
            return False
        key = 0x100 + (number << 2 | first >> 6)
    else:
        key = first & 0xDF
    length = buf[pos]
    pos += 1
    if length >= 0x80:
        count = length & 0x7F
        if count == 0 or count > 4 or count > end - pos:
            return False
        length = 0
        while count:
            length = length << 8 | buf[pos]
            pos += 1
            count -= 1
    if length > end - pos:
        return False
    head.first = first
    head.key = key
    head.content = pos
    head.end = pos + length
    return True


def _alternative(plan: Plan, buf: bytes, octets: bytes, pos: int, head: Head, depth: int) -> Value:
    """(name, value) of the alternative whose head has just been read."""
    if head.key >= len(plan.rows):
        return _UNSURE
    row = plan.rows[head.key]
    if row is None:
        return _UNSURE
    value = _field(row, buf, octets, pos, head, depth + 1)
    if value is _UNSURE:
        return _UNSURE
    return (row.name, value)


def _field(row: Row, buf: bytes, octets: bytes, pos: int, head: Head, depth: int) -> Value:
    """The value of the field whose head, at `pos`, has just been read."""
    if depth > _MAX_DEPTH:
        return _UNSURE
    if row.whole:
        return _alternative(row.plan, buf, octets, pos, head, depth)
    if row.explicit:
        if not head.first & 0x20:
            return _UNSURE
        return _element(row.plan, buf, octets, head.content, head.end, head, depth)
    return _value(row.plan, buf, octets, head.first, head.content, head.end, head, depth)


def _value(plan: Plan, buf: bytes, octets: bytes, first: int, pos: int, end: int, head: Head, depth: int) -> Value:
    """The value whose content is `pos:end`."""
    kind = plan.kind
    if first & 0x20:
        if kind == _SEQUENCE:
            return _sequence(plan, buf, octets, pos, end, head, depth)
        if kind == _LIST:
            return _list(plan, buf, octets, pos, end, head, depth)
        return _UNSURE
    if kind == _OCTETS:
        return buf[pos:end]
    if kind in (_INTEGER, _ENUMERATED):
        if end == pos or end - pos > 8:
            return _UNSURE
        number = number_at(buf, pos, end)
        if kind == _INTEGER:
            return number if plan.low <= number <= plan.high else _UNSURE
        return plan.names.get(number, number)
    if kind == _TEXT:
        at = pos
        while at < end:
            if buf[at] >= 0x80:
                return _UNSURE
            at += 1
        return buf[pos:end].decode("ascii")
    if kind == _NULL:
        return None if pos == end else _UNSURE
    if kind == _BOOLEAN:
        return buf[pos] != 0 if end - pos == 1 else _UNSURE
    if kind == _TREE:
        return buf[pos:end]
    if kind == _UTC_TIME:
        return _utc_time(buf, pos, end)
    if kind == _GENERALIZED_TIME:
        return _generalized_time(buf, pos, end)
    if kind == _IDENTIFIER:
        held = buf[pos:end]
        if not held or held != plan.last:
            if plan.reader is None:
                return _UNSURE
            try:
                plan.last_value = plan.reader(octets, pos, end)
            except DecodeError:
                plan.last = b""
                return _UNSURE
            plan.last = held
        return plan.last_value
    if kind == _OTHER and plan.reader is not None:
        try:
            return plan.reader(octets, pos, end)
        except DecodeError:
            return _UNSURE
    return _UNSURE


def _sequence(plan: Plan, buf: bytes, octets: bytes, pos: int, end: int, head: Head, depth: int) -> Value:
    out: dict[str, Value] = {}
    rows = plan.rows
    known = len(rows)
    missing = plan.mandatory
    while pos < end:
        if not _head(buf, pos, end, head) or head.key >= known:
            return _UNSURE
        row = rows[head.key]
        if row is None or row.name in out:
            return _UNSURE
        after = head.end
        value = _field(row, buf, octets, pos, head, depth + 1)
        if value is _UNSURE:
            return _UNSURE
        out[row.name] = value
        if row.mandatory:
            missing -= 1
        pos = after
    return _UNSURE if missing else out


def _list(plan: Plan, buf: bytes, octets: bytes, pos: int, end: int, head: Head, depth: int) -> Value:
    out: list[Value] = []
    rows = plan.rows
    known = len(rows)
    while pos < end:
        if not _head(buf, pos, end, head) or head.key >= known:
            return _UNSURE
        row = rows[head.key]
        if row is None:
            return _UNSURE
        after = head.end
        value = _field(row, buf, octets, pos, head, depth + 1)
        if value is _UNSURE:
            return _UNSURE
        out.append(value)
        pos = after
    return out


def check(plan: Plan, octets: bytes, spans: Spans) -> bool:
    """Whether `walk` answers a value; `spans` says where the marked fields are then."""
    size = len(octets)
    spans.clear()
    if size > _MAX_OCTETS:
        return False
    head = Head()
    if cython.compiled:  # noqa: SIM108  as above
        buf = cython.cast("const unsigned char*", octets)
    else:
        buf = octets
    return _check_element(plan, buf, octets, 0, size, head, spans, 0)


def _check_element(
    plan: Plan, buf: bytes, octets: bytes, pos: int, end: int, head: Head, spans: Spans, depth: int
) -> bool:
    if not _head(buf, pos, end, head) or head.end != end:
        return False
    if plan.kind == _CHOICE:
        return _check_alternative(plan, buf, octets, pos, head, spans, depth)
    if head.key != plan.tag:
        return False
    return _check_value(plan, buf, octets, head.first, head.content, end, head, spans, depth)


def _check_alternative(plan: Plan, buf: bytes, octets: bytes, pos: int, head: Head, spans: Spans, depth: int) -> bool:
    if head.key >= len(plan.rows):
        return False
    row = plan.rows[head.key]
    return row is not None and _check_field(row, buf, octets, pos, head, spans, depth + 1)


def _check_field(row: Row, buf: bytes, octets: bytes, pos: int, head: Head, spans: Spans, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        return False
    mark = row.mark
    if mark >= 0:
        spans.count[mark] += 1
        spans.start[mark] = head.content
        spans.end[mark] = head.end
    if row.whole:
        return _check_alternative(row.plan, buf, octets, pos, head, spans, depth)
    if row.explicit:
        if not head.first & 0x20:
            return False
        return _check_element(row.plan, buf, octets, head.content, head.end, head, spans, depth)
    return _check_value(row.plan, buf, octets, head.first, head.content, head.end, head, spans, depth)


def _check_value(
    plan: Plan, buf: bytes, octets: bytes, first: int, pos: int, end: int, head: Head, spans: Spans, depth: int
) -> bool:
    kind = plan.kind
    if first & 0x20:
        if kind == _SEQUENCE:
            return _check_sequence(plan, buf, octets, pos, end, head, spans, depth)
        if kind == _LIST:
            return _check_list(plan, buf, octets, pos, end, head, spans, depth)
        return False
    if kind in (_OCTETS, _TREE):
        return True
    if kind in (_INTEGER, _ENUMERATED):
        if end == pos or end - pos > 8:
            return False
        number = number_at(buf, pos, end)
        return kind == _ENUMERATED or plan.low <= number <= plan.high
    if kind == _TEXT:
        while pos < end:
            if buf[pos] >= 0x80:
                return False
            pos += 1
        return True
    return _value(plan, buf, octets, first, pos, end, head, depth) is not _UNSURE


def _check_sequence(
    plan: Plan, buf: bytes, octets: bytes, pos: int, end: int, head: Head, spans: Spans, depth: int
) -> bool:
    seen = 0
    rows = plan.rows
    known = len(rows)
    missing = plan.mandatory
    while pos < end:
        if not _head(buf, pos, end, head) or head.key >= known:
            return False
        row = rows[head.key]
        if row is None or not row.bit or seen & row.bit:
            return False
        after = head.end
        if not _check_field(row, buf, octets, pos, head, spans, depth + 1):
            return False
        seen |= row.bit
        if row.mandatory:
            missing -= 1
        pos = after
    return missing == 0


def _check_list(
    plan: Plan, buf: bytes, octets: bytes, pos: int, end: int, head: Head, spans: Spans, depth: int
) -> bool:
    rows = plan.rows
    known = len(rows)
    while pos < end:
        if not _head(buf, pos, end, head) or head.key >= known:
            return False
        row = rows[head.key]
        if row is None:
            return False
        after = head.end
        if not _check_field(row, buf, octets, pos, head, spans, depth + 1):
            return False
        pos = after
    return True


def number_at(buf: bytes, pos: int, end: int) -> int:
    """The INTEGER of one to eight octets at `pos:end`."""
    number = buf[pos]
    if number >= 0x80:
        number -= 0x100
    pos += 1
    while pos < end:
        number = number * 256 + buf[pos]
        pos += 1
    return number


def _two(buf: bytes, pos: int) -> int:
    """Two decimal digits; -1 where there are none."""
    high, low = buf[pos] - 48, buf[pos + 1] - 48
    if high < 0 or high > 9 or low < 0 or low > 9:
        return -1
    return 10 * high + low


def _civil_us(year: int, buf: bytes, pos: int) -> int:
    """Month, day, hour, minute and second at `pos` of a year 1..9999, as microseconds since 1970; -1 << 63 where they
    are no time, or one that only the reference reads (a leap second)."""
    return civil_us(
        year, _two(buf, pos), _two(buf, pos + 2), _two(buf, pos + 4), _two(buf, pos + 6), _two(buf, pos + 8)
    )


def civil_us(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """A time of a year 1..9999 as microseconds since 1970; -1 << 63 where a part of it is out of its range."""
    if month < 1 or month > 12 or day < 1 or hour < 0 or hour > 23:
        return _LOW
    if minute < 0 or minute > 59 or second < 0 or second > 59:
        return _LOW
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        last = 29 if leap else 28
    elif month == 4 or month == 6 or month == 9 or month == 11:
        last = 30
    else:
        last = 31
    if day > last:
        return _LOW
    # Days from the first of March of year 0, in the proleptic Gregorian calendar.
    shifted = year if month > 2 else year - 1
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + of_year - 719_468
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000


def _utc_time(buf: bytes, pos: int, end: int) -> Value:
    """YYMMDDhhmmssZ; other forms are the reference's."""
    if end - pos != 13 or buf[end - 1] != 0x5A:
        return _UNSURE
    year = _two(buf, pos)
    if year < 0:
        return _UNSURE
    time_us = _civil_us(year + (1900 if year >= 50 else 2000), buf, pos + 2)
    return _UNSURE if time_us == _LOW else time_us


def _generalized_time(buf: bytes, pos: int, end: int) -> Value:
    """YYYYMMDDhhmmss[.f…]Z with at most six digits of fraction; other forms are the reference's."""
    size = end - pos
    if size < 15 or size > 22 or size == 16 or buf[end - 1] != 0x5A:
        return _UNSURE
    century, year = _two(buf, pos), _two(buf, pos + 2)
    if century < 0 or year < 0 or 100 * century + year < 1:
        return _UNSURE
    time_us = _civil_us(100 * century + year, buf, pos + 4)
    if time_us == _LOW:
        return _UNSURE
    if size > 15:
        if buf[pos + 14] != 0x2E:
            return _UNSURE
        fraction, unit = 0, 1_000_000
        for at in range(pos + 15, end - 1):
            digit = buf[at] - 48
            if digit < 0 or digit > 9:
                return _UNSURE
            fraction = 10 * fraction + digit
            unit //= 10
        time_us += fraction * unit
    return time_us
